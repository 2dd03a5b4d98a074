"""An OpenID Connect provider: its published keys, fetched over HTTP and kept for a while, and its tokens, verified."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, extract_compact

from onboarding.domain.doors import ProviderAway, ProviderTokenRefused
from onboarding.domain.outside_identity import ProvenSubject, TokenRules, check_claims, check_header

Key = RSAKey | ECKey | OKPKey
# Which kind of key each algorithm takes. Shared secrets and "none" are not among them.
KEYS_OF: Mapping[str, tuple[type[RSAKey] | type[ECKey] | type[OKPKey], str]] = {
    "RS256": (RSAKey, "RSA"), "PS256": (RSAKey, "RSA"), "ES256": (ECKey, "EC"), "Ed25519": (OKPKey, "OKP"),
    "EdDSA": (OKPKey, "OKP"),
}  # fmt: skip
KEPT_SECONDS = 600.0
REFETCH_SECONDS = 10.0
FETCH_SECONDS_MAX = 5.0
DOCUMENT_BYTES_MAX = 256 * 1024
TOKEN_CHARACTERS_MAX = 16 * 1024
KEYS_MAX = 32
RSA_BITS_MIN = 2048
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DISCOVERY = "/.well-known/openid-configuration"
log = structlog.get_logger()


@dataclass(frozen=True)
class _Kept:
    """The provider's keys as they were then, by the monotonic clock."""

    keys: Mapping[str, Key]
    fetched_at: float


class OidcProvider:
    """The one provider that the market trusts; issuer, audience, algorithm and type are settings, never the token's."""

    def __init__(self, rules: TokenRules, jwks_url: str = "") -> None:
        self._rules, self._jwks_url = rules, jwks_url
        self._registry = JWSRegistry(algorithms=[rules.algorithm])
        self._kept: _Kept | None = None
        self._tried_at = float("-inf")
        self._turn = asyncio.Lock()

    @property
    def issuer(self) -> str:
        """Whose subjects may be bound."""
        return self._rules.issuer

    async def prove(self, token: str) -> ProvenSubject:
        """Whom the token proves. Refused with what is wrong; ``ProviderAway`` when the keys cannot be had."""
        kid = check_header(_header(token), self._rules)
        key = await self._key(kid)
        try:
            claims = jwt.decode(token, key, registry=self._registry).claims
        except (JoseError, ValueError) as error:
            raise ProviderTokenRefused(problem="signature") from error
        return check_claims(claims, self._rules, now_seconds=time.time())

    async def _key(self, kid: str) -> Key:
        """The key of this id. An unknown id may be a new key: the set is fetched again, not with every such token."""
        kept = await self._keys(renew=False)
        if kid not in kept.keys and time.monotonic() - self._tried_at >= REFETCH_SECONDS:
            kept = await self._keys(renew=True)
        if kid not in kept.keys:
            raise ProviderTokenRefused(problem="key_unknown")
        return kept.keys[kid]

    async def _keys(self, *, renew: bool) -> _Kept:
        asked_at = time.monotonic()
        async with self._turn:
            kept, now = self._kept, time.monotonic()
            if kept is not None and now - kept.fetched_at < KEPT_SECONDS and not (renew and self._tried_at < asked_at):
                return kept
            self._tried_at = now
            self._kept = _Kept(_usable(await self._fetched(), self._rules.algorithm), now)
            return self._kept

    async def _fetched(self) -> Any:  # Any: the provider's JSON
        url = self._jwks_url
        if not url:
            found = await _document(self._rules.issuer.rstrip("/") + DISCOVERY)
            if found.get("issuer") != self._rules.issuer:
                raise ProviderAway
            url = str(found.get("jwks_uri", ""))
        return (await _document(url)).get("keys")


async def _document(url: str) -> dict[str, Any]:  # Any: the provider's JSON
    """A JSON object; ``ProviderAway`` whatever stands in the way. Follows no redirect, reads no more than it must."""
    import httpx  # noqa: PLC0415 - a market without a provider starts without an HTTP client

    place = urlsplit(url)
    if place.scheme != "https" and not (place.scheme == "http" and place.hostname in LOOPBACK):
        log.error("identity provider's address is not https", url=url)
        raise ProviderAway
    read = bytearray()
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS_MAX),
            httpx.AsyncClient(timeout=FETCH_SECONDS_MAX, follow_redirects=False) as http,
            http.stream("GET", url, headers={"Accept": "application/json"}) as answer,
        ):
            answer.raise_for_status()
            if answer.is_redirect:
                raise ProviderAway
            async for piece in answer.aiter_bytes():
                read += piece
                if len(read) > DOCUMENT_BYTES_MAX:
                    raise ProviderAway
        document = json.loads(read)
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        log.warning("identity provider away", url=url, error=str(error))
        raise ProviderAway from error
    if not isinstance(document, dict):
        raise ProviderAway
    return document


def _usable(published: Any, algorithm: str) -> dict[str, Key]:  # Any: the provider's JSON
    """The keys that may sign with the algorithm, by their ids; all others are as if they were not there."""
    kind, kty = KEYS_OF[algorithm]
    keys: dict[str, Key] = {}
    for jwk in (published if isinstance(published, list) else [])[:KEYS_MAX]:
        if not isinstance(jwk, dict) or jwk.get("kty") != kty or jwk.get("use", "sig") != "sig":
            continue
        if jwk.get("alg", algorithm) != algorithm or not isinstance(jwk.get("kid"), str):
            continue
        try:
            key = kind.import_key({name: value for name, value in jwk.items() if name not in {"x5c", "x5t", "key_ops"}})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if not isinstance(key, RSAKey) or key.raw_value.key_size >= RSA_BITS_MIN:
            keys[jwk["kid"]] = key
    return keys


def _header(token: str) -> Mapping[str, object]:
    try:
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise ProviderTokenRefused(problem="malformed")
        return extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, UnicodeError) as error:
        raise ProviderTokenRefused(problem="malformed") from error
