"""What callers send and see of loans."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from kernel.web import Code, Digest, FenIn, Flag, Jws, Moment, Name, Ppm, Shape, Text, View, Whole
from pledge.domain.loan import Loan
from pledge.domain.payment import Payment
from pledge.domain.states import LoanState

TERM_MONTHS_MAX = 360
CO_HOLDERS_MAX = 50

TermMonths = Annotated[int, Field(strict=True, ge=1, le=TERM_MONTHS_MAX)]


class LoanApplication(Shape):
    """What a borrower asks a bank for."""

    dataset_id: Code | None = None
    product_id: Code | None = None
    bank_party_id: Code
    principal_fen: FenIn
    term_months: TermMonths
    annual_rate_ppm: Ppm
    purpose: Text
    control_account: Code
    licence_policy: Literal["free", "notify", "consent"]
    value_report_id: Code | None = None
    co_holder_consents: Annotated[list[Jws], Field(max_length=CO_HOLDERS_MAX, default_factory=list)]


class AgreementView(View):
    """One person's yes."""

    subject_id: str
    at: datetime


class SignatureView(View):
    """One side's signature, and which way it was given."""

    party_id: str
    way: str
    key_id: str | None
    subject_id: str
    at: datetime


class LoanContractView(View):
    """The digests that both sides signed."""

    loan_contract_sha256: str
    pledge_contract_sha256: str
    signatures: list[SignatureView]


class ReasonView(View):
    """Why something was refused."""

    reason: str
    detail: str
    detail_zh: str


class LoanView(View):
    """A loan as it stands."""

    loan_id: str
    state: LoanState
    borrower_party_id: str
    bank_party_id: str
    dataset_id: str | None
    product_id: str | None
    lineage_root: str
    principal_fen: int
    term_months: int
    annual_rate_ppm: int
    purpose: str
    control_account: str
    licence_policy: str
    value_report_id: str | None
    valuation_fen: int
    pledge_rate_ppm: int
    limit_fen: int
    ltv_ppm: int | None
    approvals: list[AgreementView]
    contract: LoanContractView | None
    refusal: ReasonView | None
    pledge_id: str | None
    outstanding_fen: int
    repaid_fen: int
    applied_at: datetime
    approved_at: datetime | None
    contracted_at: datetime | None
    disbursed_at: datetime | None
    matures_on: date | None
    repaid_at: datetime | None

    @classmethod
    def of(cls, loan: Loan) -> Self:
        """From the loan."""
        return cls.model_validate(loan)


class LoansView(View):
    """A part of the loans, newest first."""

    items: list[LoanView]
    next: str | None


class RuleView(View):
    """How one rule came out; ``passed`` null: it does not apply."""

    rule: str
    passed: bool | None
    reason: str
    reason_zh: str


class EligibilityView(View):
    """Every rule and the figures."""

    loan_id: str
    evaluated_at: datetime
    eligible: bool
    valuation_fen: int
    pledge_rate_ppm: int
    limit_fen: int
    ltv_ppm: int | None
    rules: list[RuleView]

    @classmethod
    def of(cls, loan: Loan) -> Self:
        """From the loan."""
        asked = loan.eligibility
        return cls(
            loan_id=loan.loan_id, evaluated_at=asked.evaluated_at, eligible=not asked.failed,
            valuation_fen=asked.valuation_fen, pledge_rate_ppm=asked.pledge_rate_ppm, limit_fen=asked.limit_fen,
            ltv_ppm=asked.ltv_ppm, rules=[RuleView.model_validate(answer) for answer in asked.answers],
        )  # fmt: skip


class Rejection(Shape):
    """Why the bank says no."""

    reason: Text


class ContractSigning(Shape):
    """One side's signature under both contracts."""

    loan_contract_sha256: Digest
    pledge_contract_sha256: Digest
    signature: Jws | None = None
    click: Flag = False


class PaymentProof(Shape):
    """What the bank shows of a payment."""

    bank_reference: Name
    amount_fen: FenIn
    paid_at: Moment
    sha256: Digest


class RepaymentProof(PaymentProof):
    """What the bank shows of a repayment; ``amount_fen`` is principal."""

    interest_fen: Whole = 0


class PaymentView(View):
    """A payment as recorded."""

    payment_id: str
    kind: str
    bank_reference: str
    amount_fen: int
    interest_fen: int
    paid_at: datetime
    sha256: str
    recorded_at: datetime


class PaymentsView(View):
    """A part of a loan's payments, newest first."""

    items: list[PaymentView]
    next: str | None

    @classmethod
    def of(cls, payments: list[Payment], after: str | None) -> Self:
        """From the payments."""
        return cls(items=[PaymentView.model_validate(payment) for payment in payments], next=after)
