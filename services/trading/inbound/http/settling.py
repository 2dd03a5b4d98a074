"""Statements, settlements, trade certificates and reconciliation over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self

from fastapi import Query

from kernel.web import CallerOf, Code, OnceKey, PageOf, Router, Shape, Text, View, allow
from trading.domain.settlements import CONTROL_ACCOUNT, Settlement, SettlementState
from trading.domain.statements import Statement, StatementState
from trading.inbound.http.contracts import DEALING, READING, wanted_by
from trading.inbound.http.listings import Id, Ports
from trading.use_cases import reconciliations, settlements, statements

router = Router(tags=["settling 清结算"])
DRAWING = allow("buyer", "bank", "provider", "authorised_operator", "operator")
ContractId = Annotated[Code | None, Query()]


class StatementDrawing(Shape):
    """Which contract, and which days in Shanghai, both included."""

    contract_id: Code
    period_from: date
    period_to: date


class Disputing(Shape):
    """Why one side does not agree."""

    reason: Text


class DayView(View):
    """The charges of one day."""

    day: date
    calls: int
    covered: int
    amount_fen: int


class StatementView(View):
    """A statement."""

    statement_id: str
    contract_id: str
    provider_party_id: str
    buyer_party_id: str
    period_from: date
    period_to: date
    days: list[DayView]
    calls: int
    covered: int
    amount_fen: int
    state: StatementState
    confirmed_by: list[str]
    disputed_by: str
    dispute_reason: str
    settlement_id: str
    drawn_at: datetime

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """From the statement."""
        return cls.model_validate(statement)


class StatementsView(View):
    """A page of statements."""

    items: list[StatementView]
    next: str | None


class ShareView(View):
    """One share and whether it was paid."""

    role: str
    party_id: str
    account: str
    amount_fen: int
    diverted: bool
    state: str


class SettlementView(View):
    """A settlement."""

    settlement_id: str
    statement_id: str
    contract_id: str
    amount_fen: int
    state: SettlementState
    shares: list[ShareView]
    trade_certificate_number: str
    begun_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, settlement: Settlement) -> Self:
        """From the settlement."""
        shares = [
            ShareView(
                role=each.role, party_id=each.party_id, account=each.account, amount_fen=each.amount_fen,
                diverted=each.role == CONTROL_ACCOUNT, state=each.state,
            )
            for each in settlement.shares
        ]  # fmt: skip
        return cls(
            settlement_id=settlement.settlement_id, statement_id=settlement.statement_id,
            contract_id=settlement.contract_id, amount_fen=settlement.amount_fen, state=settlement.state, shares=shares,
            trade_certificate_number=settlement.trade_certificate_number, begun_at=settlement.begun_at,
            settled_at=settlement.settled_at,
        )  # fmt: skip


class SettlementsView(View):
    """A page of settlements."""

    items: list[SettlementView]
    next: str | None


class SplitSumView(View):
    """What one taker got in all."""

    role: str
    party_id: str
    account: str
    amount_fen: int


class DifferenceView(View):
    """Two books that do not agree."""

    between: str
    left_fen: int
    right_fen: int
    difference_fen: int


class ReconciliationView(View):
    """One contract's money in every book."""

    contract_id: str
    calls: int
    covered: int
    open_holds: int
    price_fen: int
    metered_fen: int
    billed_fen: int
    ledger_fen: int
    charged_fen: int
    settled_fen: int
    bank_statement_fen: int
    splits: list[SplitSumView]
    differences: list[DifferenceView]


@router.post("/statements", status_code=201, dependencies=[DRAWING])
async def draw_statement(drawing: StatementDrawing, trading: Ports, caller: CallerOf, once: OnceKey) -> StatementView:
    """Bill the unbilled uses of a period."""
    period = statements.Period(drawing.period_from, drawing.period_to)
    return StatementView.of(await statements.draw_statement(trading, caller, once, drawing.contract_id, period))


@router.get("/statements", dependencies=[READING])
async def list_statements(
    trading: Ports, caller: CallerOf, page: PageOf, contract_id: ContractId = None
) -> StatementsView:
    """One's own statements, the newest first."""
    equal = {"contract_id": contract_id} if contract_id else {}
    found = await statements.list_statements(trading, wanted_by(caller, page, **equal))
    last = found[-1].statement_id if len(found) == page.limit else None
    return StatementsView(items=[StatementView.of(each) for each in found], next=last)


@router.get("/statements/{statement_id}", dependencies=[READING])
async def read_statement(statement_id: Id, trading: Ports, caller: CallerOf) -> StatementView:
    """One statement."""
    return StatementView.of(await statements.read_statement(trading, caller, statement_id))


@router.post("/statements/{statement_id}:confirm", dependencies=[DEALING])
async def confirm_statement(statement_id: Id, trading: Ports, caller: CallerOf, once: OnceKey) -> StatementView:
    """Agree with it; when both have, it is settled."""
    return StatementView.of(await statements.confirm_statement(trading, caller, once, statement_id))


@router.post("/statements/{statement_id}:dispute", dependencies=[DEALING])
async def dispute_statement(
    statement_id: Id, disputing: Disputing, trading: Ports, caller: CallerOf, once: OnceKey
) -> StatementView:
    """Do not agree with it."""
    return StatementView.of(await statements.dispute_statement(trading, caller, once, statement_id, disputing.reason))


@router.get("/settlements", dependencies=[READING])
async def list_settlements(
    trading: Ports, caller: CallerOf, page: PageOf, contract_id: ContractId = None
) -> SettlementsView:
    """One's own settlements, the newest first."""
    equal = {"contract_id": contract_id} if contract_id else {}
    found = await settlements.list_settlements(trading, wanted_by(caller, page, **equal))
    last = found[-1].settlement_id if len(found) == page.limit else None
    return SettlementsView(items=[SettlementView.of(each) for each in found], next=last)


@router.get("/settlements/{settlement_id}", dependencies=[READING])
async def read_settlement(settlement_id: Id, trading: Ports, caller: CallerOf) -> SettlementView:
    """One settlement."""
    return SettlementView.of(await settlements.read_settlement(trading, caller, settlement_id))


@router.get("/reconciliations", dependencies=[READING])
async def reconcile(trading: Ports, caller: CallerOf, contract_id: Annotated[Code, Query()]) -> ReconciliationView:
    """Meter, ledger, bill, settlement, splits and bank of one contract, with every difference."""
    return ReconciliationView.model_validate(await reconciliations.reconcile(trading, caller, contract_id))
