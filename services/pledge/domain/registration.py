"""Registrations outside this market, searches there, and the days within which they must be cancelled."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from kernel.calendar import WorkingDay, add_working_days, local_date
from pledge.domain.months import add_months

CANCEL_WITHIN_WORKING_DAYS = 10
DISCLAIMER = (
    "Recorded by hand by the person named, as seen in the outside registry at the moment named. "
    "Not an official search result; the registry itself decides."
)
DISCLAIMER_ZH = "由所示人员于所示时间在外部登记系统查询后手工录入，并非官方查询结果，以登记系统为准。"


@dataclass(frozen=True)
class OutsideEntry:
    """One line of an outside registry as somebody saw it; never deleted, only marked as cancelled."""

    entry_id: str
    registry: str
    registration_number: str
    debtor_credit_code: str
    asset: str
    secured_party: str
    description: str
    proof_number: str
    queried_at: datetime
    operator_subject_id: str
    recorded_at: datetime
    cancelled_at: datetime | None = None


@dataclass(frozen=True)
class FoundEntry:
    """As much of an entry as a search keeps."""

    registry: str
    registration_number: str
    secured_party: str


@dataclass(frozen=True)
class Search:
    """One search: who looked when, and what was there besides our own registration."""

    round: int
    queried_at: datetime
    subject_id: str
    proof_number: str | None
    outcome: str  # clean | found
    entries: list[FoundEntry]


@dataclass(frozen=True)
class Registration:
    """Our own registration outside; the modification code is kept sealed, elsewhere."""

    registry: str
    registration_number: str
    term_months: int
    proof_sha256: str
    registered_at: datetime
    cancelled_at: datetime | None = None
    cancelled_on: date | None = None
    cancellation_proof_sha256: str | None = None

    @property
    def expires_on(self) -> date:
        """The last day of its term."""
        return add_months(local_date(self.registered_at), self.term_months)

    def is_of(self, registry: str, registration_number: str) -> bool:
        """Whether an entry is this registration."""
        return (self.registry, self.registration_number) == (registry, registration_number)

    def cancelled(self, proof_sha256: str, on: date, at: datetime) -> "Registration":
        """Taken out of the outside registry, with proof."""
        return replace(self, cancelled_at=at, cancelled_on=on, cancellation_proof_sha256=proof_sha256)


def cancel_by(discharged_at: datetime) -> WorkingDay:
    """The last day to cancel outside: 10 working days after the claim ended (China practice 6B)."""
    return add_working_days(local_date(discharged_at), CANCEL_WITHIN_WORKING_DAYS)
