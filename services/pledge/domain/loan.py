"""A loan against data: asked for, approved by two people, signed by both sides, paid out and repaid."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self

from kernel.calendar import local_date
from kernel.canonical import canonical
from kernel.ids import new_id
from pledge.domain import refusals
from pledge.domain.application import Agreement, Application, Consent, LoanContract, Reason, Signature
from pledge.domain.asset import AssetFacts
from pledge.domain.eligibility import Eligibility
from pledge.domain.events import (
    LoanApplied,
    LoanApproved,
    LoanContracted,
    LoanDisbursed,
    LoanRefused,
    LoanRepaid,
    LoanStepTaken,
)
from pledge.domain.limits import ltv_ppm
from pledge.domain.months import add_months
from pledge.domain.payment import REPAYMENT, Payment, Proof
from pledge.domain.states import OWING, LoanState, StepNotAllowed, loan_may_become

PEOPLE_NEEDED = 2


@dataclass
class Loan:
    """A bank's loan to a holder of data; amounts in fen, the rate per year in millionths."""

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
    eligibility: Eligibility
    applied_at: datetime
    consents: list[Consent] = field(default_factory=list)
    approvals: list[Agreement] = field(default_factory=list)
    contract: LoanContract | None = None
    refusal: Reason | None = None
    pledge_id: str | None = None
    repaid_fen: int = 0
    approved_at: datetime | None = None
    contracted_at: datetime | None = None
    disbursed_at: datetime | None = None
    matures_on: date | None = None
    repaid_at: datetime | None = None
    version: int = 1

    @classmethod
    def apply(
        cls, wanted: Application, asset: AssetFacts, consents: list[Consent], eligibility: Eligibility, at: datetime
    ) -> tuple[Self, LoanApplied | LoanRefused]:
        """A new loan: APPLIED when every rule passed, else REFUSED with the first that failed."""
        loan = cls(
            new_id("loan"), LoanState.APPLIED, wanted.borrower_party_id, wanted.bank_party_id, wanted.dataset_id,
            wanted.product_id, asset.lineage_root, wanted.principal_fen, wanted.term_months, wanted.annual_rate_ppm,
            wanted.purpose, wanted.control_account, wanted.licence_policy, eligibility.value_report_id,
            eligibility.valuation_fen, eligibility.pledge_rate_ppm, eligibility.limit_fen, eligibility, at, consents,
        )  # fmt: skip
        refusal = eligibility.refusal(loan.loan_id, loan.principal_fen)
        if refusal is not None:
            loan.state = LoanState.REFUSED
            loan.refusal = Reason.of(refusal)
            return loan, LoanRefused(loan.loan_id, refusal.reason)
        return loan, LoanApplied(loan.loan_id, loan.borrower_party_id, loan.bank_party_id, loan.principal_fen)

    @property
    def asset(self) -> str:
        """The id by which the asset was named."""
        return self.dataset_id or self.product_id or ""

    @property
    def outstanding_fen(self) -> int:
        """Principal paid out and not paid back."""
        return self.principal_fen - self.repaid_fen if self.disbursed_at else 0

    @property
    def ltv_ppm(self) -> int | None:
        """The debt, or before payment the principal, over the latest value."""
        return ltv_ppm(self.outstanding_fen if self.disbursed_at else self.principal_fen, self.valuation_fen)

    def belongs_to(self, party_id: str) -> bool:
        """Whether the party is the borrower or the bank."""
        return party_id in (self.borrower_party_id, self.bank_party_id)

    def _move(self, following: LoanState) -> None:
        self.state = loan_may_become(self.state, following)

    def approve(self, subject_id: str, eligibility: Eligibility | None, at: datetime) -> LoanApproved | LoanStepTaken:
        """One person of the bank agrees; the second one's yes approves, if every rule still passes."""
        loan_may_become(self.state, LoanState.APPROVED)
        if any(approval.subject_id == subject_id for approval in self.approvals):
            raise refusals.SecondPersonNeeded
        if len(self.approvals) + 1 < PEOPLE_NEEDED:
            self.approvals = [*self.approvals, Agreement(subject_id, at)]
            return LoanStepTaken(self.loan_id, "approved by the first person")
        if eligibility is None:
            raise StepNotAllowed(state=self.state.value)
        refusal = eligibility.refusal(self.loan_id, self.principal_fen)
        if refusal is not None:
            raise refusal
        self.approvals = [*self.approvals, Agreement(subject_id, at)]
        self.eligibility, self.approved_at = eligibility, at
        self._move(LoanState.APPROVED)
        return LoanApproved(self.loan_id, at)

    def reject(self, why: str) -> LoanStepTaken:
        """The bank says no."""
        self._move(LoanState.REJECTED)
        self.refusal = Reason("Rejected", why, why)
        return LoanStepTaken(self.loan_id, "rejected")

    def withdraw(self) -> LoanStepTaken:
        """The borrower no longer wants it; not while a pledge is under way."""
        loan_may_become(self.state, LoanState.WITHDRAWN)
        if self.pledge_id is not None:
            raise refusals.PledgeUnderWay(pledge_id=self.pledge_id)
        self._move(LoanState.WITHDRAWN)
        return LoanStepTaken(self.loan_id, "withdrawn")

    def contract_text(self, loan_contract_sha256: str, pledge_contract_sha256: str) -> bytes:
        """What both sides sign."""
        return canonical({
            "loan_contract_sha256": loan_contract_sha256, "loan_id": self.loan_id,
            "pledge_contract_sha256": pledge_contract_sha256, "principal_fen": self.principal_fen,
        })  # fmt: skip

    def sign(self, digests: tuple[str, str], signature: Signature) -> LoanContracted | LoanStepTaken:
        """One side signs; with the other's signature under the same digests the contract stands."""
        loan_may_become(self.state, LoanState.CONTRACTED)
        contract = self.contract or LoanContract(*digests)
        if (contract.loan_contract_sha256, contract.pledge_contract_sha256) != digests:
            raise refusals.ContractDiffers(
                loan_contract_sha256=contract.loan_contract_sha256,
                pledge_contract_sha256=contract.pledge_contract_sha256,
            )
        if any(made.party_id == signature.party_id for made in contract.signatures):
            raise refusals.AlreadySigned
        self.contract = LoanContract(*digests, [*contract.signatures, signature])
        if {made.party_id for made in self.contract.signatures} != {self.borrower_party_id, self.bank_party_id}:
            return LoanStepTaken(self.loan_id, "signed by one side")
        self._move(LoanState.CONTRACTED)
        self.contracted_at = signature.at
        return LoanContracted(self.loan_id, digests[0])

    def secure_by(self, pledge_id: str) -> None:
        """A pledge for this loan begins; there is one at a time."""
        if self.state is not LoanState.CONTRACTED:
            raise StepNotAllowed(state=self.state.value)
        if self.pledge_id is not None:
            raise refusals.PledgeUnderWay(pledge_id=self.pledge_id)
        self.pledge_id = pledge_id

    def lose_pledge(self) -> None:
        """The pledge did not come to stand; another may be tried."""
        self.pledge_id = None

    def disburse(self, proof: Proof, confirmed_at: datetime | None, at: datetime) -> tuple[Payment, LoanDisbursed]:
        """The bank shows that it paid the principal, after the pledge was confirmed."""
        loan_may_become(self.state, LoanState.PERFORMING)
        if confirmed_at is None:
            raise refusals.PledgeNotConfirmed(pledge_id=self.pledge_id)
        if proof.amount_fen != self.principal_fen or proof.interest_fen:
            raise refusals.AmountNotPrincipal(principal_fen=self.principal_fen)
        if proof.paid_at < confirmed_at:
            raise refusals.PaidBeforeConfirmation(confirmed_at=confirmed_at.isoformat())
        payment = Payment.disbursing(self.loan_id, self.bank_party_id, proof, at)
        self._move(LoanState.PERFORMING)
        self.disbursed_at = proof.paid_at
        self.matures_on = add_months(local_date(proof.paid_at), self.term_months)
        return payment, LoanDisbursed(self.loan_id, self.principal_fen, proof.paid_at)

    def repay(self, proof: Proof, at: datetime) -> tuple[Payment, LoanRepaid | LoanStepTaken]:
        """The bank shows what came back; the loan is repaid once no principal is outstanding."""
        loan_may_become(self.state, LoanState.REPAID)
        if proof.amount_fen > self.outstanding_fen:
            raise refusals.RepaymentOverOutstanding(outstanding_fen=self.outstanding_fen)
        if self.disbursed_at is not None and proof.paid_at < self.disbursed_at:
            raise refusals.PaidBeforeDisbursement(disbursed_at=self.disbursed_at.isoformat())
        payment = Payment.made(REPAYMENT, self.loan_id, self.bank_party_id, proof, at)
        self.repaid_fen += proof.amount_fen
        if self.outstanding_fen:
            return payment, LoanStepTaken(self.loan_id, "repaid in part")
        self._move(LoanState.REPAID)
        self.repaid_at = at
        return payment, LoanRepaid(self.loan_id, at)

    def waive(self) -> LoanStepTaken:
        """The bank does not lend although the pledge stands."""
        self._move(LoanState.WITHDRAWN)
        return LoanStepTaken(self.loan_id, "waived by the bank")

    def revalue(self, value_fen: int) -> None:
        """A newer report says what the asset is worth."""
        self.valuation_fen = value_fen

    def age(self, today: date, default_after_days: int) -> LoanStepTaken | None:
        """What the calendar makes of a debt: overdue the day after maturity, defaulted so many days later."""
        if self.matures_on is None or self.state not in OWING or today <= self.matures_on:
            return None
        if self.state is LoanState.PERFORMING:
            self._move(LoanState.OVERDUE)
            return LoanStepTaken(self.loan_id, "overdue")
        if self.state is LoanState.OVERDUE and today > self.matures_on + timedelta(days=default_after_days):
            self._move(LoanState.DEFAULTED)
            return LoanStepTaken(self.loan_id, "defaulted")
        return None
