"""Settlements 清结算: who gets which part of what was charged, and whether it was paid."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.money import largest_remainder
from trading.domain import refusals
from trading.domain.listings import OWN_ROLES
from trading.domain.payments import Direction, Instruction

CONTROL_ACCOUNT = "control_account"


class SettlementState(StrEnum):
    """How far a settlement is."""

    SPLITTING = "SPLITTING"
    PAYING = "PAYING"
    SETTLED = "SETTLED"


NEXT = {
    SettlementState.SPLITTING: frozenset({SettlementState.PAYING}),
    SettlementState.PAYING: frozenset({SettlementState.SETTLED}),
    SettlementState.SETTLED: frozenset[SettlementState](),
}


class ShareState(StrEnum):
    """How far one share's payment is."""

    INSTRUCTING = "INSTRUCTING"
    INSTRUCTED = "INSTRUCTED"
    PAID = "PAID"


@dataclass(frozen=True)
class Share:
    """One part of a settlement, on its way to one account."""

    share_id: str
    role: str
    party_id: str
    account: str
    amount_fen: int
    state: ShareState = ShareState.INSTRUCTING

    def instruction(self) -> Instruction:
        """What the payer is asked to do."""
        return Instruction(self.share_id, Direction.PAY_OUT, self.account, self.amount_fen)


def split_shares(
    settlement_id: str, amount_fen: int, split: Sequence[dict[str, Any]], provider: str, control_account: str
) -> tuple[Share, ...]:
    """Divide by largest remainder in the split's own order; a provider's own part goes to the control account, if any.

    A freeze that kills income kills the loan: a pledged asset's income goes on, to where the pledgee watches it.
    """
    parts = largest_remainder(amount_fen, [line["share_ppm"] for line in split])
    shares = []
    for number, (line, part) in enumerate(zip(split, parts, strict=True), start=1):
        account = line["account"] or f"account:{line['party_id']}"
        share = Share(f"{settlement_id}.{number}", line["role"], line["party_id"], account, part)
        if control_account and line["party_id"] == provider and line["role"] in OWN_ROLES:
            share = replace(share, role=CONTROL_ACCOUNT, account=control_account)
        if part == 0:  # nothing to pay: a tiny amount's last shares
            share = replace(share, state=ShareState.PAID)
        shares.append(share)
    return tuple(shares)


@dataclass
class Settlement:
    """One confirmed statement on its way to everyone's accounts."""

    settlement_id: str
    statement_id: str
    contract_id: str
    order_id: str
    lineage_root: str
    provider_party_id: str
    buyer_party_id: str
    amount_fen: int
    begun_at: datetime
    shares: tuple[Share, ...] = field(default=())
    state: SettlementState = SettlementState.SPLITTING
    settled_at: datetime | None = None
    trade_certificate_number: str = ""
    registrations: tuple[str, ...] = field(default=())
    version: int = 1

    def go(self, to: SettlementState) -> None:
        """Pass on to a state that may follow."""
        if to not in NEXT[self.state]:
            raise refusals.StepNotAllowed(state=self.state)
        self.state = to

    def marked(self, share_id: str, state: ShareState) -> Share | None:
        """Move one share on; the share, or nothing when it was there already (the payer may say things twice)."""
        for place, share in enumerate(self.shares):
            if share.share_id == share_id and share.state not in {state, ShareState.PAID}:
                moved = replace(share, state=state)
                self.shares = (*self.shares[:place], moved, *self.shares[place + 1 :])
                return moved
        return None

    @property
    def all_paid(self) -> bool:
        """Whether nothing is left to pay."""
        return bool(self.shares) and all(share.state is ShareState.PAID for share in self.shares)
