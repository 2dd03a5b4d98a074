"""Submissions: the pre-check, and handing a registration in."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.callers import Caller
from kernel.work import Ticket
from rights.domain import refusals
from rights.domain.encumbrance import check_free
from rights.domain.pre_check import Finding, Known, pre_check
from rights.domain.registration import Registration, RegistrationType
from rights.domain.source_rights import Right
from rights.domain.states import CertificateState, RegistrationState
from rights.ports import Registering, Work
from rights.use_cases import copies, transfers
from rights.use_cases.registrations import check_first, measure, own, read_registration, tell_step
from rights.use_cases.replays import recall


async def look_over(app: Registering, caller: Caller, registration_id: str) -> Sequence[Finding]:
    """The pre-check, as often as wanted."""
    registration = await read_registration(app, caller, registration_id)
    return await _findings(app, registration)


async def _findings(app: Registering, registration: Registration) -> Sequence[Finding]:
    subject = registration.subject
    parties = sorted(registration.holders | ({registration.transferee_party_id} - {""}))
    unapproved = [party_id for party_id in parties if not (await app.parties.facts(party_id)).approved]
    sources = await app.catalog.owners(subject.source_dataset_ids)
    async with app.work() as work:
        units = await work.registry.units(subject.lineage_root, work.now)
    attached = {paper.kind for paper in registration.papers}
    uses = (
        "source_contract" in attached
        or set(sources) <= {registration.applicant_party_id}
        or any(unit.right is Right.USE and unit.holder_party_id == registration.applicant_party_id for unit in units)
    )
    return pre_check(registration, Known(attached, unapproved, uses))


async def submit(app: Registering, caller: Caller, once: Ticket, registration_id: str) -> Registration:
    """Hand it in: refused with the whole list unless clean; copies are looked for; a transfer takes its units."""
    await recall(app, once)
    async with app.work() as work:
        registration = await own(work, caller, registration_id, lock=False)
    findings = await _findings(app, registration)
    if findings:
        raise refusals.PreCheckNotClean(items=[vars(finding) for finding in findings])
    subject = registration.subject
    measured = await measure(app, subject.dataset_id, subject.product_id, subject.version_id)
    if not measured.subject.authorisation_in_force:
        raise refusals.AuthorisationNotInForce(authorisation_id=subject.authorisation_id)
    async with app.work(once) as work:
        await work.registrations.take_turn()
        registration = await own(work, caller, registration_id)
        registration.subject = measured.subject
        await check_first(work, registration.subject, registration.profile)
        matches: Sequence[Mapping[str, Any]] = ()  # Any: JSON
        if registration.type is RegistrationType.INITIAL:
            await _check_unregistered(work, registration)
            matches = await copies.look_for(work, measured.content, app.rules.near_copy_ppm)
        elif registration.state is RegistrationState.DRAFT:
            await transfers.take_units(work, registration)
        registration.submit(work.now, caller.party_id, matches)
        await work.registrations.save(registration)
        tell_step(work, registration, "submitted")
        return work.settle(registration)


async def _check_unregistered(work: Work, registration: Registration) -> None:
    """Nothing is confirmed twice, and nobody new comes in beside holders whose right is encumbered."""
    root, wanted = registration.subject.lineage_root, {(each.right, each.party_id) for each in registration.allocations}
    for certificate in await work.certificates.of_lineage(root):
        same = (certificate.profile, certificate.version_id, certificate.product_id) == (
            registration.profile, registration.subject.version_id, registration.subject.product_id
        )  # fmt: skip
        stands = certificate.state_at(work.now) in {CertificateState.CERTIFIED, CertificateState.CONTESTED}
        if same and stands and wanted & {(each.right, each.party_id) for each in certificate.allocations}:
            raise refusals.AlreadyRegistered(number=certificate.number)
    if not registration.rules.confirms_rights:
        return
    units = await work.registry.lock(root, work.now)
    fresh = {right for right, _ in wanted - {(unit.right, unit.holder_party_id) for unit in units}}
    check_free(await work.registry.live(root), [unit for unit in units if unit.right in fresh])
