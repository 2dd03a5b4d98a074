"""What callers send and see of pledges."""

import datetime as dt
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from kernel.calendar import local_date
from kernel.web import Code, Digest, Name, Shape, Text, View, Whole
from pledge.domain.registration import DISCLAIMER, DISCLAIMER_ZH, Registration, Search, cancel_by
from pledge.domain.states import PledgeState
from pledge.inbound.http.loan_views import AgreementView, ReasonView
from pledge.use_cases.steps import PledgeStanding

REGISTRATION_MONTHS_MAX = 360


class PledgeOpening(Shape):
    """For which loan a right is to be held."""

    loan_id: Code


class OutsideSearch(Shape):
    """The proof number that the outside registry gave for the search."""

    proof_number: Name | None = None


class OutsideRegistration(Shape):
    """What the bank got from the outside registry."""

    registry: Literal["zhongdeng", "exchange"]
    registration_number: Code
    modification_code: Code
    term_months: Annotated[int, Field(strict=True, ge=1, le=REGISTRATION_MONTHS_MAX)]
    proof_sha256: Digest


class Cancelling(Shape):
    """Why the pledge is given up, and once it is registered outside the proof that it was cancelled there."""

    reason: Text
    cancellation_proof_sha256: Digest | None = None


class Waiving(Shape):
    """Why the bank does not lend."""

    reason: Text


class RegistrationCancelling(Shape):
    """The proof that the outside registration was cancelled."""

    proof_sha256: Digest
    cancelled_on: date | None = None


class Releasing(Shape):
    """What is to be freed, typed again."""

    pledge_id: Code
    principal_fen: Whole
    borrower_party_id: Code


class FoundView(View):
    """An entry that a search found."""

    registry: str
    registration_number: str
    secured_party: str


class SearchView(View):
    """One look into the outside registry."""

    round: int
    queried_at: datetime
    subject_id: str
    proof_number: str | None
    outcome: str
    entries: list[FoundView]
    disclaimer: str
    disclaimer_zh: str

    @classmethod
    def of(cls, search: Search) -> Self:
        """From the search."""
        return cls(
            round=search.round, queried_at=search.queried_at, subject_id=search.subject_id,
            proof_number=search.proof_number, outcome=search.outcome,
            entries=[FoundView.model_validate(entry) for entry in search.entries],
            disclaimer=DISCLAIMER, disclaimer_zh=DISCLAIMER_ZH,
        )  # fmt: skip


class RegistrationView(View):
    """Our registration outside."""

    registry: str
    registration_number: str
    term_months: int
    proof_sha256: str
    registered_at: datetime
    expires_on: date
    cancelled_at: datetime | None
    cancelled_on: date | None
    cancellation_proof_sha256: str | None

    @classmethod
    def of(cls, registration: Registration) -> Self:
        """From the registration."""
        return cls.model_validate(registration)


class CancelByView(View):
    """The last day to cancel outside; provisional when the year's holidays are not announced."""

    date: dt.date
    provisional: bool
    overdue: bool

    @classmethod
    def of(cls, standing: PledgeStanding) -> Self | None:
        """From the pledge; none before the debt is gone."""
        pledge = standing.pledge
        if pledge.discharged_at is None:
            return None
        day = cancel_by(pledge.discharged_at)
        done_at = pledge.registration.cancelled_at if pledge.registration else None
        return cls(date=day.date, provisional=day.provisional, overdue=local_date(done_at or standing.at) > day.date)


class PledgeView(View):
    """A pledge as it stands."""

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
    encumbrance_id: str | None
    refusal: ReasonView | None
    cancelled_because: str | None
    searches: list[SearchView]
    registration: RegistrationView | None
    cancel_registration_by: CancelByView | None
    releasers: list[AgreementView]
    requested_at: datetime
    held_at: datetime | None
    confirmed_at: datetime | None
    discharged_at: datetime | None
    released_at: datetime | None

    @classmethod
    def of(cls, standing: PledgeStanding) -> Self:
        """From the pledge."""
        pledge = standing.pledge
        plain = {
            name: getattr(pledge, name) for name in cls.model_fields
            if name not in {"searches", "registration", "cancel_registration_by"}
        }  # fmt: skip
        return cls.model_validate(
            {
                **plain,
                "searches": [SearchView.of(search) for search in pledge.searches],
                "registration": RegistrationView.of(pledge.registration) if pledge.registration else None,
                "cancel_registration_by": CancelByView.of(standing),
            }
        )


class PledgeNotice(View):
    """What any bank may know of a live pledge."""

    pledge_id: str
    state: PledgeState
    dataset_id: str | None
    product_id: str | None
    lineage_root: str
    bank_party_id: str
    requested_at: datetime


class PledgesView(View):
    """A part of the pledges, newest first."""

    items: list[PledgeView] | list[PledgeNotice]
    next: str | None


class ChangeView(View):
    """One change of state."""

    version: int
    from_state: str | None
    to_state: str
    subject_id: str
    at: datetime


class ChangesView(View):
    """A part of a pledge's history, oldest first."""

    items: list[ChangeView]
    next: str | None


class CodeView(View):
    """The modification code of the outside registration."""

    modification_code: str
