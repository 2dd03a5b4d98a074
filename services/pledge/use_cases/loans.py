"""Loans: the application with its eligibility, the two people's approval, the contract."""

from collections.abc import Sequence

from kernel.callers import Caller
from kernel.once import Once
from pledge.domain.application import Application
from pledge.domain.asset import AssetFacts
from pledge.domain.eligibility import OPERATE, Eligibility, Question, ask_all
from pledge.domain.loan import PEOPLE_NEEDED, Loan
from pledge.domain.party import PartyFacts
from pledge.domain.records import loan_record
from pledge.domain.refusals import AssetNotNamed, BankNotFound, LoanNotFound
from pledge.domain.states import LoanState
from pledge.ports import Part, Pledging, Work
from pledge.use_cases.signing import consent_of, one_way, signature_of


async def apply_for_loan(app: Pledging, once: Once, wanted: Application, consents: Sequence[str]) -> Loan:
    """Ask a bank for a loan; every rule is asked, and what fails is kept as REFUSED and refused."""
    if (wanted.dataset_id is None) == (wanted.product_id is None):
        raise AssetNotNamed
    bank = await app.parties.find(wanted.bank_party_id)
    if bank is None or not bank.approved or "bank" not in bank.roles:
        raise BankNotFound(bank_party_id=wanted.bank_party_id)
    borrower = await app.parties.find(wanted.borrower_party_id)
    asset = await app.registry.asset(wanted.dataset_id, wanted.product_id)
    co_holders = await _co_holders(app, asset, wanted.borrower_party_id) if consents else []
    async with app.work(once) as work:
        agreed = [consent_of(wanted, jws, co_holders, work.now) for jws in consents]
        question = Question(
            work.now, wanted.borrower_party_id, borrower.entity_kind if borrower else "", wanted.principal_fen,
            wanted.term_months, asset, await work.policies.of(wanted.bank_party_id),
            await work.bookings.stands(wanted.borrower_party_id, asset.lineage_root),
            frozenset(consent.party_id for consent in agreed), wanted.value_report_id,
        )  # fmt: skip
        loan, told = Loan.apply(wanted, asset, agreed, ask_all(question), work.now)
        await work.loans.add(loan)
        work.tell(told, about=loan.loan_id)
        if loan.state is LoanState.APPLIED:
            return work.settle(loan)
    refusal = loan.eligibility.refusal(loan.loan_id, loan.principal_fen)
    if refusal is None:
        raise LoanNotFound
    raise refusal


async def _co_holders(app: Pledging, asset: AssetFacts, borrower_party_id: str) -> list[PartyFacts]:
    units = [unit for certificate in asset.certificates for unit in certificate.holders]
    holders = {holder for right, holder in units if right == OPERATE}
    found = [await app.parties.find(holder) for holder in sorted(holders - {borrower_party_id})]
    return [party for party in found if party is not None]


async def approve_loan(app: Pledging, caller: Caller, once: Once, loan_id: str) -> Loan:
    """One of the bank's two people says yes; at the second yes every rule is asked again."""
    async with app.work(None) as work:
        known = await _of_bank(work, caller, loan_id)
    facts = None
    if known.state is LoanState.APPLIED and len(known.approvals) + 1 >= PEOPLE_NEEDED:
        borrower = await app.parties.find(known.borrower_party_id)
        facts = (await app.registry.asset(known.dataset_id, known.product_id), borrower)
    async with app.work(once) as work:
        loan = await work.loans.lock(loan_id)
        eligibility = await _asked_again(work, loan, *facts) if facts else None
        event = loan.approve(caller.subject_id, eligibility, work.now)
        await work.loans.save(loan)
        work.tell(event, about=loan_id, deposit=loan_record(event, loan))
        return work.settle(loan)


async def _asked_again(work: Work, loan: Loan, asset: AssetFacts, borrower: PartyFacts | None) -> Eligibility:
    question = Question(
        work.now, loan.borrower_party_id, borrower.entity_kind if borrower else "", loan.principal_fen,
        loan.term_months, asset, await work.policies.of(loan.bank_party_id),
        await work.bookings.stands(loan.borrower_party_id, asset.lineage_root),
        frozenset(consent.party_id for consent in loan.consents), loan.value_report_id,
    )  # fmt: skip
    return ask_all(question)


async def reject_loan(app: Pledging, caller: Caller, once: Once, loan_id: str, reason: str) -> Loan:
    """The bank says no."""
    async with app.work(once) as work:
        await _of_bank(work, caller, loan_id)
        loan = await work.loans.lock(loan_id)
        work.tell(loan.reject(reason), about=loan_id)
        await work.loans.save(loan)
        return work.settle(loan)


async def withdraw_loan(app: Pledging, caller: Caller, once: Once, loan_id: str) -> Loan:
    """The borrower no longer wants it."""
    async with app.work(once) as work:
        loan = await work.loans.lock(loan_id)
        if loan.borrower_party_id != caller.party_id:
            raise LoanNotFound
        work.tell(loan.withdraw(), about=loan_id)
        await work.loans.save(loan)
        return work.settle(loan)


async def sign_contract(
    app: Pledging, caller: Caller, once: Once, loan_id: str, digests: tuple[str, str], jws: str | None, *, click: bool
) -> Loan:
    """One side signs the loan and pledge contracts, by a registered key or by an attested click."""
    one_way(jws, click=click)
    party = await app.parties.find(caller.party_id) if jws else None
    async with app.work(once) as work:
        loan = await work.loans.lock(loan_id)
        if not loan.belongs_to(caller.party_id):
            raise LoanNotFound
        signature = signature_of(caller, party, jws, loan.contract_text(*digests), work.now)
        event = loan.sign(digests, signature)
        await work.loans.save(loan)
        work.tell(event, about=loan_id, deposit=loan_record(event, loan))
        return work.settle(loan)


async def read_loan(app: Pledging, caller: Caller, loan_id: str) -> Loan:
    """A loan of the caller's, or any to those who oversee."""
    async with app.work(None) as work:
        return await visible_loan(work, caller, loan_id)


async def list_loans(app: Pledging, caller: Caller, state: LoanState | None, part: Part) -> list[Loan]:
    """The caller's loans, or all to those who oversee."""
    async with app.work(None) as work:
        return await work.loans.page(None if oversees(caller) else caller.party_id, state, part)


def oversees(caller: Caller) -> bool:
    """Whether the caller sees what is not its own."""
    return caller.has("operator", "regulator")


async def visible_loan(work: Work, caller: Caller, loan_id: str) -> Loan:
    """The loan, unless it is not the caller's to see."""
    loan = await work.loans.get(loan_id)
    if not loan.belongs_to(caller.party_id) and not oversees(caller):
        raise LoanNotFound
    return loan


async def _of_bank(work: Work, caller: Caller, loan_id: str) -> Loan:
    loan = await work.loans.get(loan_id)
    if loan.bank_party_id != caller.party_id:
        raise LoanNotFound
    return loan
