"""Reconciliation 对账: meter, bill, ledger and bank side by side, with every difference named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kernel.callers import Caller
from trading.domain import ledger
from trading.domain.contracts import Contract
from trading.domain.holds import Usage
from trading.domain.settlements import Settlement, SettlementState, Share
from trading.domain.statements import Statement
from trading.ports import Aggregate, Rows, Trading, Wanted, Work
from trading.use_cases.contracts import read_contract


@dataclass(frozen=True)
class Difference:
    """Two figures that should be the same and are not, or not yet."""

    between: str
    left_fen: int
    right_fen: int

    @property
    def difference_fen(self) -> int:
        """Left less right."""
        return self.left_fen - self.right_fen


@dataclass(frozen=True)
class Reconciliation:
    """One contract's money in four books."""

    contract_id: str
    calls: int
    covered: int
    price_fen: int
    metered_fen: int
    billed_fen: int
    ledger_fen: int
    settled_fen: int
    bank_statement_fen: int
    splits: tuple[Share, ...]
    open_holds: int

    @property
    def charged_fen(self) -> int:
        """What the ledger charged."""
        return self.ledger_fen

    @property
    def differences(self) -> list[Difference]:
        """Neighbouring books that do not agree."""
        books = (
            ("meter", self.metered_fen), ("ledger", self.ledger_fen), ("bill", self.billed_fen),
            ("settlement", self.settled_fen), ("splits", sum(each.amount_fen for each in self.splits)),
            ("bank", self.bank_statement_fen),
        )  # fmt: skip
        return [Difference(f"{a}/{b}", left, right) for (a, left), (b, right) in pairwise(books) if left != right]


async def reconcile(app: Trading, caller: Caller, contract_id: str) -> Reconciliation:
    """Lay the books of one contract side by side."""
    contract = await read_contract(app, caller, contract_id)
    async with app.work() as work:
        usage = await work.uses.usage(contract_id)
        charged_fen = await _charged(work, contract)
        bills = await _all(work.statements, contract_id, lambda each: each.statement_id)
        begun = await _settlements(work, contract_id)
    settled = [each for each in begun if each.state is SettlementState.SETTLED]
    shares = [share for settlement in settled for share in settlement.shares]
    lines = await app.payer.lines_of([share.share_id for share in shares])
    return _compare(contract, usage, charged_fen, bills, settled, sum(line.amount_fen for line in lines))


async def _charged(work: Work, contract: Contract) -> int:
    """What came into the contract's clearing account: its balance and all that was split out of it."""
    posted_fen, _ = await work.ledger.balance(ledger.revenue_of(contract.contract_id))
    begun = await _settlements(work, contract.contract_id)
    split = [await work.ledger.posted_for("settlement", each.settlement_id, "split") for each in begun]
    return posted_fen + sum(split)


async def _all(rows: Rows[Aggregate], contract_id: str, id_of: Callable[[Aggregate], str]) -> list[Aggregate]:
    found: list[Aggregate] = []
    after = ""
    while page := await rows.list(Wanted(limit=100, after=after, equal={"contract_id": contract_id})):
        found += page
        after = id_of(page[-1])
    return found


async def _settlements(work: Work, contract_id: str) -> list[Settlement]:
    return await _all(work.settlements, contract_id, lambda each: each.settlement_id)


def _compare(
    contract: Contract, usage: Usage, charged_fen: int, bills: Sequence[Statement], settled: Sequence[Settlement],
    bank_fen: int,
) -> Reconciliation:  # fmt: skip
    return Reconciliation(
        contract.contract_id, usage.calls, usage.covered, contract.price_fen, usage.calls * contract.price_fen,
        sum(bill.amount_fen for bill in bills), charged_fen, sum(each.amount_fen for each in settled), bank_fen,
        _joined([share for settlement in settled for share in settlement.shares]), usage.open_holds,
    )  # fmt: skip


def _joined(shares: Sequence[Share]) -> tuple[Share, ...]:
    """Shares of the same taker added up, in the order of the split."""
    sums: dict[tuple[str, str, str], Share] = {}
    for share in shares:
        taker = (share.role, share.party_id, share.account)
        before = sums[taker].amount_fen if taker in sums else 0
        sums[taker] = Share(share.share_id, *taker, before + share.amount_fen, share.state)
    return tuple(sums.values())
