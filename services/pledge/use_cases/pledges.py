"""Pledges: each step of the order that a person of the bank takes."""

from dataclasses import dataclass
from datetime import date

from kernel.callers import Caller
from kernel.once import Once
from pledge.domain.pledge import CLEAN, Look, Pledge, ReleaseNotice
from pledge.domain.refusals import LoanNotFound, OutsidePledgeFound, PledgeNotFound, RegistrationMissing
from pledge.domain.registration import FoundEntry, Registration
from pledge.ports import Change, Part, Pledging, Work
from pledge.use_cases.loans import oversees
from pledge.use_cases.steps import PledgeStanding, carry_on


@dataclass(frozen=True)
class Registering:
    """What the bank got from the outside registry."""

    registry: str
    registration_number: str
    modification_code: str
    term_months: int
    proof_sha256: str


async def open_pledge(app: Pledging, caller: Caller, once: Once, loan_id: str) -> PledgeStanding:
    """Ask the registry to hold the right; the pledge stands only once the whole order is gone through."""
    async with app.work(once) as work:
        loan = await work.loans.lock(loan_id)
        if loan.bank_party_id != caller.party_id:
            raise LoanNotFound
        pledge, requested = Pledge.request(loan, work.now)
        await work.pledges.add(pledge)
        await work.loans.save(loan)
        work.tell(requested, about=pledge.pledge_id)
        _promise(work, pledge)
    return await carry_on(app, pledge.pledge_id, once)


async def search_outside(
    app: Pledging, caller: Caller, once: Once, pledge_id: str, proof_number: str | None
) -> PledgeStanding:
    """Look into the outside registry; after the second clean look, annotate the certificates and confirm the hold."""
    async with app.work(None) as work:
        known = await _of_bank(work, caller, pledge_id)
    borrower = await app.parties.find(known.borrower_party_id)
    entries = await app.outside.search(borrower.credit_code if borrower else "", known.lineage_root)
    found = [FoundEntry(e.registry, e.registration_number, e.secured_party) for e in entries]
    async with app.work(once) as work:
        pledge = await work.pledges.lock(pledge_id)
        work.tell(pledge.searched(Look(caller.subject_id, proof_number, found, work.now)), about=pledge_id)
        await work.pledges.save(pledge)
        _promise(work, pledge)
    search = pledge.searches[-1]
    if search.outcome != CLEAN:
        entries_shown = [vars(entry) for entry in search.entries]
        raise OutsidePledgeFound(pledge_id=pledge_id, entries=entries_shown)
    return await carry_on(app, pledge_id, once)


async def register_outside(
    app: Pledging, caller: Caller, once: Once, pledge_id: str, given: Registering
) -> PledgeStanding:
    """Keep the outside registration; its modification code is sealed."""
    async with app.work(once) as work:
        known = await _of_bank(work, caller, pledge_id)
        loan = await work.loans.get(known.loan_id)
        pledge = await work.pledges.lock(pledge_id)
        registration = Registration(
            given.registry, given.registration_number, given.term_months, given.proof_sha256, work.now
        )
        work.tell(pledge.register(registration, loan.term_months), about=pledge_id)
        await work.pledges.save(pledge)
        await work.pledges.keep_code(pledge_id, app.sealer.seal(given.modification_code.encode()))
        _promise(work, pledge)
    return await carry_on(app, pledge_id, once)


async def cancel_pledge(
    app: Pledging, caller: Caller, once: Once, pledge_id: str, reason: str, proof_sha256: str | None
) -> PledgeStanding:
    """Give the pledge up before it stands."""
    async with app.work(once) as work:
        await _of_bank(work, caller, pledge_id)
        pledge = await work.pledges.lock(pledge_id)
        work.tell(pledge.cancel(reason, proof_sha256, work.now, work.now.date()), about=pledge_id)
        await work.pledges.save(pledge)
        _promise(work, pledge)
    return await carry_on(app, pledge_id, once)


