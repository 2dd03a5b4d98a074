"""Routes for loans: application, eligibility, approval, contract, payments."""

from kernel.web import CallerOf, OnceKey, Router, allow
from pledge.domain.application import Application
from pledge.domain.payment import Proof
from pledge.domain.states import LoanState
from pledge.inbound.http.edge import Id, PartOf, Ports, following
from pledge.inbound.http.loan_views import (
    ContractSigning,
    EligibilityView,
    LoanApplication,
    LoansView,
    LoanView,
    PaymentProof,
    PaymentsView,
    Rejection,
    RepaymentProof,
)  # fmt: skip
from pledge.use_cases import lending, loans

router = Router(tags=["loans"])


@router.post("/loans", status_code=201, dependencies=[allow("provider")])
async def apply_for_loan(asked: LoanApplication, pledging: Ports, caller: CallerOf, once: OnceKey) -> LoanView:
    """Ask a bank for a loan against an asset."""
    wanted = Application(
        caller.party_id, asked.bank_party_id, asked.dataset_id, asked.product_id, asked.principal_fen,
        asked.term_months, asked.annual_rate_ppm, asked.purpose, asked.control_account, asked.licence_policy,
        asked.value_report_id,
    )  # fmt: skip
    return LoanView.of(await loans.apply_for_loan(pledging, once, wanted, asked.co_holder_consents))


@router.get("/loans", dependencies=[allow("provider", "bank", "operator", "regulator")])
async def list_loans(pledging: Ports, caller: CallerOf, part: PartOf, state: LoanState | None = None) -> LoansView:
    """The caller's loans; all of them for those who oversee."""
    found = await loans.list_loans(pledging, caller, state, part)
    names = [loan.loan_id for loan in found]
    return LoansView(items=[LoanView.of(loan) for loan in found], next=following(names, part))


@router.get("/loans/{loan_id}", dependencies=[allow("provider", "bank", "operator", "regulator")])
async def read_loan(loan_id: Id, pledging: Ports, caller: CallerOf) -> LoanView:
    """One loan."""
    return LoanView.of(await loans.read_loan(pledging, caller, loan_id))


@router.get("/loans/{loan_id}/eligibility", dependencies=[allow("provider", "bank", "operator", "regulator")])
async def read_eligibility(loan_id: Id, pledging: Ports, caller: CallerOf) -> EligibilityView:
    """Every rule, as it came out when it was asked last."""
    return EligibilityView.of(await loans.read_loan(pledging, caller, loan_id))


@router.post("/loans/{loan_id}:approve", dependencies=[allow("bank")])
async def approve_loan(loan_id: Id, pledging: Ports, caller: CallerOf, once: OnceKey) -> LoanView:
    """Say yes; it takes two people of the bank."""
    return LoanView.of(await loans.approve_loan(pledging, caller, once, loan_id))


@router.post("/loans/{loan_id}:reject", dependencies=[allow("bank")])
async def reject_loan(loan_id: Id, rejection: Rejection, pledging: Ports, caller: CallerOf, once: OnceKey) -> LoanView:
    """Say no."""
    return LoanView.of(await loans.reject_loan(pledging, caller, once, loan_id, rejection.reason))


@router.post("/loans/{loan_id}:withdraw", dependencies=[allow("provider")])
async def withdraw_loan(loan_id: Id, pledging: Ports, caller: CallerOf, once: OnceKey) -> LoanView:
    """Take the application back."""
    return LoanView.of(await loans.withdraw_loan(pledging, caller, once, loan_id))


@router.post("/loans/{loan_id}:contract", dependencies=[allow("provider", "bank")])
async def sign_contract(
    loan_id: Id, signing: ContractSigning, pledging: Ports, caller: CallerOf, once: OnceKey
) -> LoanView:
    """Sign the loan and pledge contracts for one side."""
    digests = (signing.loan_contract_sha256, signing.pledge_contract_sha256)
    signed = await loans.sign_contract(pledging, caller, once, loan_id, digests, signing.signature, click=signing.click)
    return LoanView.of(signed)


@router.post("/loans/{loan_id}:disburse", dependencies=[allow("bank")])
async def disburse_loan(loan_id: Id, shown: PaymentProof, pledging: Ports, caller: CallerOf, once: OnceKey) -> LoanView:
    """Show that the principal was paid out."""
    proof = Proof(shown.bank_reference, shown.amount_fen, 0, shown.paid_at, shown.sha256)
    return LoanView.of(await lending.disburse_loan(pledging, caller, once, loan_id, proof))


@router.post("/loans/{loan_id}:repay", dependencies=[allow("bank")])
async def repay_loan(loan_id: Id, shown: RepaymentProof, pledging: Ports, caller: CallerOf, once: OnceKey) -> LoanView:
    """Show what was paid back."""
    proof = Proof(shown.bank_reference, shown.amount_fen, shown.interest_fen, shown.paid_at, shown.sha256)
    return LoanView.of(await lending.repay_loan(pledging, caller, once, loan_id, proof))


@router.get("/loans/{loan_id}/payments", dependencies=[allow("provider", "bank", "operator", "regulator")])
async def list_payments(loan_id: Id, pledging: Ports, caller: CallerOf, part: PartOf) -> PaymentsView:
    """A loan's payments."""
    found = await lending.list_payments(pledging, caller, loan_id, part)
    return PaymentsView.of(found, following([payment.payment_id for payment in found], part))
