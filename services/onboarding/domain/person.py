"""An insured person: a pseudonym that an identity verifier vouched for, and a key of the person's own."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.ids import new_id
from kernel.refusals import PartyBarred
from onboarding.domain.doors import (
    PersonVouchedByAnother,
    ProofMismatch,
    StatementMalformed,
    StatementNotInForce,
    StatementSuperseded,
)  # fmt: skip
from onboarding.domain.events import KeyRotated, PartyApproved
from onboarding.domain.keys import PartyKey
from onboarding.domain.party import PartyState
from onboarding.domain.roles import INSURED_PERSON, EntityKind
from onboarding.domain.signed import members_of

STATEMENT_TYPE = "identity-statement+jws"
STATEMENT_DAYS_MAX = 31
STATEMENT_SKEW = timedelta(minutes=5)  # a verifier's clock may run ahead of the market's by so much
_NAMES = frozenset({"jwk_thumbprint", "identity_pseudonym", "issued_at", "expires_at"})
_PSEUDONYM = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class IdentityStatement:
    """What a verifier says: the holder of this key is the person of this pseudonym. Business time."""

    verifier_id: str
    jwk_thumbprint: str
    identity_pseudonym: str
    issued_at: datetime
    expires_at: datetime

    @classmethod
    def read(cls, verifier_id: str, payload: bytes) -> "IdentityStatement":
        """The statement from its signed bytes; refused unless it is exactly of the agreed form."""
        members = members_of(payload, _NAMES)
        if members is None or not all(isinstance(value, str) for value in members.values()):
            raise StatementMalformed
        if not _PSEUDONYM.fullmatch(members["identity_pseudonym"]):
            raise StatementMalformed
        issued_at, expires_at = _moment(members["issued_at"]), _moment(members["expires_at"])
        return cls(verifier_id, members["jwk_thumbprint"], members["identity_pseudonym"], issued_at, expires_at)

    def must_hold(self, key: PartyKey, *, at: datetime) -> None:
        """Refuse unless it is in force now and speaks of this key."""
        if self.jwk_thumbprint != key.thumbprint:
            raise ProofMismatch
        lasting = self.expires_at - self.issued_at
        if not (self.issued_at - STATEMENT_SKEW <= at < self.expires_at and lasting <= timedelta(STATEMENT_DAYS_MAX)):
            raise StatementNotInForce(now_at=at.isoformat())


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise StatementMalformed
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise StatementMalformed from error


@dataclass
class Person:
    """A natural person as the market knows one: no name, no number."""

    id: str
    identity_pseudonym: str
    vouched_by: str
    statement_issued_at: datetime
    state: PartyState
    registered_at: datetime
    version: int = 1

    @classmethod
    def register(cls, statement: IdentityStatement, *, at: datetime) -> "Person":
        """A person whom the market did not know; takes part at once."""
        return cls(
            new_id("pty"), statement.identity_pseudonym, statement.verifier_id, statement.issued_at,
            PartyState.APPROVED, at,
        )  # fmt: skip

    def approved_with(self, key: PartyKey) -> PartyApproved:
        """What the others learn of a new person."""
        return PartyApproved(
            self.id, "", EntityKind.NATURAL_PERSON, "", frozenset({INSURED_PERSON}), self.registered_at,
            self.identity_pseudonym, (key,),
        )  # fmt: skip

    def take_key(self, statement: IdentityStatement, old: PartyKey | None, new: PartyKey, at: datetime) -> KeyRotated:
        """The new key takes the old one's place, on a later word of the same verifier."""
        if self.state is PartyState.SUSPENDED:
            raise PartyBarred
        if statement.verifier_id != self.vouched_by:
            raise PersonVouchedByAnother
        if statement.issued_at <= self.statement_issued_at:
            raise StatementSuperseded
        self.statement_issued_at = statement.issued_at
        if old is not None:
            old.end(at=at)
        return KeyRotated(self.id, new, old.id if old else "")


@dataclass(frozen=True)
class PersonRegistered:
    """What came of a registration."""

    party_id: str
    key_id: str
    thumbprint: str
    replaced_key_id: str | None
