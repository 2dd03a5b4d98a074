"""What clients asked and heard: every request with a key is written down before it leaves and after it is answered."""

import base64
import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

Json = Any  # a JSON value, as the API returned it
OK, FAIL, UNKNOWN = "ok", "fail", "unknown"


@dataclass
class Asked:
    """One key of one person or machine of a party, and all that was heard of it."""

    who: str
    method: str
    path: str
    key: str
    body: bytes | None  # none: it was a stream, which cannot be asked again
    headers: dict[str, str]
    heard: list[tuple[str, int, Json]] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """The last that is known of it."""
        known = [what for what, _, _ in self.heard if what != UNKNOWN]
        return known[-1] if known else UNKNOWN

    @property
    def answer(self) -> tuple[int, Json] | None:
        """The known answer."""
        known = [(status, body) for what, status, body in self.heard if what != UNKNOWN]
        return known[-1] if known else None

    @property
    def continues_at(self) -> str:
        """Where an interrupted request said that its outcome can be read; empty when it said nothing."""
        told = [body["resource"] for _, _, body in self.heard if isinstance(body, dict) and body.get("resource")]
        return str(told[-1]) if told else ""


class History:
    """All keys of a run, in memory and in one file for each client."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.asked: dict[tuple[str, str, str, str], Asked] = {}

    def invoked(self, request: httpx.Request, key: str) -> Asked:
        """It is about to leave."""
        path, who = request.url.raw_path.decode(), who_asks(request.headers.get("authorization", ""))
        # The body is at hand unless it is a stream.
        body = request.content if isinstance(request.stream, httpx.ByteStream) else None
        headers = {name: request.headers[name] for name in ("content-type",) if name in request.headers}
        fresh = Asked(who, request.method, path, key, body, headers)
        asked = self.asked.setdefault((who, request.method, path, key), fresh)
        self._write(who, {"what": "invoke", "method": request.method, "path": path, "key": key,
                            "sha256": sha256(body or b"").hexdigest()})  # fmt: skip
        return asked

    def answered(self, asked: Asked, status: int, body: bytes) -> None:
        """It was answered; whether that is an outcome, the status tells."""
        try:
            told = json.loads(body)
        except ValueError:
            told = sha256(body).hexdigest()
        what = _meaning(status, told)
        asked.heard.append((what, status, told))
        self._write(asked.who, {"what": what, "key": asked.key, "path": asked.path, "status": status, "body": told})

    def lost(self, asked: Asked, error: BaseException) -> None:
        """Nobody knows what became of it."""
        asked.heard.append((UNKNOWN, 0, None))
        self._write(asked.who, {"what": UNKNOWN, "key": asked.key, "path": asked.path, "why": type(error).__name__})

    def _write(self, who: str, line: dict[str, Json]) -> None:
        with (self._folder / f"{who or 'nobody'}.jsonl").open("a") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def count(self, outcome: str) -> int:
        """How many keys ended so."""
        return sum(asked.outcome == outcome for asked in self.asked.values())

    @property
    def once_unknown(self) -> int:
        """How many keys were at some time in the dark."""
        return sum(any(what == UNKNOWN for what, _, _ in asked.heard) for asked in self.asked.values())


def _meaning(status: int, told: Json) -> str:
    if httpx.codes.is_success(status):
        return OK
    unfinished = isinstance(told, dict) and told.get("reason") == "KeyUnfinished"
    away = status in {401, 429} or status >= httpx.codes.INTERNAL_SERVER_ERROR
    return UNKNOWN if unfinished or away else FAIL


def who_asks(authorization: str) -> str:
    """Party and subject that a bearer token names; the token is not checked here."""
    parts = authorization.partition(" ")[2].split(".")
    if len(parts) != 3:
        return ""
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return f"{claims.get('party', '')}.{claims.get('sub', '')}"


class Remembering(httpx.AsyncBaseTransport):
    """A way to the market that writes the history."""

    def __init__(self, inner: httpx.AsyncBaseTransport, history: History) -> None:
        self._inner, self._history = inner, history

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on; the answer is read whole, so that what was heard is what was written down."""
        key = request.headers.get("idempotency-key")
        if not key:
            return await self._inner.handle_async_request(request)
        asked = self._history.invoked(request, key)
        try:
            response = await self._inner.handle_async_request(request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            body = b"".join([piece async for piece in response.stream])
            await response.aclose()
        except BaseException as error:
            self._history.lost(asked, error)
            raise
        self._history.answered(asked, response.status_code, body)
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
