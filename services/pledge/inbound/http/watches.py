"""Routes for the watch: alerts, portfolio, income, and the manual register of outside entries."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import Query

from kernel.ids import new_id
from kernel.web import CallerOf, Code, Moment, Name, OnceKey, Router, Shape, Text, View, allow
from pledge.domain.limits import Band, band_of
from pledge.domain.registration import DISCLAIMER, DISCLAIMER_ZH, OutsideEntry
from pledge.domain.states import LoanState
from pledge.domain.watch import Watch
from pledge.inbound.http.edge import Id, PartOf, Ports, following
from pledge.ports import Standing
from pledge.use_cases import outside_entries, watches
from pledge.use_cases.watches import IncomeAccount

router = Router(tags=["watch"])


class WatchView(View):
    """One alert."""

    watch_id: str
    loan_id: str
    cause: str
    detail: str
    raised_at: datetime
    due_on: date
    resolved_at: datetime | None
    note: str | None

    @classmethod
    def of(cls, watch: Watch) -> Self:
        """From the alert."""
        return cls.model_validate(watch)


class WatchesView(View):
    """A part of the alerts, newest first."""

    items: list[WatchView]
    next: str | None


class Resolution(Shape):
    """What was done about an alert."""

    note: Text


class StandingView(View):
    """A running loan with what its bank watches."""

    loan_id: str
    pledge_id: str | None
    state: LoanState
    pledge_state: str | None
    borrower_party_id: str
    outstanding_fen: int
    valuation_fen: int
    ltv_ppm: int | None
    band: Band
    watches_open: int
    income_fen: int
    matures_on: date | None

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """From the loan and what is watched."""
        loan = standing.loan
        return cls(
            loan_id=loan.loan_id, pledge_id=loan.pledge_id, state=loan.state, pledge_state=standing.pledge_state,
            borrower_party_id=loan.borrower_party_id, outstanding_fen=loan.outstanding_fen,
            valuation_fen=loan.valuation_fen, ltv_ppm=loan.ltv_ppm, band=band_of(loan.ltv_ppm),
            watches_open=standing.watches_open, income_fen=standing.income_fen, matures_on=loan.matures_on,
        )  # fmt: skip


class PortfolioView(View):
    """A part of a bank's running loans, newest first."""

    items: list[StandingView]
    next: str | None


class IncomeView(View):
    """What one settlement paid in."""

    settlement_id: str
    contract_id: str
    amount_fen: int
    trade_certificate_number: str
    settled_at: datetime


class IncomeAccountView(View):
    """A control account and what came in."""

    pledge_id: str
    control_account: str
    total_fen: int
    items: list[IncomeView]
    next: str | None

    @classmethod
    def of(cls, account: IncomeAccount, after: str | None) -> Self:
        """From the account."""
        items = [IncomeView.model_validate(income) for income in account.items]
        return cls(
            pledge_id=account.pledge_id, control_account=account.control_account, total_fen=account.total_fen,
            items=items, next=after,
        )  # fmt: skip


class EntrySeen(Shape):
    """A line of an outside registry, as somebody saw it."""

    registry: Literal["zhongdeng", "exchange"]
    registration_number: Code
    debtor_credit_code: Code
    asset: Code
    secured_party: Name
    description: Text
    proof_number: Code
    queried_at: Moment


class EntryView(View):
    """A line of an outside registry, who saw it, and what that is worth."""

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
    cancelled_at: datetime | None
    live: bool
    disclaimer: str = DISCLAIMER
    disclaimer_zh: str = DISCLAIMER_ZH

    @classmethod
    def of(cls, entry: OutsideEntry) -> Self:
        """From the entry."""
        return cls(**vars(entry), live=entry.cancelled_at is None)


class EntriesView(View):
    """A part of the entries, newest first."""

    items: list[EntryView]
    next: str | None
    disclaimer: str = DISCLAIMER
    disclaimer_zh: str = DISCLAIMER_ZH


@router.get("/watches", dependencies=[allow("provider", "bank")])
async def list_watches(
    pledging: Ports, caller: CallerOf, part: PartOf, loan_id: Code | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
) -> WatchesView:  # fmt: skip
    """The alerts on the caller's loans."""
    found = await watches.list_watches(pledging, caller, part, loan_id=loan_id, is_open=is_open)
    names = [watch.watch_id for watch in found]
    return WatchesView(items=[WatchView.of(watch) for watch in found], next=following(names, part))


@router.post("/watches/{watch_id}:resolve", dependencies=[allow("bank")])
async def resolve_watch(
    watch_id: Id, resolution: Resolution, pledging: Ports, caller: CallerOf, once: OnceKey
) -> WatchView:
    """Say what was done about an alert."""
    return WatchView.of(await watches.resolve_watch(pledging, caller, once, watch_id, resolution.note))


@router.get("/portfolio", dependencies=[allow("bank")])
async def read_portfolio(pledging: Ports, caller: CallerOf, part: PartOf) -> PortfolioView:
    """The bank's running loans with their loan to value."""
    found = await watches.read_portfolio(pledging, caller, part)
    names = [standing.loan.loan_id for standing in found]
    return PortfolioView(items=[StandingView.of(standing) for standing in found], next=following(names, part))


@router.get("/pledges/{pledge_id}/income", dependencies=[allow("provider", "bank", "operator", "regulator")])
async def read_income(pledge_id: Id, pledging: Ports, caller: CallerOf, part: PartOf) -> IncomeAccountView:
    """What came into a pledge's control account."""
    account = await watches.read_income(pledging, caller, pledge_id, part)
    return IncomeAccountView.of(account, following([income.settlement_id for income in account.items], part))


@router.post("/outside-entries", status_code=201, dependencies=[allow("bank", "operator")])
async def record_entry(seen: EntrySeen, pledging: Ports, caller: CallerOf, once: OnceKey) -> EntryView:
    """Record a line that somebody saw in an outside registry."""
    entry = OutsideEntry(
        new_id("oent"), seen.registry, seen.registration_number, seen.debtor_credit_code, seen.asset,
        seen.secured_party, seen.description, seen.proof_number, seen.queried_at, caller.subject_id, seen.queried_at,
    )  # fmt: skip
    return EntryView.of(await outside_entries.record_entry(pledging, once, entry))


@router.get("/outside-entries", dependencies=[allow("bank", "operator", "regulator")])
async def list_entries(
    pledging: Ports, _caller: CallerOf, part: PartOf, debtor_credit_code: Code, asset: Code | None = None
) -> EntriesView:
    """The lines recorded on a debtor."""
    found = await outside_entries.list_entries(pledging, debtor_credit_code, asset, part)
    names = [entry.entry_id for entry in found]
    return EntriesView(items=[EntryView.of(entry) for entry in found], next=following(names, part))
