"""Routes for cost vouchers, entries on the balance sheet, and a bank's terms."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from kernel.ids import new_id
from kernel.web import CallerOf, Code, FenIn, Flag, Name, OnceKey, Ppm, Router, Shape, Text, View, allow
from pledge.domain.bank_policy import BankPolicy
from pledge.domain.booking import Category, Classification, Entry, Stage, Voucher
from pledge.inbound.http.edge import Id, PartOf, Ports, following
from pledge.use_cases import bank_policies, bookings
from pledge.use_cases.bookings import BookingStanding

LIFE_MONTHS_MAX = 240
VOUCHERS_MAX = 500
APPRAISERS_MAX = 100
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+08:00")

router = Router(tags=["bookings"])
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class VoucherRecording(Shape):
    """One cost line with its evidence."""

    dataset_id: Code
    voucher_number: Name
    period: Month
    stage: Literal["research", "development", "acquisition", "bringing_to_use"]
    category: Literal[
        "staff", "compute", "storage", "tools", "outsourced", "fees", "security", "overhead", "purchase", "tax"
    ]
    amount_fen: FenIn
    capitalise: Flag
    reason: Text
    approver: Name


class VoucherView(View):
    """A cost line as recorded."""

    voucher_id: str
    dataset_id: str
    voucher_number: str
    period: str
    stage: Stage
    category: Category
    amount_fen: int
    capitalise: bool
    reason: str
    approver: str
    booking_id: str | None
    recorded_at: datetime

    @classmethod
    def of(cls, voucher: Voucher) -> Self:
        """From the voucher."""
        return cls.model_validate(voucher)


class VouchersView(View):
    """A part of the vouchers, newest first."""

    items: list[VoucherView]
    next: str | None


class Conditions(Shape):
    """The evidence for the five conditions under which development costs are capitalised."""

    technical_feasibility: Text | None = None
    intention: Text | None = None
    benefit: Text | None = None
    resources: Text | None = None
    cost_measurable: Text | None = None


class BookingAsked(Shape):
    """An asset to be put on the balance sheet."""

    dataset_id: Code
    classification: Literal["intangible_asset", "inventory"]
    life_months: Annotated[int, Field(strict=True, ge=1, le=LIFE_MONTHS_MAX)] | None = None
    voucher_ids: Annotated[list[Code], Field(max_length=VOUCHERS_MAX)]
    conditions: Conditions | None = None
    approval_reference: Name | None = None


class InstalmentView(View):
    """One month of amortisation."""

    month: int
    amount_fen: int
    carrying_fen: int


class BookingView(View):
    """An entry on the balance sheet, and what it is worth today."""

    booking_id: str
    dataset_id: str
    party_id: str
    lineage_root: str
    classification: Classification
    basis: str
    measurement: str
    cost_fen: int
    expensed_fen: int
    life_months: int | None
    monthly_fen: int | None
    schedule: list[InstalmentView]
    amortised_fen: int
    carrying_fen: int
    restricted: bool
    certificate_number: str
    approval_reference: str | None
    voucher_ids: list[str]
    booked_at: datetime

    @classmethod
    def of(cls, standing: BookingStanding) -> Self:
        """From the booking."""
        booking, schedule = standing.booking, standing.booking.schedule
        return cls(
            booking_id=booking.booking_id, dataset_id=booking.dataset_id, party_id=booking.party_id,
            lineage_root=booking.lineage_root, classification=booking.classification, basis=booking.basis,
            measurement=booking.measurement, cost_fen=booking.cost_fen, expensed_fen=booking.expensed_fen,
            life_months=booking.life_months, monthly_fen=schedule[0].amount_fen if schedule else None,
            schedule=[InstalmentView.model_validate(instalment) for instalment in schedule],
            amortised_fen=standing.amortised_fen, carrying_fen=booking.cost_fen - standing.amortised_fen,
            restricted=standing.restricted, certificate_number=booking.certificate_number,
            approval_reference=booking.approval_reference, voucher_ids=booking.voucher_ids, booked_at=booking.booked_at,
        )  # fmt: skip


class BookingsView(View):
    """A part of the bookings, newest first."""

    items: list[BookingView]
    next: str | None


class PolicyChoice(Shape):
    """A bank's terms."""

    pledge_rate_ppm: Ppm
    ceiling_fen: FenIn | None = None
    appraisers: Annotated[list[Code], Field(max_length=APPRAISERS_MAX)]


