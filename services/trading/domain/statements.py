"""Statements 对账单: what was used in a period, by day, and whether both sides agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from trading.domain import refusals


class StatementState(StrEnum):
    """Where a statement stands."""

    DRAWN = "DRAWN"
    DISPUTED = "DISPUTED"
    SETTLING = "SETTLING"
    SETTLED = "SETTLED"


NEXT: Mapping[StatementState, frozenset[StatementState]] = {
    StatementState.DRAWN: frozenset({StatementState.DISPUTED, StatementState.SETTLING}),
    # Confirming what one disputed withdraws the dispute.
    StatementState.DISPUTED: frozenset({StatementState.DRAWN}),
    StatementState.SETTLING: frozenset({StatementState.SETTLED}),
    StatementState.SETTLED: frozenset(),
}


@dataclass(frozen=True)
class Day:
    """The charges of one day in Shanghai; covered calls belong to a case charged before."""

    day: date
    calls: int
    covered: int
    amount_fen: int


@dataclass
class Statement:
    """The bill of one period, drawn from uses that were not billed before."""

    statement_id: str
    contract_id: str
    provider_party_id: str
    buyer_party_id: str
    period_from: date
    period_to: date
    days: tuple[Day, ...]
    drawn_at: datetime
    state: StatementState = StatementState.DRAWN
    confirmed_by: tuple[str, ...] = field(default=())
    disputed_by: str = ""
    dispute_reason: str = ""
    settlement_id: str = ""
    version: int = 1

    @property
    def amount_fen(self) -> int:
        """What the period costs."""
        return sum(day.amount_fen for day in self.days)

    @property
    def calls(self) -> int:
        """How many calls were charged."""
        return sum(day.calls for day in self.days)

    @property
    def covered(self) -> int:
        """How many calls were covered by an earlier charge."""
        return sum(day.covered for day in self.days)

    def go(self, to: StatementState) -> None:
        """Pass on to a state that may follow."""
        if to not in NEXT[self.state]:
            raise refusals.StepNotAllowed(state=self.state)
        self.state = to

    def confirm(self, party_id: str) -> bool:
        """One side agrees; whether both now have, and settling begins."""
        if self.state is StatementState.DISPUTED and self.disputed_by == party_id:
            self.go(StatementState.DRAWN)
            self.disputed_by = self.dispute_reason = ""
        if self.state is not StatementState.DRAWN or party_id in self.confirmed_by:
            raise refusals.StepNotAllowed(state=self.state, confirmed_by=list(self.confirmed_by))
        self.confirmed_by = (*self.confirmed_by, party_id)
        if set(self.confirmed_by) != {self.provider_party_id, self.buyer_party_id}:
            return False
        self.go(StatementState.SETTLING)
        return True

    def dispute(self, party_id: str, reason: str) -> None:
        """One side does not agree; what was confirmed before counts no more."""
        self.go(StatementState.DISPUTED)
        self.disputed_by, self.dispute_reason, self.confirmed_by = party_id, reason, ()
