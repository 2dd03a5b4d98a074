"""What onboarding tells the others."""

from dataclasses import dataclass
from datetime import datetime

from onboarding.domain.keys import PartyKey
from onboarding.domain.roles import EntityKind


@dataclass(frozen=True)
class PartyApproved:
    """A party takes part from now on."""

    party_id: str
    name: str
    entity_kind: EntityKind
    credit_code: str
    roles: frozenset[str]
    approved_at: datetime
    identity_pseudonym: str = ""
    keys: tuple[PartyKey, ...] = ()


@dataclass(frozen=True)
class PartySuspended:
    """A party may do nothing until it is reinstated."""

    party_id: str
    reason: str
    suspended_at: datetime


@dataclass(frozen=True)
class PartyReinstated:
    """A suspended party may go on."""

    party_id: str
    reinstated_at: datetime


@dataclass(frozen=True)
class KeyRotated:
    """A party registered a key, or put one in the place of another."""

    party_id: str
    key: PartyKey
    replaced_key_id: str


Event = PartyApproved | PartySuspended | PartyReinstated | KeyRotated