class PolicyView(View):
    """A bank's terms as they stand."""

    bank_party_id: str
    pledge_rate_ppm: int
    ceiling_fen: int | None
    appraisers: list[str]

    @classmethod
    def of(cls, policy: BankPolicy) -> Self:
        """From the policy."""
        return cls.model_validate(policy)


@router.post("/vouchers", status_code=201, dependencies=[allow("provider")])
async def record_voucher(recording: VoucherRecording, pledging: Ports, caller: CallerOf, once: OnceKey) -> VoucherView:
    """Record one cost line of an asset."""
    voucher = Voucher(
        new_id("vch"), caller.party_id, recording.dataset_id, recording.voucher_number, recording.period,
        Stage(recording.stage), Category(recording.category), recording.amount_fen, recording.capitalise,
        recording.reason, recording.approver, _EPOCH,
    )  # fmt: skip
    return VoucherView.of(await bookings.record_voucher(pledging, once, voucher))


@router.get("/vouchers", dependencies=[allow("provider")])
async def list_vouchers(
    pledging: Ports, caller: CallerOf, part: PartOf, dataset_id: Code | None = None
) -> VouchersView:
    """The caller's cost lines."""
    found = await bookings.list_vouchers(pledging, caller, dataset_id, part)
    names = [voucher.voucher_id for voucher in found]
    return VouchersView(items=[VoucherView.of(voucher) for voucher in found], next=following(names, part))


@router.post("/bookings", status_code=201, dependencies=[allow("provider")])
async def book_asset(asked: BookingAsked, pledging: Ports, caller: CallerOf, once: OnceKey) -> BookingView:
    """Put an asset on the balance sheet (入表)."""
    conditions = asked.conditions.model_dump(exclude_none=True) if asked.conditions else {}
    entry = Entry(
        caller.party_id, asked.dataset_id, Classification(asked.classification), asked.life_months, conditions,
        asked.approval_reference,
    )  # fmt: skip
    return BookingView.of(await bookings.book_asset(pledging, once, entry, asked.voucher_ids))


@router.get("/bookings", dependencies=[allow("provider")])
async def list_bookings(
    pledging: Ports, caller: CallerOf, part: PartOf, dataset_id: Code | None = None
) -> BookingsView:
    """The caller's bookings."""
    found = await bookings.list_bookings(pledging, caller, dataset_id, part)
    names = [standing.booking.booking_id for standing in found]
    return BookingsView(items=[BookingView.of(standing) for standing in found], next=following(names, part))


@router.get("/bookings/{booking_id}", dependencies=[allow("provider")])
async def read_booking(booking_id: Id, pledging: Ports, caller: CallerOf) -> BookingView:
    """One of the caller's bookings."""
    return BookingView.of(await bookings.read_booking(pledging, caller, booking_id))


@router.put("/bank-policies/mine", dependencies=[allow("bank")])
async def choose_policy(choice: PolicyChoice, pledging: Ports, caller: CallerOf, once: OnceKey) -> PolicyView:
    """Set the terms on which the bank lends."""
    policy = BankPolicy.chosen(caller.party_id, choice.pledge_rate_ppm, choice.ceiling_fen, choice.appraisers)
    return PolicyView.of(await bank_policies.choose_policy(pledging, once, policy))


@router.get("/bank-policies/mine", dependencies=[allow("bank")])
async def read_policy(pledging: Ports, caller: CallerOf) -> PolicyView:
    """The terms on which the bank lends."""
    return PolicyView.of(await bank_policies.read_policy(pledging, caller))
