"""Buyers' deposits: topping up through the payer, and what is there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from kernel.callers import Caller
from kernel.crash_points import reached
from kernel.ids import new_id
from kernel.once import Once
from kernel.refusals import Refusal
from trading.domain import ledger, refusals
from trading.domain.payments import TOP_UP_FEN_MAX, BankLine, Notice, TopUp, TopUpState
from trading.ports import Trading, Work
from trading.use_cases import settlements

DONE, FAILED = "DONE", "FAILED"


@dataclass(frozen=True)
class Deposit:
    """What a buyer has at the payer for the market to charge."""

    party_id: str
    posted_fen: int
    held_fen: int

    @property
    def available_fen(self) -> int:
        """What can still be held."""
        return self.posted_fen - self.held_fen


async def open_top_up(app: Trading, caller: Caller, once: Once, amount_fen: int) -> TopUp:
    """Have the payer collect money from the buyer; it is there when the payer says so."""
    if not 1 <= amount_fen <= TOP_UP_FEN_MAX:
        raise refusals.AmountTooLarge(amount_fen_max=TOP_UP_FEN_MAX)
    async with app.work(once) as work:
        top_up = TopUp(new_id("top"), caller.party_id, amount_fen, work.now)
        await work.top_ups.add(top_up)
        work.settle(top_up)
    with suppress(Refusal):  # the wish is kept; the job asks the payer again
        await instruct_top_up(app, top_up.top_up_id)
    return top_up  # as it was kept under the key, so that a retry hears the same


async def instruct_top_up(app: Trading, top_up_id: str) -> TopUp:
    """Idempotent: the payer knows the instruction by our reference."""
    async with app.work() as work:
        top_up = await work.top_ups.get(top_up_id)
    await app.payer.instruct(top_up.instruction())
    reached("top_up.after_bank_call")
    async with app.work() as work:
        top_up = await work.top_ups.get(top_up_id, lock=True)
        if top_up.state is TopUpState.INSTRUCTING:
            top_up.state = TopUpState.INSTRUCTED
            await work.top_ups.save(top_up)
        return top_up


async def hear_payer(app: Trading, notice_text: str) -> Notice:
    """The payer says what became of an instruction; it may say so twice, or late."""
    notice = await app.payer.read(notice_text)
    await apply_notice(app, notice)
    return notice


async def ask_payer(app: Trading, reference: str) -> bool:
    """For an instruction without an answer; whether the payer had one."""
    notice = await app.payer.ask(reference)
    if notice is None or notice.outcome not in {DONE, FAILED}:
        return False
    await apply_notice(app, notice)
    return True


async def apply_notice(app: Trading, notice: Notice) -> None:
    """Post what the payer did, once."""
    if not notice.reference.startswith("top_"):
        await settlements.take_notice(app, notice)
        return
    async with app.work() as work:
        try:
            top_up = await work.top_ups.get(notice.reference, lock=True)
        except refusals.TopUpNotFound as error:
            raise refusals.NoticeUnknown(reference=notice.reference) from error
        if top_up.amount_fen != notice.amount_fen:
            raise refusals.NoticeUnknown(reference=notice.reference)
        if top_up.open:
            await _receive(work, top_up, notice)


async def _receive(work: Work, top_up: TopUp, notice: Notice) -> None:
    if notice.outcome == DONE:
        transaction = ledger.top_up_received(top_up.top_up_id, top_up.party_id, top_up.amount_fen)
        await work.ledger.open(ledger.deposit_of(top_up.party_id), ledger.SUPERVISED)
        await work.ledger.post(transaction, work.now)
        top_up.state, top_up.received_at = TopUpState.RECEIVED, work.now
    elif notice.outcome == FAILED:
        top_up.state = TopUpState.FAILED
    await work.top_ups.save(top_up)


async def read_top_up(app: Trading, caller: Caller, top_up_id: str) -> TopUp:
    """One's own top-up; the operator sees all."""
    async with app.work() as work:
        top_up = await work.top_ups.get(top_up_id)
    if top_up.party_id != caller.party_id and not caller.has("operator", "regulator"):
        raise refusals.TopUpNotFound(top_up_id=top_up_id)
    return top_up


async def read_deposit(app: Trading, caller: Caller) -> Deposit:
    """One's own deposit."""
    async with app.work() as work:
        return Deposit(caller.party_id, *await work.ledger.balance(ledger.deposit_of(caller.party_id)))


@dataclass(frozen=True)
class BankStatement:
    """The supervised account as the payer states it, beside the ledger's mirror of it."""

    lines: Sequence[BankLine]
    unmatched: frozenset[str]
    credit_fen: int
    debit_fen: int
    ledger_fen: int

    @property
    def balance_fen(self) -> int:
        """What the payer says is there."""
        return self.credit_fen - self.debit_fen


async def read_bank_statement(app: Trading, after: int, limit: int) -> BankStatement:
    """Lines of the payer's statement; a line is unmatched when the ledger has not the same."""
    lines = await app.payer.lines(after, limit)
    credit_fen, debit_fen = await app.payer.totals()
    async with app.work() as work:
        unmatched = [line.reference for line in lines if not await _is_posted(work, line)]
        posted_fen, _ = await work.ledger.balance(ledger.SUPERVISED)
    return BankStatement(lines, frozenset(unmatched), credit_fen, debit_fen, -posted_fen)


async def _is_posted(work: Work, line: BankLine) -> bool:
    source, step = ("top_up", "received") if line.reference.startswith("top_") else ("share", "paid")
    return await work.ledger.posted_for(source, line.reference, step) == line.amount_fen
