"""A party's public key, with the proof that the party holds the private half."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.ids import new_id
from kernel.signatures import header_of, key_from, public_jwk, verify_compact
from onboarding.domain.doors import KeyNotInUse, PrivateKeySent, ProofMismatch

KEYS_IN_USE_MAX = 16
PROOF_TYPE = "key-proof+jws"
_KEY_ID = re.compile(r"key_[0-9a-z]{1,40}")
_PUBLIC_MEMBERS = ("crv", "kty", "x")  # the order that RFC 7638 hashes them in
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth", "priv"})


@dataclass
class PartyKey:
    """A public Ed25519 key that stands for a party while it is in use."""

    id: str
    party_id: str
    jwk: dict[str, str]
    thumbprint: str
    valid_from_at: datetime
    valid_until_at: datetime | None = None

    @classmethod
    def register(cls, party_id: str, jwk: Mapping[str, object], *, at: datetime) -> "PartyKey":
        """A new key of the party; refused unless it is a public key of our one kind."""
        public = checked_public_jwk(jwk)
        return cls(new_id("key"), party_id, public, thumbprint_of(public), at)

    def must_be_proved(self, proof: str, text: str) -> None:
        """Refuse unless the proof is this text, signed by this key."""
        if verify_compact(proof, self.jwk, PROOF_TYPE) != text.encode():
            raise ProofMismatch

    def end(self, *, at: datetime) -> None:
        """Another key takes its place."""
        if self.valid_until_at is not None:
            raise KeyNotInUse(valid_until_at=self.valid_until_at.isoformat())
        self.valid_until_at = at


def claimed_key_id(signed: str) -> str:
    """The registered key that a signed text says it is signed by; empty when it names none of ours."""
    claimed = header_of(signed).get("kid")
    return claimed if isinstance(claimed, str) and _KEY_ID.fullmatch(claimed) else ""


def checked_public_jwk(jwk: Mapping[str, object]) -> dict[str, str]:
    """The public members; refused when a private member came along or the key is of another kind."""
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise PrivateKeySent
    return public_jwk(key_from(dict(jwk)))


def thumbprint_of(jwk: Mapping[str, str]) -> str:
    """RFC 7638: SHA-256 of the required members in order, base64url without padding."""
    text = json.dumps({name: jwk[name] for name in _PUBLIC_MEMBERS}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
