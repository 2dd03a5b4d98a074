"""Statements: drawn from unbilled uses, confirmed by both sides, then settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kernel.calendar import local_date
from kernel.callers import Caller
from kernel.ids import new_id
from kernel.once import Once
from kernel.refusals import Refusal
from trading.domain import events, refusals
from trading.domain.contracts import Contract
from trading.domain.settlements import Settlement
from trading.domain.statements import Statement
from trading.ports import Trading, Wanted, Work
from trading.use_cases import settlements


@dataclass(frozen=True)
class Period:
    """Days in Shanghai, both included."""

    first: date
    last: date


async def draw_statement(app: Trading, caller: Caller, once: Once, contract_id: str, period: Period) -> Statement:
    """Bill the unbilled uses of a period."""
    if period.last < period.first:
        raise refusals.PeriodMalformed(period_from=str(period.first), period_to=str(period.last))
    async with app.work(once) as work:
        contract = await work.contracts.get(contract_id, lock=True)
        if caller.party_id not in contract.parties and not caller.has("operator"):
            raise refusals.ContractNotFound(contract_id=contract_id)
        return work.settle(await _draw(work, contract, period))


async def _draw(work: Work, contract: Contract, period: Period) -> Statement:
    statement = Statement(
        new_id("stm"), contract.contract_id, contract.provider_party_id, contract.buyer_party_id, period.first,
        period.last, (), work.now,
    )  # fmt: skip
    statement.days = tuple(await work.uses.unbilled_days(statement, statement.statement_id))
    if not statement.amount_fen:  # covered uses alone cost nothing; they wait for the next bill
        raise refusals.NothingToBill(contract_id=contract.contract_id)
    await work.statements.add(statement)
    return statement


async def draw_accepted(work: Work, contract: Contract) -> str:
    """The statement of an accepted fixed-price order: both signed the price, the buyer accepted the delivery."""
    period = Period(local_date(contract.starts_at), local_date(work.now))
    statement = await _draw(work, contract, period)
    statement.confirm(contract.provider_party_id)
    statement.confirm(contract.buyer_party_id)
    return await _begin_settling(work, statement, contract)


async def confirm_statement(app: Trading, caller: Caller, once: Once, statement_id: str) -> Statement:
    """One side agrees; when both have, the money is divided and paid out."""
    async with app.work(once) as work:
        statement = await _own(work, caller, statement_id)
        still_open = await work.uses.open_in(statement.contract_id, statement.period_from, statement.period_to)
        if still_open:
            raise refusals.UsesStillOpen(open=still_open)
        settlement_id = ""
        if statement.confirm(caller.party_id):
            contract = await work.contracts.get(statement.contract_id)
            settlement_id = await _begin_settling(work, statement, contract)
        else:
            await work.statements.save(statement)
        work.settle(statement)
    if settlement_id:
        await settle_now(app, settlement_id)
    return statement


async def _begin_settling(work: Work, statement: Statement, contract: Contract) -> str:
    settlement = Settlement(
        new_id("stl"), statement.statement_id, contract.contract_id, contract.order_id, contract.lineage_root,
        contract.provider_party_id, contract.buyer_party_id, statement.amount_fen, work.now,
    )  # fmt: skip
    statement.settlement_id = settlement.settlement_id
    await work.settlements.add(settlement)
    await work.statements.save(statement)
    told = events.StatementConfirmed(
        statement.statement_id, contract.contract_id, statement.amount_fen, work.now
    )  # fmt: skip
    work.tell(told, about=statement.statement_id)
    return settlement.settlement_id


async def settle_now(app: Trading, settlement_id: str) -> None:
    """Settle at once; when somebody needed for it is away, the job goes on with it."""
    try:
        await settlements.settle(app, settlement_id)
    except Refusal:
        return


async def dispute_statement(app: Trading, caller: Caller, once: Once, statement_id: str, reason: str) -> Statement:
    """One side does not agree with the bill."""
    async with app.work(once) as work:
        statement = await _own(work, caller, statement_id)
        statement.dispute(caller.party_id, reason)
        await work.statements.save(statement)
        return work.settle(statement)


async def _own(work: Work, caller: Caller, statement_id: str) -> Statement:
    statement = await work.statements.get(statement_id, lock=True)
    if caller.party_id not in {statement.provider_party_id, statement.buyer_party_id}:
        raise refusals.StatementNotFound(statement_id=statement_id)
    return statement


async def read_statement(app: Trading, caller: Caller, statement_id: str) -> Statement:
    """One's own statement; operator and regulator see all."""
    async with app.work() as work:
        statement = await work.statements.get(statement_id)
    mine = caller.party_id in {statement.provider_party_id, statement.buyer_party_id}
    if not mine and not caller.has("operator", "regulator"):
        raise refusals.StatementNotFound(statement_id=statement_id)
    return statement


async def list_statements(app: Trading, wanted: Wanted) -> Sequence[Statement]:
    """One's own statements, the newest first."""
    async with app.work() as work:
        return await work.statements.list(wanted)
