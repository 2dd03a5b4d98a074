"""The watch over running loans: alerts with a day by which to look, and income that came in."""

from dataclasses import dataclass
from datetime import date, datetime

from kernel.calendar import add_working_days, local_date
from kernel.ids import new_id
from pledge.domain.events import LoanStepTaken, WatchRaised
from pledge.domain.limits import Band, band_of
from pledge.domain.loan import Loan
from pledge.domain.refusals import WatchResolved

LOOK_WITHIN_WORKING_DAYS = 5
CERTIFICATE, ENCUMBRANCE, REPORT, LTV, LISTING, REPAYMENT = (
    "CERTIFICATE", "ENCUMBRANCE", "REPORT", "LTV", "LISTING", "REPAYMENT",
)  # fmt: skip


@dataclass
class Watch:
    """One alert; ``source`` names what raised it, so that the same thing raises it once."""

    watch_id: str
    loan_id: str
    cause: str
    detail: str
    source: str
    raised_at: datetime
    due_on: date
    resolved_at: datetime | None = None
    note: str | None = None

    def resolve(self, note: str, at: datetime) -> LoanStepTaken:
        """The bank looked, and says what it did."""
        if self.resolved_at is not None:
            raise WatchResolved
        self.resolved_at, self.note = at, note
        return LoanStepTaken(self.loan_id, f"alert resolved: {self.cause}")


@dataclass(frozen=True)
class Alarm:
    """What there is to look at."""

    cause: str
    detail: str
    source: str


def raise_watch(loan: Loan, alarm: Alarm, at: datetime) -> tuple[Watch, WatchRaised]:
    """An alert for the loan's bank."""
    due = add_working_days(local_date(at), LOOK_WITHIN_WORKING_DAYS).date
    watch = Watch(new_id("wch"), loan.loan_id, alarm.cause, alarm.detail, alarm.source, at, due)
    return watch, WatchRaised(loan.loan_id, alarm.cause, alarm.detail)


def alarm_of_value(loan: Loan, source: str) -> Alarm | None:
    """An alarm when the debt has come up to a band of the latest value."""
    ltv = loan.ltv_ppm
    band = band_of(ltv)
    if band is Band.NORMAL:
        return None
    return Alarm(LTV, f"{band.value}: loan to value {ltv} ppm, value {loan.valuation_fen} fen", source)


@dataclass(frozen=True)
class Income:
    """Licence income that a settlement paid into a pledge's control account."""

    pledge_id: str
    settlement_id: str
    contract_id: str
    amount_fen: int
    trade_certificate_number: str
    settled_at: datetime
