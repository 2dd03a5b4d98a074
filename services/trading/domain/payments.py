"""Top-ups, and what passes between the market and the licensed payer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TOP_UP_FEN_MAX = 10_000_000_000_000


class Direction(StrEnum):
    """Which way money goes, seen from the supervised account."""

    COLLECT = "COLLECT"
    PAY_OUT = "PAY_OUT"


@dataclass(frozen=True)
class Instruction:
    """What we ask the payer to do; the reference is ours and makes it happen once."""

    reference: str
    direction: Direction
    account: str
    amount_fen: int


@dataclass(frozen=True)
class Notice:
    """What the payer says became of an instruction: DONE, FAILED, or PENDING when asked too early."""

    reference: str
    direction: Direction
    amount_fen: int
    outcome: str


@dataclass(frozen=True)
class BankLine:
    """One line of the payer's statement of the supervised account."""

    number: int
    reference: str
    direction: Direction
    account: str
    amount_fen: int
    booked_at: datetime


class TopUpState(StrEnum):
    """How far a top-up is."""

    INSTRUCTING = "INSTRUCTING"
    INSTRUCTED = "INSTRUCTED"
    RECEIVED = "RECEIVED"
    FAILED = "FAILED"


@dataclass
class TopUp:
    """Money on its way into a buyer's deposit."""

    top_up_id: str
    party_id: str
    amount_fen: int
    asked_at: datetime
    state: TopUpState = TopUpState.INSTRUCTING
    received_at: datetime | None = None
    version: int = 1

    @property
    def open(self) -> bool:
        """Whether its end is not known yet."""
        return self.state in {TopUpState.INSTRUCTING, TopUpState.INSTRUCTED}

    def instruction(self) -> Instruction:
        """What the payer is asked to do."""
        return Instruction(self.top_up_id, Direction.COLLECT, self.party_id, self.amount_fen)