async def waive_pledge(app: Pledging, caller: Caller, once: Once, pledge_id: str, reason: str) -> PledgeStanding:
    """The pledge stands and the bank does not lend: the loan ends, the pledge goes the way to its release."""
    async with app.work(once) as work:
        known = await _of_bank(work, caller, pledge_id)
        loan = await work.loans.lock(known.loan_id)
        pledge = await work.pledges.lock(pledge_id)
        work.tell(pledge.discharge(work.now, reason), about=pledge_id)
        work.tell(loan.waive(), about=loan.loan_id)
        await work.pledges.save(pledge)
        await work.loans.save(loan)
        return work.settle(PledgeStanding(pledge, work.now))


async def cancel_registration(
    app: Pledging, caller: Caller, once: Once, pledge_id: str, proof_sha256: str, on: date | None
) -> PledgeStanding:
    """Keep the proof that the outside registration was cancelled."""
    async with app.work(once) as work:
        await _of_bank(work, caller, pledge_id)
        pledge = await work.pledges.lock(pledge_id)
        step = pledge.cancel_registration(proof_sha256, on or work.now.date(), work.now)
        work.tell(step, about=pledge_id)
        await work.pledges.save(pledge)
        _promise(work, pledge)
    return await carry_on(app, pledge_id, once)


async def release_pledge(
    app: Pledging, caller: Caller, once: Once, pledge_id: str, notice: ReleaseNotice
) -> PledgeStanding:
    """One of the bank's two people names what is freed; at the second's word it is."""
    async with app.work(once) as work:
        await _of_bank(work, caller, pledge_id)
        pledge = await work.pledges.lock(pledge_id)
        work.tell(pledge.release(notice, caller.subject_id, work.now), about=pledge_id)
        await work.pledges.save(pledge)
        _promise(work, pledge)
    return await carry_on(app, pledge_id, once)


async def read_pledge(app: Pledging, caller: Caller, pledge_id: str) -> PledgeStanding:
    """A pledge of the caller's, or any to those who oversee."""
    async with app.work(None) as work:
        return PledgeStanding(await visible_pledge(work, caller, pledge_id), work.now)


async def read_history(app: Pledging, caller: Caller, pledge_id: str, part: Part) -> list[Change]:
    """Its states, oldest first."""
    async with app.work(None) as work:
        await visible_pledge(work, caller, pledge_id)
        return await work.pledges.history(pledge_id, part)


async def read_modification_code(app: Pledging, caller: Caller, pledge_id: str) -> str:
    """The code that the outside registry asks for at later acts; for the bank alone."""
    async with app.work(None) as work:
        await _of_bank(work, caller, pledge_id)
        sealed = await work.pledges.code(pledge_id)
    if sealed is None:
        raise RegistrationMissing
    return app.sealer.unseal(sealed).decode()


async def list_pledges(app: Pledging, caller: Caller, part: Part) -> list[PledgeStanding]:
    """The caller's pledges, or all to those who oversee."""
    async with app.work(None) as work:
        found = await work.pledges.page(None if oversees(caller) else caller.party_id, part)
        return [PledgeStanding(pledge, work.now) for pledge in found]


async def search_pledges(
    app: Pledging, caller: Caller, dataset_id: str | None, product_id: str | None, part: Part
) -> list[Pledge]:
    """The live pledges on an asset's lineage, whoever's: what a bank looks up before it lends."""
    caller.need("bank", "operator", "regulator")
    asset = await app.registry.asset(dataset_id, product_id)
    async with app.work(None) as work:
        return await work.pledges.live_on(asset.lineage_root, part)


async def visible_pledge(work: Work, caller: Caller, pledge_id: str) -> Pledge:
    """The pledge, unless it is not the caller's to see."""
    pledge = await work.pledges.get(pledge_id)
    if not pledge.belongs_to(caller.party_id) and not oversees(caller):
        raise PledgeNotFound
    return pledge


async def _of_bank(work: Work, caller: Caller, pledge_id: str) -> Pledge:
    pledge = await work.pledges.get(pledge_id)
    if pledge.bank_party_id != caller.party_id:
        raise PledgeNotFound
    return pledge


def _promise(work: Work, pledge: Pledge) -> None:
    work.promise(f"/pledge/v1/pledges/{pledge.pledge_id}")
