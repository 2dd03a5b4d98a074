"""The bank's proofs of payment: it lends from its own books, and shows us what it did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from kernel.ids import new_id
from pledge.domain.refusals import PaidInFuture

DISBURSEMENT = "disbursement"
REPAYMENT = "repayment"
# The bank's clock may be ahead of ours by so much.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Proof:
    """What the bank shows; ``amount_fen`` is principal, ``sha256`` the digest of its voucher."""

    bank_reference: str
    amount_fen: int
    interest_fen: int
    paid_at: datetime
    sha256: str


@dataclass(frozen=True)
class Payment:
    """A payment as recorded; never changed."""

    payment_id: str
    kind: str
    loan_id: str
    bank_party_id: str
    bank_reference: str
    amount_fen: int
    interest_fen: int
    paid_at: datetime
    sha256: str
    recorded_at: datetime

    @classmethod
    def made(cls, kind: str, loan_id: str, bank_party_id: str, proof: Proof, at: datetime) -> Self:
        """The payment that a proof shows; refused when it is dated in the future."""
        if proof.paid_at > at + _CLOCK_SKEW:
            raise PaidInFuture(now_at=at.isoformat())
        return cls(
            new_id("pay"), kind, loan_id, bank_party_id, proof.bank_reference, proof.amount_fen, proof.interest_fen,
            proof.paid_at, proof.sha256, at,
        )  # fmt: skip

    @classmethod
    def disbursing(cls, loan_id: str, bank_party_id: str, proof: Proof, at: datetime) -> Self:
        """The payment of the principal to the borrower."""
        return cls.made(DISBURSEMENT, loan_id, bank_party_id, proof, at)
