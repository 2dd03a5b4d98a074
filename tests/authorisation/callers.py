"""Every kind of caller: nobody, those whose token is none, and a member of each role."""

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from kernel.callers import Caller
from kernel.signatures import ALGORITHM, new_key, public_jwk
from kernel.tokens import AUDIENCE, ISSUER, market_token
from onboarding.domain.roles import ADMIN, ROLES_OF_KIND

ROLES = frozenset({ADMIN}).union(*ROLES_OF_KIND.values())
STRANGER = "pty_0stranger0party0that0nobody0"
KID = "authorisation"


class Callers:
    """Tokens of a market whose keys we hold."""

    def __init__(self) -> None:
        self._key, self._other_key = new_key(), new_key()

    async def jwks(self) -> dict[str, Any]:
        """What onboarding would publish."""
        return {"keys": [{**public_jwk(self._key), "kid": KID}]}

    def member(self, party_id: str, *roles: str, subject_id: str = "") -> str:
        """A good token."""
        return market_token(Caller(party_id, subject_id or f"{party_id}-person", frozenset(roles)), self._key, KID)

    def strangers(self) -> dict[str, str]:
        """A member of each role, whose party has nothing here."""
        return {role: self.member(STRANGER, role) for role in sorted(ROLES)}

    def pretenders(self) -> dict[str, str]:
        """Whoever shows what is no token of this market, each with every role there is."""
        everything = frozenset(ROLES)
        good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "somebody", "party": STRANGER, "roles": sorted(everything)}
        return {
            "nobody": "",
            "not a token": "not-a-token",
            "unsigned": _unsigned(self.member(STRANGER, *everything)),
            "signed by another key": market_token(Caller(STRANGER, "somebody", everything), self._other_key, KID),
            "expired": self._signed(good, seconds=-60),
            "for too long": self._signed(good, seconds=86_400),
            "for another audience": self._signed({**good, "aud": "elsewhere"}),
            "of another issuer": self._signed({**good, "iss": "elsewhere"}),
            "of another type": self._signed(good, typ="call+jwt"),
        }

    def _signed(self, claims: dict[str, Any], *, seconds: int = 60, typ: str = "at+jwt") -> str:
        now = int(time.time())
        whole = {**claims, "sid": "", "iat": now - 120 if seconds < 0 else now, "exp": now + seconds, "jti": "tok_1"}
        return _encoded(whole, self._key, typ)


def _encoded(claims: dict[str, Any], key: OKPKey, typ: str) -> str:
    header = {"alg": ALGORITHM, "typ": typ, "kid": KID}
    return jwt.encode(header, claims, key, registry=JWSRegistry(algorithms=[ALGORITHM]))


def _unsigned(token: str) -> str:
    return token.rpartition(".")[0] + "."
