"""The keys that sign market tokens: one signs, the retired ones stay published until their last token has ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.ids import new_id
from kernel.signatures import ALGORITHM, new_key, private_bytes, public_jwk

PUBLISHED_AFTER_RETIREMENT = timedelta(minutes=15)  # tokens live 10 minutes; the rest is for clocks that differ


@dataclass
class SigningKey:
    """One key pair; the private half leaves storage only to sign."""

    kid: str
    public: dict[str, str]
    private: bytes
    active_from_at: datetime
    retired_at: datetime | None = None

    @classmethod
    def make(cls, *, at: datetime) -> "SigningKey":
        """A new pair that signs from now on (machine time)."""
        key = new_key()
        return cls(new_id("sig"), public_jwk(key), private_bytes(key), at)

    @property
    def published(self) -> dict[str, str]:
        """The public half as it stands in the set (RFC 7517)."""
        return {**self.public, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}


@dataclass(frozen=True)
class Rotated:
    """A key took over from another."""

    kid: str
    active_from_at: datetime
    retired_kid: str | None
