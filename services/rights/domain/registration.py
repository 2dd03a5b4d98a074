"""A registration: what is applied for, how far it is, and which clock runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kernel.calendar import add_working_days, local_date
from rights.domain import clocks
from rights.domain.filing import Allocation, Paper, Subject
from rights.domain.profiles import Case, Profile, profile_of
from rights.domain.refusals import ReviewAlreadyExtended, StepNotAllowed
from rights.domain.source_rights import Right
from rights.domain.states import ALLOWED, OPEN_FOR_FORM, OPEN_FOR_PAPERS, PAUSING, RegistrationState

S = RegistrationState
BY_CLOCK = "clock"


class RegistrationType(StrEnum):
    """What is wanted: rights confirmed for the first time, or passed on."""

    INITIAL = "initial"
    TRANSFER = "transfer"


@dataclass(frozen=True)
class Step:
    """One step of the history; ``by`` is a party, or ``clock``."""

    state: RegistrationState
    at: datetime
    by: str
    note: str = ""


@dataclass
class Registration:
    """The file of one registration; dates are days in Shanghai, due days are included."""

    registration_id: str
    profile: str
    type: RegistrationType
    applicant_party_id: str
    subject: Subject
    form: Mapping[str, Any]  # Any: JSON of annex 1, its shape checked at the edge
    allocations: Sequence[Allocation]
    created_at: datetime
    state: RegistrationState = S.DRAFT
    transferee_party_id: str = ""
    joined: bool = False
    rights: Sequence[Right] = ()
    previous_certificate: str = ""
    papers: Sequence[Paper] = ()
    matches: Sequence[Mapping[str, Any]] = ()  # Any: JSON
    requested: Sequence[str] = ()
    reason: str = ""
    remarks: Sequence[str] = ()
    history: Sequence[Step] = ()
    submitted_at: datetime | None = None
    acceptance_due_on: date | None = None
    correction_due_on: date | None = None
    review_due_on: date | None = None
    review_days_left: int | None = None
    review_extended: bool = False
    notice_published_on: date | None = None
    notice_ends_on: date | None = None
    record: str = ""
    record_sha256: str = ""
    deposited_at: datetime | None = None
    jwt: str = ""
    jwt_sha256: str = ""
    certificate_number: str = ""
    version: int = field(default=1)

    @property
    def rules(self) -> Profile:
        """The profile's rules."""
        return profile_of(self.profile)

    @property
    def holders(self) -> frozenset[str]:
        """Every party that gets a right."""
        return frozenset(allocation.party_id for allocation in self.allocations)

    @property
    def parties(self) -> frozenset[str]:
        """Everybody whose registration this is."""
        return self.holders | {self.applicant_party_id, self.transferee_party_id} - {""}

    @property
    def case(self) -> Case:
        """What decides which papers are needed."""
        operates = any(allocation.right is Right.OPERATE for allocation in self.allocations)
        several = bool(self.holders - {self.applicant_party_id})
        return Case(self.subject.source_kind, self.subject.data_form, several, operates)

    @property
    def provisional(self) -> bool:
        """Whether a due day rests on a calendar not yet announced."""
        days = (self.acceptance_due_on, self.correction_due_on, self.review_due_on, self.notice_ends_on)
        return any(clocks.is_provisional(day) for day in days)

    # Steps. Each guards the table of states and keeps the clocks.

    def need_open_form(self) -> None:
        """Refuse unless the form may be changed now."""
        if self.state not in OPEN_FOR_FORM:
            raise StepNotAllowed(state=self.state)

    def need_open_papers(self) -> None:
        """Refuse unless papers may be handed in now."""
        if self.state not in OPEN_FOR_PAPERS:
            raise StepNotAllowed(state=self.state)

    def attach(self, paper: Paper) -> None:
        """Take a paper, in the place of an earlier one of its kind."""
        self.need_open_papers()
        others = [each for each in self.papers if each.kind != paper.kind]
        self.papers = sorted([*others, paper], key=lambda each: each.kind)

    def _step(self, state: RegistrationState, at: datetime, by: str, note: str = "") -> None:
        if state not in ALLOWED[self.state]:
            raise StepNotAllowed(state=self.state, wanted=state)
        today = local_date(at)
        if state in PAUSING and self.state not in PAUSING and self.review_due_on is not None:
            self.review_days_left = clocks.working_days_left(today, self.review_due_on)
        if state is S.REVIEWING and self.review_days_left is not None:
            self.review_due_on = clocks.resumed(today, self.review_days_left).date
            self.review_days_left = None
        self.state = state
        self.history = (*self.history, Step(state, at, by, note))

    def join(self, at: datetime, by: str) -> None:
        """The transferee applies too."""
        if by != self.transferee_party_id or self.state is not S.DRAFT:
            raise StepNotAllowed(state=self.state)
        self.joined = True
        self.history = (*self.history, Step(self.state, at, by, "joined"))

    def submit(self, at: datetime, by: str, matches: Sequence[Mapping[str, Any]]) -> None:  # Any: JSON
        """Hand it in; what nearly is somebody else's data waits for a person."""
        if self.state is S.EVIDENCE_REQUESTED:
            self._step(S.REVIEWING, at, by)
            self.requested, self.correction_due_on = (), None
            return
        self._step(S.HELD_FOR_REVIEW if matches else S.SUBMITTED, at, by)
        self.matches, self.requested, self.correction_due_on = matches, (), None
        self.submitted_at = at
        self.acceptance_due_on = add_working_days(local_date(at), self.rules.clocks.acceptance_days).date

    def accept(self, at: datetime, by: str) -> None:
        """The papers are complete, or nobody said otherwise in time."""
        self._step(S.ACCEPTED, at, by, "silence" if by == BY_CLOCK else "")
        self.review_due_on = add_working_days(local_date(at), self.rules.clocks.review_days).date

    def request_correction(self, at: datetime, by: str, items: Sequence[str], days: int) -> None:
        """Name once all that is missing."""
        self._step(S.CORRECTION_REQUESTED, at, by)
        self.requested, self.correction_due_on = items, add_working_days(local_date(at), days).date

    def start_review(self, at: datetime, by: str) -> None:
        """A reviewer takes it."""
        self._step(S.REVIEWING, at, by)

    def request_evidence(self, at: datetime, by: str, items: Sequence[str], days: int) -> None:
        """Stop the clock until more is proved."""
        self._step(S.EVIDENCE_REQUESTED, at, by)
        self.requested, self.correction_due_on = items, add_working_days(local_date(at), days).date

    def extend_review(self, at: datetime, by: str, reason: str) -> None:
        """Once, by as many working days again."""
        if self.state not in {S.ACCEPTED, S.REVIEWING} or self.review_due_on is None:
            raise StepNotAllowed(state=self.state)
        if self.review_extended:
            raise ReviewAlreadyExtended
        self.review_extended = True
        self.review_due_on = add_working_days(self.review_due_on, self.rules.clocks.review_days).date
        self.history = (*self.history, Step(self.state, at, by, f"review extended: {reason}"))

    def approve(self, at: datetime, by: str, remarks: Sequence[str]) -> None:
        """Publish the notice."""
        self._step(S.NOTICING, at, by)
        today = local_date(at)
        self.remarks, self.notice_published_on = remarks, today
        self.notice_ends_on = add_working_days(today, self.rules.clocks.notice_days).date

    def object_to(self, at: datetime, by: str) -> None:
        """Somebody objects; a further objection changes nothing about the state."""
        if self.state is not S.OBJECTED:
            self._step(S.OBJECTED, at, by)

    def objections_dismissed(self, at: datetime, by: str) -> None:
        """The notice goes on; its days are over when they are over."""
        self._step(S.NOTICING, at, by)

    def end(self, state: RegistrationState, at: datetime, by: str, reason: str) -> None:
        """Refused, withdrawn or lapsed."""
        self._step(state, at, by, reason)
        self.reason = reason

    def record_it(self, at: datetime, record: bytes, digest: str) -> None:
        """The notice is over: the record goes into the log."""
        self._step(S.DEPOSITING, at, BY_CLOCK)
        self.record, self.record_sha256 = record.decode(), digest

    def take_effect(self, at: datetime, deposited_at: datetime, number: str) -> None:
        """It has effect from the moment of its deposit."""
        self._step(S.SIGNED, at, BY_CLOCK)
        self.deposited_at, self.certificate_number = deposited_at, number

    def certify(self, at: datetime) -> None:
        """The certificate stands."""
        self._step(S.CERTIFIED, at, BY_CLOCK)

    # Clocks.

    def due(self, today: date) -> RegistrationState | None:
        """What time alone has brought about, if anything."""
        if self.state is S.SUBMITTED and self.acceptance_due_on is not None:
            deemed_on = clocks.first_working_day_after(self.acceptance_due_on)
            return S.ACCEPTED if today >= deemed_on else None
        waiting = self.state in {S.CORRECTION_REQUESTED, S.EVIDENCE_REQUESTED}
        if waiting and self.correction_due_on is not None and today > self.correction_due_on:
            return S.LAPSED
        if self.state is S.NOTICING and self.notice_ends_on is not None and today > self.notice_ends_on:
            return S.DEPOSITING
        return None
