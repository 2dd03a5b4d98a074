"""A party: applies, is approved or refused, may be suspended and reinstated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.ids import new_id
from kernel.refusals import PartyBarred
from onboarding.domain.credit_code import checked_credit_code, issued_to_institutions
from onboarding.domain.events import PartyApproved, PartyReinstated, PartySuspended
from onboarding.domain.refusals import CreditCodeContradictsKind, PartyNotApproved, TransitionNotAllowed
from onboarding.domain.roles import ADMIN, EntityKind, check_roles


class PartyState(StrEnum):
    """Where a party stands."""

    APPLIED = "APPLIED"
    APPROVED = "APPROVED"
    SUSPENDED = "SUSPENDED"
    REFUSED = "REFUSED"


TRANSITIONS: Mapping[PartyState, frozenset[PartyState]] = {
    PartyState.APPLIED: frozenset({PartyState.APPROVED, PartyState.REFUSED}),
    PartyState.APPROVED: frozenset({PartyState.SUSPENDED}),
    PartyState.SUSPENDED: frozenset({PartyState.APPROVED}),
    PartyState.REFUSED: frozenset(),
}


@dataclass(frozen=True)
class Contact:
    """Whom to call."""

    name: str
    phone: str
    email: str


@dataclass(frozen=True)
class Application:
    """What an organisation says of itself when it applies."""

    name: str
    name_en: str
    entity_kind: EntityKind
    credit_code: str
    roles_wanted: frozenset[str]
    contact: Contact

    def must_be_sound(self) -> None:
        """Refuse when the code is none, or code, kind and roles do not go together."""
        code = checked_credit_code(self.credit_code)
        if issued_to_institutions(code) != (self.entity_kind is EntityKind.PUBLIC_INSTITUTION):
            raise CreditCodeContradictsKind(entity_kind=self.entity_kind, first_character=code[0])
        check_roles(self.entity_kind, self.roles_wanted)


@dataclass
class Party:
    """A party as the market deals with it; for what is a natural person's own, see ``Person``."""

    id: str
    name: str
    name_en: str
    entity_kind: EntityKind
    credit_code: str
    state: PartyState
    roles: frozenset[str]
    roles_wanted: frozenset[str]
    contact: Contact | None
    reason: str
    applied_at: datetime
    decided_at: datetime | None
    version: int = 1
    identity_pseudonym: str = ""

    @classmethod
    def apply(cls, application: Application, *, at: datetime) -> "Party":
        """A new party that waits for the operator."""
        application.must_be_sound()
        return cls(
            id=new_id("pty"), name=application.name, name_en=application.name_en,
            entity_kind=application.entity_kind, credit_code=application.credit_code, state=PartyState.APPLIED,
            roles=frozenset(), roles_wanted=application.roles_wanted, contact=application.contact,
            reason="", applied_at=at, decided_at=None,
        )  # fmt: skip

    def approve(self, roles: Iterable[str], *, at: datetime) -> PartyApproved:
        """Let the party in with these roles, which its kind must be able to hold."""
        self._leave_for(PartyState.APPROVED, from_state=PartyState.APPLIED)
        self.roles = check_roles(self.entity_kind, roles)
        self.decided_at = at
        return PartyApproved(self.id, self.name, self.entity_kind, self.credit_code, self.roles, at)

    def refuse(self, reason: str, *, at: datetime) -> None:
        """Turn the application down; the organisation may apply again."""
        self._leave_for(PartyState.REFUSED, from_state=PartyState.APPLIED)
        self.reason, self.decided_at = reason, at

    def suspend(self, reason: str, *, at: datetime) -> PartySuspended:
        """Stop the party in whatever it does."""
        self._leave_for(PartyState.SUSPENDED, from_state=PartyState.APPROVED)
        self.reason, self.decided_at = reason, at
        return PartySuspended(self.id, reason, at)

    def reinstate(self, *, at: datetime) -> PartyReinstated:
        """Let the party go on, with the roles it had."""
        self._leave_for(PartyState.APPROVED, from_state=PartyState.SUSPENDED)
        self.reason, self.decided_at = "", at
        return PartyReinstated(self.id, at)

    def _leave_for(self, state: PartyState, *, from_state: PartyState) -> None:
        if self.state is not from_state or state not in TRANSITIONS[self.state]:
            raise TransitionNotAllowed(state=self.state, wanted=state)
        self.state = state

    def must_be_approved(self) -> None:
        """Refuse unless the party takes part now."""
        self.must_not_be_suspended()
        if self.state is not PartyState.APPROVED:
            raise PartyNotApproved(state=self.state)

    def must_not_be_suspended(self) -> None:
        """Refuse a party that is suspended."""
        if self.state is PartyState.SUSPENDED:
            raise PartyBarred

    def roles_in_force(self, held: frozenset[str]) -> frozenset[str]:
        """Of the roles a member or client holds, those that count now: none before approval."""
        if self.state is not PartyState.APPROVED:
            return frozenset()
        return held & (self.roles | {ADMIN})
