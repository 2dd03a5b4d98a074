"""The bank's proofs of payment: the principal out, the repayments back."""

from kernel.callers import Caller
from kernel.once import Once
from pledge.domain.loan import Loan
from pledge.domain.payment import Payment, Proof
from pledge.domain.records import loan_record
from pledge.domain.refusals import LoanNotFound
from pledge.domain.states import LoanState
from pledge.ports import Part, Pledging
from pledge.use_cases.loans import visible_loan


async def disburse_loan(app: Pledging, caller: Caller, once: Once, loan_id: str, proof: Proof) -> Loan:
    """The bank shows that it lent, after the pledge was confirmed."""
    async with app.work(once) as work:
        loan = await work.loans.lock(loan_id)
        if loan.bank_party_id != caller.party_id:
            raise LoanNotFound
        pledge = await work.pledges.lock(loan.pledge_id) if loan.pledge_id else None
        payment, event = loan.disburse(proof, pledge.confirmed_at if pledge else None, work.now)
        await work.payments.add(payment)
        await work.loans.save(loan)
        work.tell(event, about=loan_id, deposit=loan_record(event, loan))
        return work.settle(loan)


async def repay_loan(app: Pledging, caller: Caller, once: Once, loan_id: str, proof: Proof) -> Loan:
    """The bank shows what came back; with the last of it the pledge is discharged."""
    async with app.work(once) as work:
        loan = await work.loans.lock(loan_id)
        if loan.bank_party_id != caller.party_id:
            raise LoanNotFound
        payment, event = loan.repay(proof, work.now)
        await work.payments.add(payment)
        await work.loans.save(loan)
        work.tell(event, about=loan_id, deposit=loan_record(event, loan))
        if loan.state is LoanState.REPAID and loan.pledge_id is not None:
            pledge = await work.pledges.lock(loan.pledge_id)
            work.tell(pledge.discharge(work.now), about=pledge.pledge_id)
            await work.pledges.save(pledge)
        return work.settle(loan)


async def list_payments(app: Pledging, caller: Caller, loan_id: str, part: Part) -> list[Payment]:
    """A loan's payments."""
    async with app.work(None) as work:
        await visible_loan(work, caller, loan_id)
        return await work.payments.page(loan_id, part)
