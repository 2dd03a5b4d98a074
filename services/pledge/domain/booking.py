"""Cost vouchers and the entry on the balance sheet (入表), by 财会〔2023〕11号 and by the institutions' own rule."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kernel.calendar import local_date
from kernel.ids import new_id
from pledge.domain.asset import AssetFacts
from pledge.domain.booking_refusals import (
    AssetNotControlled,
    CostBeforeRule,
    DevelopmentConditionsNotMet,
    LifeMissing,
    LifeNotForInventory,
    NothingToCapitalise,
    PeriodNotBegun,
    ResearchCostCapitalised,
    VoucherAlreadyBooked,
    VoucherOfOtherDataset,
)
from pledge.domain.eligibility import PUBLIC_INSTITUTION
from pledge.domain.events import AssetBooked
from pledge.domain.ineligibility import CertificateNotInForce
from pledge.domain.months import months_between

RULE_BEGINS = "2024-01"  # prospective: costs expensed before are not reinstated
NOMINAL_FEN = 100
CONDITIONS = ("technical_feasibility", "intention", "benefit", "resources", "cost_measurable")


class Stage(StrEnum):
    """In which phase a cost arose."""

    RESEARCH = "research"
    DEVELOPMENT = "development"
    ACQUISITION = "acquisition"
    BRINGING_TO_USE = "bringing_to_use"


class Category(StrEnum):
    """What a cost was for."""

    STAFF = "staff"
    COMPUTE = "compute"
    STORAGE = "storage"
    TOOLS = "tools"
    OUTSOURCED = "outsourced"
    FEES = "fees"
    SECURITY = "security"
    OVERHEAD = "overhead"
    PURCHASE = "purchase"
    TAX = "tax"


class Classification(StrEnum):
    """Where the asset stands on the balance sheet."""

    INTANGIBLE_ASSET = "intangible_asset"
    INVENTORY = "inventory"


@dataclass
class Voucher:
    """One cost line with its evidence; ``period`` is a month, YYYY-MM."""

    voucher_id: str
    party_id: str
    dataset_id: str
    voucher_number: str
    period: str
    stage: Stage
    category: Category
    amount_fen: int
    capitalise: bool
    reason: str
    approver: str
    recorded_at: datetime
    booking_id: str | None = None

    def check(self) -> None:
        """Refuse what the rule does not allow."""
        if self.period > f"{local_date(self.recorded_at):%Y-%m}":
            raise PeriodNotBegun(period=self.period)
        if self.capitalise and self.stage is Stage.RESEARCH:
            raise ResearchCostCapitalised
        if self.capitalise and self.period < RULE_BEGINS:
            raise CostBeforeRule(from_period=RULE_BEGINS)


@dataclass(frozen=True)
class Instalment:
    """One month of amortisation; months count from 1."""

    month: int
    amount_fen: int
    carrying_fen: int


def straight_line(cost_fen: int, life_months: int) -> list[Instalment]:
    """Equal parts; what does not divide goes into the last month, so that the parts sum to the cost."""
    monthly = cost_fen // life_months
    left, schedule = cost_fen, []
    for month in range(1, life_months + 1):
        amount = monthly if month < life_months else left
        left -= amount
        schedule.append(Instalment(month, amount, left))
    return schedule


@dataclass
class Booking:
    """An asset on its holder's balance sheet."""

    booking_id: str
    party_id: str
    dataset_id: str
    lineage_root: str
    classification: Classification
    basis: str  # enterprise_cas | government
    measurement: str  # cost | nominal
    cost_fen: int
    expensed_fen: int
    life_months: int | None
    certificate_number: str
    approval_reference: str | None
    conditions: dict[str, str]
    booked_at: datetime
    voucher_ids: list[str] = field(default_factory=list)

    @property
    def schedule(self) -> list[Instalment]:
        """The months of amortisation; none for inventory and for a nominal amount."""
        if self.life_months is None or self.measurement == "nominal":
            return []
        return straight_line(self.cost_fen, self.life_months)

    def amortised_fen(self, today: date) -> int:
        """What has been written off in the whole months gone by."""
        gone = months_between(local_date(self.booked_at), today)
        return sum(instalment.amount_fen for instalment in self.schedule[:gone])


@dataclass(frozen=True)
class Entry:
    """What a party asks to have booked."""

    party_id: str
    dataset_id: str
    classification: Classification
    life_months: int | None
    conditions: dict[str, str]
    approval_reference: str | None


def book(
    entry: Entry, vouchers: Sequence[Voucher], asset: AssetFacts, entity_kind: str, at: datetime
) -> tuple[Booking, AssetBooked]:
    """Book an asset by the rule of its holder's kind (China practice 4A, 4B).

    Enterprises: CAS 6 or CAS 1 at cost; a public institution: at cost, or one yuan when no cost is known.
    """
    certificate_number = _certificate(entry.party_id, asset, at)
    _check_vouchers(entry, vouchers)
    institution = entity_kind == PUBLIC_INSTITUTION
    cost = sum(voucher.amount_fen for voucher in vouchers if voucher.capitalise)
    if cost == 0 and not institution:
        raise NothingToCapitalise
    booking = Booking(
        new_id("bkg"), entry.party_id, entry.dataset_id, asset.lineage_root, entry.classification,
        "government" if institution else "enterprise_cas", "cost" if cost else "nominal", cost or NOMINAL_FEN,
        sum(voucher.amount_fen for voucher in vouchers if not voucher.capitalise),
        entry.life_months, certificate_number, entry.approval_reference, entry.conditions, at,
        [voucher.voucher_id for voucher in vouchers],
    )  # fmt: skip
    for voucher in vouchers:
        voucher.booking_id = booking.booking_id
    return booking, AssetBooked(booking.booking_id, booking.dataset_id, booking.party_id, booking.cost_fen)


def _certificate(party_id: str, asset: AssetFacts, at: datetime) -> str:
    in_force = asset.in_force(at)
    if not in_force:
        raise CertificateNotInForce
    numbers = [c.number for c in in_force if any(holder == party_id for _, holder in c.holders)]
    if not numbers:
        raise AssetNotControlled
    return numbers[0]


def _check_vouchers(entry: Entry, vouchers: Sequence[Voucher]) -> None:
    if entry.classification is Classification.INTANGIBLE_ASSET and entry.life_months is None:
        raise LifeMissing
    if entry.classification is Classification.INVENTORY and entry.life_months is not None:
        raise LifeNotForInventory
    for voucher in vouchers:
        if voucher.dataset_id != entry.dataset_id:
            raise VoucherOfOtherDataset(voucher_id=voucher.voucher_id)
        if voucher.booking_id is not None:
            raise VoucherAlreadyBooked(voucher_id=voucher.voucher_id, booking_id=voucher.booking_id)
    if any(voucher.capitalise and voucher.stage is Stage.DEVELOPMENT for voucher in vouchers):
        missing = [condition for condition in CONDITIONS if not entry.conditions.get(condition)]
        if missing:
            raise DevelopmentConditionsNotMet(missing=missing)
