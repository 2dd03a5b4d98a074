"""Deposits, the payer's notices and the bank statement over HTTP."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query

from kernel.web import PUBLIC, CallerOf, FenIn, Jws, OnceKey, Router, Shape, View, allow
from trading.domain.payments import BankLine, Direction, TopUp, TopUpState
from trading.inbound.http.listings import Id, Ports
from trading.use_cases import deposits

router = Router(tags=["money 资金"])
LINES_MAX = 1000


class ToppingUp(Shape):
    """How much a buyer puts in."""

    amount_fen: FenIn


class TopUpView(View):
    """Money on its way into a deposit."""

    top_up_id: str
    party_id: str
    amount_fen: int
    state: TopUpState
    asked_at: datetime
    received_at: datetime | None

    @classmethod
    def of(cls, top_up: TopUp) -> Self:
        """From the top-up."""
        return cls.model_validate(top_up)


class DepositView(View):
    """What a buyer has at the payer for the market to charge."""

    party_id: str
    posted_fen: int
    held_fen: int
    available_fen: int


class PayerCallback(Shape):
    """What the payer says, signed by it."""

    notice: Jws


class HeardView(View):
    """Which instruction was heard of."""

    reference: str
    outcome: str


class BankLineView(View):
    """One line of the payer's statement."""

    number: int
    reference: str
    direction: Direction
    amount_fen: int
    account: str
    booked_at: datetime
    matched: bool

    @classmethod
    def line(cls, line: BankLine, *, matched: bool) -> Self:
        """From the line."""
        return cls(
            number=line.number, reference=line.reference, direction=line.direction, amount_fen=line.amount_fen,
            account=line.account, booked_at=line.booked_at, matched=matched,
        )  # fmt: skip


class BankStatementView(View):
    """The supervised account as the payer states it, beside the ledger's mirror of it."""

    lines: list[BankLineView]
    credit_fen: int
    debit_fen: int
    balance_fen: int
    ledger_fen: int
    exceptions: list[str]


@router.post("/top-ups", status_code=202, dependencies=[allow("buyer", "bank")])
async def open_top_up(topping: ToppingUp, trading: Ports, caller: CallerOf, once: OnceKey) -> TopUpView:
    """Have the payer collect money into the deposit."""
    return TopUpView.of(await deposits.open_top_up(trading, caller, once, topping.amount_fen))


@router.get("/top-ups/{top_up_id}", dependencies=[allow()])
async def read_top_up(top_up_id: Id, trading: Ports, caller: CallerOf) -> TopUpView:
    """One top-up."""
    return TopUpView.of(await deposits.read_top_up(trading, caller, top_up_id))


@router.get("/deposits/mine", dependencies=[allow("buyer", "bank")])
async def read_deposit(trading: Ports, caller: CallerOf) -> DepositView:
    """One's own deposit."""
    return DepositView.model_validate(await deposits.read_deposit(trading, caller))


@router.post("/payer-callbacks", dependencies=[PUBLIC], openapi_extra={"x-idempotent-by": "reference"})
async def hear_payer(callback: PayerCallback, trading: Ports) -> HeardView:
    """Take in what the payer says; its signature stands for its identity, and saying it twice changes nothing."""
    notice = await deposits.hear_payer(trading, callback.notice)
    return HeardView(reference=notice.reference, outcome=notice.outcome)


@router.get("/bank-statement", dependencies=[allow("operator", "regulator")])
async def read_bank_statement(
    trading: Ports, after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=LINES_MAX)] = 100,
) -> BankStatementView:  # fmt: skip
    """Lines and totals of the supervised account; exceptions are lines the ledger does not have."""
    told = await deposits.read_bank_statement(trading, after, limit)
    return BankStatementView(
        lines=[BankLineView.line(line, matched=line.reference not in told.unmatched) for line in told.lines],
        credit_fen=told.credit_fen, debit_fen=told.debit_fen, balance_fen=told.balance_fen,
        ledger_fen=told.ledger_fen, exceptions=sorted(told.unmatched),
    )  # fmt: skip
