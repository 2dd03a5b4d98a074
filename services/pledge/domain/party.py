"""What onboarding says of a party, as far as lending needs to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class KeyFact:
    """A registered public key."""

    key_id: str
    jwk: Mapping[str, str]
    valid_from_at: datetime
    valid_until_at: datetime | None

    def in_use(self, at: datetime) -> bool:
        """Whether it may sign now."""
        return self.valid_from_at <= at and (self.valid_until_at is None or at < self.valid_until_at)


@dataclass(frozen=True)
class PartyFacts:
    """A party; ``entity_kind`` in onboarding's words, e.g. state_owned_enterprise."""

    party_id: str
    name: str
    entity_kind: str
    credit_code: str
    approved: bool
    roles: frozenset[str]
    keys: Sequence[KeyFact] = ()

    def key(self, key_id: str, at: datetime) -> KeyFact | None:
        """Its key of this id, if in use."""
        return next((key for key in self.keys if key.key_id == key_id and key.in_use(at)), None)
