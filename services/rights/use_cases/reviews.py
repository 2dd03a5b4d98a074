"""Reviews: what the registrar's reviewers do with a submitted registration, and what time does."""

from collections.abc import Sequence

from kernel.calendar import local_date
from kernel.callers import Caller
from kernel.canonical import canonical, sha256_hex
from kernel.work import Ticket
from rights.domain import events, refusals
from rights.domain.certificate import record_of
from rights.domain.registration import BY_CLOCK, Registration, RegistrationType
from rights.domain.states import RegistrationState
from rights.ports import Registering, Wanted, Work
from rights.use_cases import transfers
from rights.use_cases.registrations import end, tell_step

S = RegistrationState


async def _taken_up(work: Work, caller: Caller, registration_id: str) -> Registration:
    """Nobody judges what is its own."""
    registration = await work.registrations.get(registration_id, lock=True)
    if registration.state is S.DRAFT:
        raise refusals.RegistrationNotFound(registration_id=registration_id)
    if caller.party_id in registration.parties:
        raise refusals.RegistrarOwnData(party_id=caller.party_id)
    return registration


async def _done(work: Work, registration: Registration, step: str, note: str = "") -> Registration:
    await work.registrations.save(registration)
    tell_step(work, registration, step, note)
    return work.settle(registration)


async def accept(app: Registering, caller: Caller, once: Ticket, registration_id: str) -> Registration:
    """Accept a submitted registration, or one that was held as a near copy and is none."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        registration.accept(work.now, caller.party_id)
        return await _done(work, registration, "accepted")


async def request_correction(
    app: Registering, caller: Caller, once: Ticket, registration_id: str, wanted: tuple[Sequence[str], int]
) -> Registration:
    """Name once all that is missing, and until when."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        registration.request_correction(work.now, caller.party_id, *wanted)
        return await _done(work, registration, "correction-requested", "; ".join(wanted[0]))


async def start_review(app: Registering, caller: Caller, once: Ticket, registration_id: str) -> Registration:
    """Take it."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        registration.start_review(work.now, caller.party_id)
        return await _done(work, registration, "review-started")


async def request_evidence(
    app: Registering, caller: Caller, once: Ticket, registration_id: str, wanted: tuple[Sequence[str], int]
) -> Registration:
    """Stop the clock until more is proved."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        registration.request_evidence(work.now, caller.party_id, *wanted)
        return await _done(work, registration, "evidence-requested", "; ".join(wanted[0]))


async def extend_review(
    app: Registering, caller: Caller, once: Ticket, registration_id: str, reason: str
) -> Registration:
    """Once, for a complex source or very large data."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        registration.extend_review(work.now, caller.party_id, reason)
        return await _done(work, registration, "review-extended", reason)


async def approve(
    app: Registering, caller: Caller, once: Ticket, registration_id: str, remarks: Sequence[str]
) -> Registration:
    """Publish the notice."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        registration.approve(work.now, caller.party_id, remarks)
        return await _done(work, registration, "notice-published")


async def refuse(app: Registering, caller: Caller, once: Ticket, registration_id: str, reason: str) -> Registration:
    """Refuse in writing."""
    async with app.work(once) as work:
        registration = await _taken_up(work, caller, registration_id)
        await end(work, registration, S.REFUSED, caller.party_id, reason)
        return work.settle(registration)


async def list_notices(app: Registering, limit: int, after: str) -> Sequence[Registration]:
    """Registrations in their public notice."""
    async with app.work() as work:
        return await work.registrations.list(Wanted(limit, after, {"state": S.NOTICING}))


async def overdue(app: Registering) -> Sequence[str]:
    """Registrations about which time may have decided."""
    async with app.work() as work:
        return await work.registrations.overdue(local_date(work.now))


async def run_clock(app: Registering, registration_id: str) -> bool:
    """What time alone brings about: silence accepts, a missed deadline lapses, a notice ends. Whether it moved."""
    async with app.work() as work:
        registration = await work.registrations.get(registration_id, lock=True)
        due = registration.due(local_date(work.now))
        if due is S.ACCEPTED:
            registration.accept(work.now, BY_CLOCK)
            await work.registrations.save(registration)
            tell_step(work, registration, "accepted-by-silence")
        elif due is S.LAPSED:
            await end(work, registration, S.LAPSED, BY_CLOCK, "the deadline was missed")
        elif due is S.DEPOSITING:
            await _record(work, registration)
        return due is not None


async def _record(work: Work, registration: Registration) -> None:
    if registration.type is RegistrationType.TRANSFER:
        await transfers.check_unstopped(work, registration)
    record = canonical(record_of(registration, work.now, clock_moved=work.clock_moved))
    registration.record_it(work.now, record, sha256_hex(record))
    await work.registrations.save(registration)
    told = events.RegistrationRecorded(registration.registration_id, work.now)
    work.tell(told, about=registration.registration_id, deposit=record)
