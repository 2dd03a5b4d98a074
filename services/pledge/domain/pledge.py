"""A pledge, from the request to its release; the order is that of architecture 3.2."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from kernel.ids import new_id
from pledge.domain import refusals
from pledge.domain.application import Agreement, Reason
from pledge.domain.events import (
    PledgeConfirmed,
    PledgeHeld,
    PledgeRefused,
    PledgeRegistered,
    PledgeReleased,
    PledgeRequested,
    PledgeSearched,
    PledgeStepTaken,
)
from pledge.domain.loan import PEOPLE_NEEDED, Loan
from pledge.domain.registration import FoundEntry, Registration, Search
from pledge.domain.states import PledgeState, StepNotAllowed, pledge_may_become

CLEAN = "clean"
FOUND = "found"
_SET_BACK = frozenset({PledgeState.REFUSED, PledgeState.SEARCHED, PledgeState.REGISTERED})
_AT_REGISTRY = frozenset({PledgeState.REGISTERING})
_AT_RIGHTS = frozenset({PledgeState.ANNOTATING, PledgeState.CONFIRMING})
_ROUND_OF = {PledgeState.HELD: 1, PledgeState.REGISTERED: 2}


@dataclass(frozen=True)
class Look:
    """One look into the outside registry."""

    subject_id: str
    proof_number: str | None
    entries: list[FoundEntry]
    at: datetime


@dataclass(frozen=True)
class ReleaseNotice:
    """What a person of the bank typed to say what is to be freed."""

    pledge_id: str
    principal_fen: int
    borrower_party_id: str


@dataclass
class Pledge:
    """One right taken as security for one loan."""

    pledge_id: str
    state: PledgeState
    loan_id: str
    borrower_party_id: str
    bank_party_id: str
    dataset_id: str | None
    product_id: str | None
    lineage_root: str
    principal_fen: int
    licence_policy: str
    control_account: str
    consenting_party_ids: list[str]
    requested_at: datetime
    encumbrance_id: str | None = None
    fencing_version: int | None = None
    refusal: Reason | None = None
    cancelled_because: str | None = None
    searches: list[Search] = field(default_factory=list)
    registration: Registration | None = None
    releasers: list[Agreement] = field(default_factory=list)
    held_at: datetime | None = None
    confirmed_at: datetime | None = None
    discharged_at: datetime | None = None
    released_at: datetime | None = None
    version: int = 1

    @classmethod
    def request(cls, loan: Loan, at: datetime) -> tuple[Self, PledgeRequested]:
        """Begin: the right that the loan's application named is to be held."""
        pledge_id = new_id("plg")
        loan.secure_by(pledge_id)
        pledge = cls(
            pledge_id, PledgeState.RESERVING, loan.loan_id, loan.borrower_party_id, loan.bank_party_id,
            loan.dataset_id, loan.product_id, loan.lineage_root, loan.principal_fen, loan.licence_policy,
            loan.control_account, [consent.party_id for consent in loan.consents], at,
        )  # fmt: skip
        return pledge, PledgeRequested(pledge_id, loan.loan_id, loan.lineage_root)

    def belongs_to(self, party_id: str) -> bool:
        """Whether the party is the borrower or the bank."""
        return party_id in (self.borrower_party_id, self.bank_party_id)

    def _move(self, following: PledgeState, *, leaving: frozenset[PledgeState] = frozenset(PledgeState)) -> None:
        """Two steps lead to REGISTERED and to SEARCHED each: ``leaving`` tells them apart."""
        if self.state not in leaving:
            raise StepNotAllowed(state=self.state.value, wanted=following.value)
        self.state = pledge_may_become(self.state, following)

    def _step(self, step: str) -> PledgeStepTaken:
        return PledgeStepTaken(self.pledge_id, step)

    def right_held(self, encumbrance_id: str, lineage_root: str, fencing_version: int, at: datetime) -> PledgeHeld:
        """The registry holds the right for us; the version is what a confirmation must show."""
        self._move(PledgeState.HELD)
        self.encumbrance_id, self.lineage_root, self.fencing_version = encumbrance_id, lineage_root, fencing_version
        self.held_at = at
        return PledgeHeld(self.pledge_id, encumbrance_id)

    @property
    def remark(self) -> str:
        """What the certificates say while it stands."""
        number = self.registration.registration_number if self.registration else ""
        return f"质押 pledged: {self.pledge_id}, 质权人 pledgee {self.bank_party_id}, 登记 registered {number}"

    @property
    def set_back_by(self) -> Reason | None:
        """Why the last saga step did not go on, as long as nobody went on otherwise."""
        return self.refusal if self.state in _SET_BACK else None

    def right_refused(self, reason: Reason) -> PledgeRefused:
        """The registry does not give the right."""
        self._move(PledgeState.REFUSED)
        self.refusal = reason
        return PledgeRefused(self.pledge_id, reason.reason)

    def searched(self, look: Look) -> PledgeSearched:
        """Keep what a look showed; clean moves on, anything else is kept and changes nothing.

        The second look must show our own registration, and nothing besides.
        """
        if self.state not in _ROUND_OF:
            raise StepNotAllowed(state=self.state.value)
        number = _ROUND_OF[self.state]
        own = self.registration
        others = [e for e in look.entries if own is None or not own.is_of(e.registry, e.registration_number)]
        if own is not None and own.cancelled_at is None and len(others) == len(look.entries):
            raise refusals.OwnRegistrationNotFound(registration_number=own.registration_number)
        outcome = FOUND if others else CLEAN
        search = Search(number, look.at, look.subject_id, look.proof_number, outcome, others)
        self.searches = [*self.searches, search]
        if outcome == CLEAN:
            self._move(PledgeState.SEARCHED if self.state is PledgeState.HELD else PledgeState.ANNOTATING)
            self.refusal = None
        return PledgeSearched(self.pledge_id, outcome == CLEAN)

    def register(self, registration: Registration, loan_term_months: int) -> PledgeStepTaken:
        """The bank registered outside; the term must reach the loan's end."""
        pledge_may_become(self.state, PledgeState.REGISTERING)
        if registration.term_months < loan_term_months:
            raise refusals.RegistrationTermTooShort(term_months_min=loan_term_months)
        self._move(PledgeState.REGISTERING)
        self.registration, self.refusal = registration, None
        return self._step("registering outside")

    def registered(self) -> PledgeRegistered:
        """The outside registry shows it."""
        if self.registration is None:
            raise StepNotAllowed(state=self.state.value)
        self._move(PledgeState.REGISTERED, leaving=_AT_REGISTRY)
        return PledgeRegistered(self.pledge_id, self.registration.registry, self.registration.registration_number)

    def registration_refused(self, reason: Reason) -> PledgeStepTaken:
        """The outside registry holds this number for something else."""
        self._move(PledgeState.SEARCHED, leaving=_AT_REGISTRY)
        self.registration, self.refusal = None, reason
        return self._step("registration refused")

    def annotated(self) -> PledgeStepTaken:
        """The certificates bear the remark."""
        self._move(PledgeState.CONFIRMING)
        return self._step("annotated on the certificate")

    def confirmed(self, at: datetime) -> PledgeConfirmed:
        """The registry made the reservation stand."""
        self._move(PledgeState.CONFIRMED)
        self.confirmed_at = at
        return PledgeConfirmed(self.pledge_id, self.encumbrance_id or "")

    def put_back(self, reason: Reason) -> PledgeStepTaken:
        """The registry refused to annotate or confirm: search again, or cancel."""
        self._move(PledgeState.REGISTERED, leaving=_AT_RIGHTS)
        self.refusal = reason
        return self._step(f"refused by the registry: {reason.reason}")

    def cancel(self, why: str, cancellation_proof_sha256: str | None, at: datetime, today: date) -> PledgeStepTaken:
        """The bank gives it up before it stands; an outside registration must be cancelled first, with proof."""
        pledge_may_become(self.state, PledgeState.CANCELLING)
        if self.registration is not None:
            if cancellation_proof_sha256 is None:
                raise refusals.RegistrationStillLive(registration_number=self.registration.registration_number)
            self.registration = self.registration.cancelled(cancellation_proof_sha256, today, at)
        self._move(PledgeState.CANCELLING)
        self.refusal, self.cancelled_because = None, why
        return self._step("cancelling")

    def cancelled(self) -> PledgeStepTaken:
        """Nothing is held any longer."""
        self._move(PledgeState.CANCELLED)
        return self._step("cancelled")

    def discharge(self, at: datetime, because: str | None = None) -> PledgeStepTaken:
        """The debt it secured is gone, or the bank waives; from now the days to cancel outside run."""
        self._move(PledgeState.DISCHARGED)
        self.discharged_at, self.cancelled_because = at, because
        return self._step("discharged")

    def cancel_registration(self, proof_sha256: str, on: date, at: datetime) -> PledgeStepTaken:
        """The bank cancelled the outside registration."""
        self._move(PledgeState.DEREGISTERING)
        if self.registration is not None:
            self.registration = self.registration.cancelled(proof_sha256, on, at)
        return self._step("cancelling the outside registration")

    def deregistered(self) -> PledgeStepTaken:
        """The outside registry shows it as cancelled."""
        self._move(PledgeState.DEREGISTERED)
        return self._step("outside registration cancelled")

    def release(self, notice: ReleaseNotice, subject_id: str, at: datetime) -> PledgeStepTaken:
        """One person of the bank names what is to be freed; the second one's yes frees it (reliability R6)."""
        pledge_may_become(self.state, PledgeState.LIFTING)
        if notice != ReleaseNotice(self.pledge_id, self.principal_fen, self.borrower_party_id):
            raise refusals.ReleaseMismatch
        if any(made.subject_id == subject_id for made in self.releasers):
            raise refusals.SecondPersonNeeded
        self.releasers = [*self.releasers, Agreement(subject_id, at)]
        if len(self.releasers) < PEOPLE_NEEDED:
            return self._step("release agreed by the first person")
        self._move(PledgeState.LIFTING)
        return self._step("release agreed by the second person")

    def annotation_lifted(self) -> PledgeStepTaken:
        """The remark is off the certificates."""
        self._move(PledgeState.RELEASING)
        return self._step("annotation taken off")

    def released(self, at: datetime) -> PledgeReleased:
        """The registry freed the right."""
        self._move(PledgeState.RELEASED)
        self.released_at = at
        return PledgeReleased(self.pledge_id, self.loan_id, self.encumbrance_id or "", at)
