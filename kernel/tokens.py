"""Tokens: the market token that a caller shows, and the call token that one service shows another."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from kernel.callers import Caller
from kernel.ids import new_id
from kernel.refusals import Unidentified
from kernel.secret_files import made_once
from kernel.signatures import Opened, SignatureInvalid, key_from, new_key, private_bytes, public_jwk, sign_compact

ISSUER = "yaosu:onboarding"
AUDIENCE = "yaosu"
MARKET_TOKEN_SECONDS_MAX = 600
CALL_TOKEN_SECONDS = 60
LEEWAY_SECONDS = 5
_REMEMBERED_TOKENS = 4096
_REFETCH_SECONDS = 1.0


class TokenMissing(Unidentified):
    """This needs a market token. Log in at onboarding and send `Authorization: Bearer <access token>`."""

    zh = "此操作需要市场令牌。请先登录，并在请求头中携带 Authorization: Bearer <访问令牌>。"


class TokenInvalid(Unidentified):
    """The token is not one of this market, or its time is over. Log in again, or renew the session."""

    zh = "令牌不属于本市场或已过期。请重新登录或续期会话。"


class CallerNotCertified(Unidentified):
    """The call's token names another service than the connection's certificate. Show the certificate of who calls."""

    zh = "调用令牌所载服务与连接证书不符。请使用调用方自身的证书。"


def market_token(caller: Caller, key: OKPKey, kid: str, *, seconds: int = MARKET_TOKEN_SECONDS_MAX) -> str:
    """A signed market token for the caller, from onboarding's signing key."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": caller.subject_id, "party": caller.party_id,
        "roles": sorted(caller.roles), "sid": caller.session_id, "iat": now,
        "exp": now + min(seconds, MARKET_TOKEN_SECONDS_MAX), "jti": new_id("tok"),
    }  # fmt: skip
    return sign_compact(_written(claims), key, kid, "at+jwt")


class TokenVerifier:
    """Checks market tokens against onboarding's published keys; ``fetch`` gives the JWK set."""

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self.fetch = fetch
        self._keys: dict[str, OKPKey] = {}
        self._fetched_at = -_REFETCH_SECONDS
        self._turn = asyncio.Lock()
        self._known: OrderedDict[str, tuple[Caller, int]] = OrderedDict()

    async def caller_of(self, token: str) -> Caller:
        """The caller the token names; refused unless ours, of the right type and in time."""
        known = self._known.get(token)
        if known is None:
            known = await self._verify(token)
            self._known[token] = known
            if len(self._known) > _REMEMBERED_TOKENS:
                self._known.popitem(last=False)
        caller, expires_at = known
        if expires_at + LEEWAY_SECONDS < time.time():
            self._known.pop(token, None)
            raise TokenInvalid
        return caller

    async def _verify(self, token: str) -> tuple[Caller, int]:
        opened = _opened(token)
        claims = _claims(opened, await self._key(opened), "at+jwt")
        lifetime = claims.get("exp", 0) - claims.get("iat", 0)
        if claims.get("iss") != ISSUER or claims.get("aud") != AUDIENCE or not 0 < lifetime <= MARKET_TOKEN_SECONDS_MAX:
            raise TokenInvalid
        try:
            caller = Caller(claims["party"], claims["sub"], frozenset(claims["roles"]), claims.get("sid", ""))
        except (KeyError, TypeError) as error:
            raise TokenInvalid from error
        return caller, int(claims["exp"])

    async def _key(self, opened: Opened) -> OKPKey:
        kid = str(opened.header.get("kid"))
        asked_at = time.monotonic()
        if kid not in self._keys:
            async with self._turn:
                # A key may be newer than our set: whoever waited while the set was fetched anew need not fetch again.
                if kid not in self._keys and self._fetched_at < asked_at:
                    await asyncio.sleep(self._fetched_at + _REFETCH_SECONDS - asked_at)
                    await self._refetch()
        key = self._keys.get(kid)
        if key is None:
            raise TokenInvalid
        return key

    async def _refetch(self) -> None:
        began_at = time.monotonic()
        jwks = await self.fetch()
        self._keys = {jwk["kid"]: key_from(jwk) for jwk in jwks["keys"]}
        self._fetched_at = began_at
        self._known.clear()


def _written(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims, separators=(",", ":")).encode()


def _opened(token: str) -> Opened:
    try:
        return Opened.read(token)
    except SignatureInvalid as error:
        raise TokenInvalid from error


def _claims(opened: Opened, key: OKPKey, typ: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = json.loads(opened.verified(key, typ))
        now = time.time()
        if not claims["iat"] - LEEWAY_SECONDS <= now <= claims["exp"] + LEEWAY_SECONDS:
            raise TokenInvalid
    except (SignatureInvalid, ValueError, KeyError, TypeError) as error:
        raise TokenInvalid from error
    return claims


@dataclass(frozen=True)
class CallingService:
    """Which service calls, and for whom (the original caller, when there is one)."""

    name: str
    subject: Caller | None


class ServiceKeys:
    """Each service's key for call tokens: its own private half, and the public halves of all, in one folder."""

    def __init__(self, folder: Path, service: str) -> None:
        self._folder, self._service = folder, service
        self._public: dict[str, OKPKey] = {}
        self._own = self._open_own()

    def _open_own(self) -> OKPKey:
        key = key_from(made_once(self._folder / f"{self._service}.private.jwk", lambda: private_bytes(new_key())))
        made_once(self._folder / f"{self._service}.public.jwk", lambda: json.dumps(public_jwk(key)).encode())
        return key

    def call_token(self, callee: str, method: str, request_sha256: str, subject: Caller | None) -> str:
        """A token for one request to one method of one callee, for at most a minute."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self._service, "aud": callee, "method": method, "request": request_sha256,
                                  "iat": now, "exp": now + CALL_TOKEN_SECONDS}  # fmt: skip
        if subject is not None:
            claims["subject"] = {"party": subject.party_id, "sub": subject.subject_id, "roles": sorted(subject.roles)}
        return sign_compact(_written(claims), self._own, self._service, "call+jwt")

    def calling(
        self, token: str, method: str, request_sha256: str, certified: frozenset[str] | None = None
    ) -> CallingService:
        """Who calls; refused unless the token is for us, this method and this request, and signed by whom it names.

        ``certified``: the names in the certificate that the connection showed, where it had to show one.
        """
        opened = _opened(token)
        caller = str(opened.header.get("kid"))
        if certified is not None and caller not in certified:
            raise CallerNotCertified
        claims = _claims(opened, self._key_of(caller), "call+jwt")
        meant = tuple(claims.get(name) for name in ("iss", "aud", "method", "request"))
        if meant != (caller, self._service, method, request_sha256):
            raise TokenInvalid
        if not 0 < claims["exp"] - claims["iat"] <= CALL_TOKEN_SECONDS:
            raise TokenInvalid
        subject = claims.get("subject")
        if subject is None:
            return CallingService(caller, None)
        return CallingService(caller, Caller(subject["party"], subject["sub"], frozenset(subject["roles"])))

    def _key_of(self, service: str) -> OKPKey:
        if service not in self._public:
            path = self._folder / f"{service}.public.jwk"
            if not service.isalpha() or not path.exists():
                raise TokenInvalid
            self._public[service] = key_from(path.read_bytes())
        return self._public[service]
