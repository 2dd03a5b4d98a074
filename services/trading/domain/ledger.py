"""The ledger of sales: integer fen, double entry. Credits are positive, debits negative, a transaction sums to zero."""

from collections.abc import Sequence
from dataclasses import dataclass

SUPERVISED = "supervised"


def deposit_of(party_id: str) -> str:
    """A buyer's money at the payer that the market may charge; guarded: never negative, holds included."""
    return f"deposit:{party_id}"


def revenue_of(contract_id: str) -> str:
    """Charged under a contract and not yet settled; back to zero when all is settled."""
    return f"revenue:{contract_id}"


def payable_of(settlement_id: str) -> str:
    """Split and not yet paid out; back to zero when the last share is paid."""
    return f"payable:{settlement_id}"


def is_guarded(account: str) -> bool:
    """Whether an account must never be overdrawn. Only the mirror of the payer's account is not guarded."""
    return account != SUPERVISED


@dataclass(frozen=True)
class Posting:
    """One line: credit positive, debit negative."""

    account: str
    amount_fen: int


@dataclass(frozen=True)
class Transaction:
    """One business step's effect on the ledger; its source is unique, so a step repeated has no second effect."""

    source_type: str
    source_id: str
    step: str
    postings: tuple[Posting, ...]


def moved(source: tuple[str, str, str], amount_fen: int, *, debit: str, credit: str) -> Transaction:
    """Money moved from one account to another."""
    if amount_fen <= 0:
        message = f"only a positive amount moves, not {amount_fen}"
        raise ValueError(message)
    return Transaction(*source, (Posting(debit, -amount_fen), Posting(credit, amount_fen)))


def top_up_received(top_up_id: str, party_id: str, amount_fen: int) -> Transaction:
    """The payer has the buyer's money."""
    return moved(("top_up", top_up_id, "received"), amount_fen, debit=SUPERVISED, credit=deposit_of(party_id))


def settlement_split(settlement_id: str, contract_id: str, amount_fen: int) -> Transaction:
    """What was charged now belongs to those who share it."""
    return moved(
        ("settlement", settlement_id, "split"), amount_fen, debit=revenue_of(contract_id),
        credit=payable_of(settlement_id),
    )  # fmt: skip


def share_paid(share_id: str, settlement_id: str, amount_fen: int) -> Transaction:
    """The payer has paid one share out."""
    return moved(("share", share_id, "paid"), amount_fen, debit=payable_of(settlement_id), credit=SUPERVISED)


def sums_to_zero(postings: Sequence[Posting]) -> bool:
    """The one rule of double entry."""
    return sum(posting.amount_fen for posting in postings) == 0
