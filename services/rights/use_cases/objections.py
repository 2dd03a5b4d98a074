"""Objections: in the notice they stop the clock; against a certificate they contest it and hold the rights."""

from collections.abc import Sequence

from kernel.callers import Caller
from kernel.ids import new_id
from kernel.work import Ticket
from rights.domain import refusals
from rights.domain.encumbrance import EncumbranceKind
from rights.domain.objection import Objection, ObjectionState
from rights.domain.registration import Registration
from rights.domain.states import CertificateState, RegistrationState
from rights.ports import Registering, Work
from rights.use_cases import certificates
from rights.use_cases.encumbrances import end_hold, hold
from rights.use_cases.registrations import end, read_registration, tell_step

S = RegistrationState


async def object_to(app: Registering, caller: Caller, once: Ticket, registration_id: str, reason: str) -> Objection:
    """Under one's own name; the registrar decides."""
    async with app.work(once) as work:
        registration = await work.registrations.get(registration_id, lock=True)
        if registration.state is S.DRAFT:
            raise refusals.RegistrationNotFound(registration_id=registration_id)
        objection = Objection(new_id("obj"), registration_id, caller.party_id, reason, work.now)
        if registration.state in {S.NOTICING, S.OBJECTED}:
            registration.object_to(work.now, caller.party_id)
            await work.registrations.save(registration)
        elif registration.state is S.CERTIFIED:
            await _contest(work, registration, objection)
        else:
            raise refusals.ObjectionNotPossible(state=registration.state)
        await work.objections.add(objection)
        tell_step(work, registration, "objected", reason)
        return work.settle(objection)


async def _contest(work: Work, registration: Registration, objection: Objection) -> None:
    certificate = await work.certificates.get(registration.certificate_number, lock=True)
    if certificate.state_at(work.now) not in {CertificateState.CERTIFIED, CertificateState.CONTESTED}:
        raise refusals.ObjectionNotPossible(state=certificate.state_at(work.now))
    kind = EncumbranceKind.DISPUTE_HOLD
    held = await hold(work, certificate.lineage_root, kind, objection.objection_id, objection.party_id)
    objection.encumbrance_id = held.encumbrance_id
    if certificate.state is CertificateState.CERTIFIED:
        await certificates.contest(work, certificate, objection.reason)


async def decide(
    app: Registering, caller: Caller, once: Ticket, ids: tuple[str, str], state: ObjectionState, decision: str
) -> Objection:
    """Dismissed: the notice goes on, the certificate stands again. Upheld: refused, or cancelled."""
    registration_id, objection_id = ids
    async with app.work(once) as work:
        registration = await work.registrations.get(registration_id, lock=True)
        objection = await work.objections.get(objection_id, lock=True)
        if objection.registration_id != registration_id:
            raise refusals.ObjectionNotFound(objection_id=objection_id)
        if caller.party_id in registration.parties | {objection.party_id}:
            raise refusals.RegistrarOwnData(party_id=caller.party_id)
        objection.decide(state, work.now, decision)
        await work.objections.save(objection)
        others = [each for each in await work.objections.of(registration_id) if each.state is ObjectionState.OPEN]
        if objection.encumbrance_id:
            await _settle_certificate(work, registration, objection, others)
        else:
            await _settle_notice(work, registration, objection, caller.party_id, others)
        tell_step(work, registration, f"objection-{state.lower()}", decision)
        return work.settle(objection)


async def _settle_notice(
    work: Work, registration: Registration, objection: Objection, by: str, others: Sequence[Objection]
) -> None:
    if registration.state is not S.OBJECTED:
        return
    if objection.state is ObjectionState.UPHELD:
        await end(work, registration, S.REFUSED, by, objection.decision)
    elif not others:
        registration.objections_dismissed(work.now, by)
        await work.registrations.save(registration)


async def _settle_certificate(
    work: Work, registration: Registration, objection: Objection, others: Sequence[Objection]
) -> None:
    held = await work.registry.get(objection.encumbrance_id)
    if held is not None:
        await end_hold(work, held, objection.decision)
    certificate = await work.certificates.get(registration.certificate_number, lock=True)
    if certificate.state is not CertificateState.CONTESTED:
        return
    if objection.state is ObjectionState.UPHELD:
        await certificates.cancel_contested(work, certificate, objection.decision)
    elif not others:
        await certificates.clear(work, certificate)


async def list_objections(app: Registering, caller: Caller, registration_id: str) -> Sequence[Objection]:
    """The oldest first."""
    await read_registration(app, caller, registration_id)
    async with app.work() as work:
        return await work.objections.of(registration_id)
