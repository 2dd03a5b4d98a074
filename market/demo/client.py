"""A party's way to the market: HTTP with its own token, keys that make each request safe to repeat, and patience."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

from kernel.signatures import new_key, public_jwk, sign_compact

Json = Any  # a JSON value, as the API returned it
PATIENCE_SECONDS = 120.0
RETRY_SECONDS = 0.1
TOKEN_SECONDS = 480.0
_AWAY = (httpx.TransportError,)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """The API refused; ``problem`` is its RFC 9457 document."""

    def __init__(self, problem: Json, request: str) -> None:
        super().__init__(f"{request}: {problem.get('title')} ({problem.get('type')}) {problem}")
        self.problem = problem

    @property
    def type(self) -> str:
        """The problem type."""
        return str(self.problem.get("type"))


class Door:
    """The market's HTTP address; waits while the market is away, and then repeats the same request."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(
        self, method: str, path: str, *, token: str = "", key: str = "", json: Json = None, content: Any = None,
        headers: dict[str, str] | None = None, raw: bool = False,
    ) -> Any:  # fmt: skip
        """The JSON answer (``raw``: the bytes); a refusal is raised as ``Refused``.

        ``content``: a function giving a fresh byte stream, so that it can be sent again.
        """
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._http.request(
                    method, path, json=json, content=content() if content else None, headers=headers
                )
            except _AWAY:
                if time.monotonic() > ends_at:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
                continue
            problem = _problem(answer)
            if problem is None:
                return answer.content if raw else answer.json() if answer.content else None
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and time.monotonic() < ends_at:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if problem.get("reason") == "KeyUnfinished" and time.monotonic() < ends_at:
                await asyncio.sleep(RETRY_SECONDS)
                if problem.get("resource"):
                    return await self._ended(problem["resource"], token, ends_at)
                continue
            raise Refused(problem, f"{method} {path}")

    async def _ended(self, resource: str, token: str, ends_at: float) -> Json:
        """What became of a request whose first attempt was interrupted: read it until it rests."""
        while True:
            found = await self.ask("GET", resource, token=token)
            if not str(found.get("state", "")).endswith("ING") or time.monotonic() > ends_at:
                if found.get("state") == "REFUSED" and found.get("refusal"):
                    raise Refused(_as_problem(found["refusal"]), resource)
                return found
            await asyncio.sleep(RETRY_SECONDS)


def _problem(answer: httpx.Response) -> Json:
    if answer.is_success:
        return None
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    return problem if isinstance(problem, dict) else {"title": answer.reason_phrase}


def _as_problem(refusal: Json) -> Json:
    reason = str(refusal.get("reason", ""))
    slug = "".join(f"-{c.lower()}" if c.isupper() else c for c in reason).lstrip("-")
    return {"type": f"/problems/{slug}", **refusal}


class Actor:
    """One person or machine of one party. Its token is fetched anew before it runs out."""

    def __init__(self, door: Door, name: str, log_in: Callable[[], Awaitable[str]]) -> None:
        self.door, self.name = door, name
        self._log_in = log_in
        self._token, self._token_at = "", 0.0
        self.patience_seconds = PATIENCE_SECONDS
        self.party_id = ""
        self.key = new_key()
        self.key_id = ""
        self.jwk = public_jwk(self.key)

    async def token(self) -> str:
        """A token that is good for a while."""
        if not self._token or time.monotonic() - self._token_at > TOKEN_SECONDS:
            self._token, self._token_at = await self._log_in(), time.monotonic()
        return self._token

    def forget_token(self) -> None:
        """Log in again at the next request, e.g. after new roles were given."""
        self._token = ""

    async def get(self, path: str, *, raw: bool = False) -> Any:
        """Read."""
        return await self.door.ask("GET", path, token=await self.token(), raw=raw)

    async def post(self, path: str, json: Json = None, *, key: str = "") -> Json:
        """Do something, once."""
        key = key or secrets.token_hex(16)
        return await self.door.ask(
            "POST", path, token=await self.token(), key=key, json=json if json is not None else {}
        )

    async def put(self, path: str, json: Json) -> Json:
        """Set something, once."""
        return await self.door.ask("PUT", path, token=await self.token(), key=secrets.token_hex(16), json=json)

    async def upload(self, path: str, read: Callable[[], AsyncIterator[bytes]], size: int, media_type: str) -> Json:
        """Send bytes in a stream."""
        headers = {"Content-Length": str(size), "Content-Type": media_type}
        return await self.door.ask(
            "PUT", path, token=await self.token(), key=secrets.token_hex(16), content=read, headers=headers
        )

    def sign(self, payload: bytes, typ: str) -> str:
        """A compact JWS by the party's registered key."""
        return sign_compact(payload, self.key, self.key_id, typ)

    async def until(self, path: str, field: str, *wanted: Any) -> Json:
        """Read until the field has one of the values wanted, for as long as the actor's patience lasts."""
        ends_at = time.monotonic() + self.patience_seconds
        while True:
            found = await self.get(path)
            if found.get(field) in wanted:
                return found
            if time.monotonic() > ends_at:
                message = f"{path}: {field} stays {found.get(field)}, wanted {wanted}: {found}"
                raise TimeoutError(message)
            await asyncio.sleep(RETRY_SECONDS)
