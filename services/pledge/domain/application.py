"""What a borrower asks for, and what people and parties said to it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from kernel.canonical import canonical
from kernel.refusals import Refusal, carried


@dataclass(frozen=True)
class Reason:
    """Why something was refused, in the words of whoever refused it."""

    reason: str
    detail: str
    detail_zh: str
    kind: str = "Conflict"
    facts: dict[str, Any] = field(default_factory=dict)  # Any: JSON values

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        """A refusal, to be kept."""
        return cls(refusal.reason, refusal.detail, refusal.detail_zh, refusal.kind, refusal.facts)

    def again(self) -> Refusal:
        """The refusal as it was made."""
        return carried(self.kind, self.reason, self.detail, self.detail_zh, self.facts)


@dataclass(frozen=True)
class Agreement:
    """One person's yes."""

    subject_id: str
    at: datetime


@dataclass(frozen=True)
class Consent:
    """A co-holder's consent, verified when it came in and kept as it was signed."""

    party_id: str
    jws: str


@dataclass(frozen=True)
class Signature:
    """One side's signature: a JWS by a registered key, or an attested click of a logged-in person."""

    party_id: str
    way: str  # jws | click
    key_id: str | None
    subject_id: str
    at: datetime
    jws: str | None


@dataclass(frozen=True)
class LoanContract:
    """The digests of the loan contract and the pledge contract, and who signed them."""

    loan_contract_sha256: str
    pledge_contract_sha256: str
    signatures: list[Signature] = field(default_factory=list)


@dataclass(frozen=True)
class Application:
    """What a borrower asks for."""

    borrower_party_id: str
    bank_party_id: str
    dataset_id: str | None
    product_id: str | None
    principal_fen: int
    term_months: int
    annual_rate_ppm: int
    purpose: str
    control_account: str
    licence_policy: str  # free | notify | consent
    value_report_id: str | None

    @property
    def asset(self) -> str:
        """The id by which the asset was named."""
        return self.dataset_id or self.product_id or ""

    def consent_text(self) -> bytes:
        """What a co-holder signs."""
        return canonical({
            "asset": self.asset, "bank_party_id": self.bank_party_id, "borrower_party_id": self.borrower_party_id,
            "principal_fen": self.principal_fen, "term_months": self.term_months,
        })  # fmt: skip
