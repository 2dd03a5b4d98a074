"""Registrations: draft, papers, pre-check, joint application, submission; and who may see them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.work import Ticket
from rights.domain import events, refusals
from rights.domain.filing import Allocation, Paper, Subject
from rights.domain.profiles import ATTACHMENTS, profile_of
from rights.domain.registration import Registration, RegistrationType
from rights.domain.source_rights import Right
from rights.domain.states import RegistrationState
from rights.ports import Measured, Registering, Wanted, Work
from rights.use_cases import transfers
from rights.use_cases.assets import resolve
from rights.use_cases.replays import recall

SEES_ALL = ("reviewer", "operator", "regulator")


@dataclass(frozen=True)
class Draft:
    """What an applicant states at first."""

    profile: str
    form: Mapping[str, Any]  # Any: JSON of annex 1
    allocations: Sequence[Allocation]
    dataset_id: str = ""
    product_id: str = ""
    version_id: str = ""


async def open_registration(app: Registering, caller: Caller, once: Ticket, draft: Draft) -> Registration:
    """Begin an initial registration; what can never be registered here is refused at once."""
    await recall(app, once)
    rules = profile_of(draft.profile)
    measured = await measure(app, draft.dataset_id, draft.product_id, draft.version_id)
    subject = measured.subject
    if subject.owner_party_id != caller.party_id:
        raise refusals.AssetUnknown(dataset_id=draft.dataset_id, product_id=draft.product_id)
    if subject.source_kind in rules.refuses_sources:
        raise refusals.RawPublicDataNotRegistrable(source_kind=subject.source_kind, profile=rules.code)
    await check_registrar(app, {caller.party_id} | {each.party_id for each in draft.allocations})
    async with app.work(once) as work:
        await check_first(work, subject, draft.profile)
        registration = Registration(
            new_id("reg"), draft.profile, RegistrationType.INITIAL, caller.party_id, subject, draft.form,
            draft.allocations, work.now,
        )  # fmt: skip
        await work.registrations.add(registration)
        tell_step(work, registration, "opened")
        return work.settle(registration)


async def open_transfer(
    app: Registering, caller: Caller, once: Ticket, number: str, to: tuple[str, Sequence[Right]]
) -> Registration:
    """Begin a joint transfer of some or all of one's rights in a certificate."""
    transferee, rights = to
    await recall(app, once)
    async with app.work() as work:
        certificate = await work.certificates.get(number)
    measured = await measure(app, certificate.dataset_id, certificate.product_id, certificate.version_id)
    await check_registrar(app, {caller.party_id, transferee})
    async with app.work(once) as work:
        certificate = await work.certificates.get(number)
        origin = await work.registrations.get(certificate.registration_id)
        allocations = transfers.passed_on(certificate, caller.party_id, transferee, rights, work.now)
        registration = Registration(
            new_id("reg"), certificate.profile, RegistrationType.TRANSFER, caller.party_id, measured.subject,
            origin.form, allocations, work.now, transferee_party_id=transferee, rights=list(rights),
            previous_certificate=number,
        )  # fmt: skip
        await work.registrations.add(registration)
        tell_step(work, registration, "opened")
        return work.settle(registration)


async def measure(app: Registering, dataset_id: str, product_id: str, version_id: str) -> Measured:
    """The version as the catalog has it; refused when it is not one of this dataset or product."""
    asset = await resolve(app, dataset_id, product_id)
    measured = await app.catalog.version(version_id, product_id)
    if measured is None or measured.subject.dataset_id != asset.dataset_id:
        raise refusals.AssetUnknown(dataset_id=asset.dataset_id, version_id=version_id)
    return measured


async def check_registrar(app: Registering, party_ids: set[str]) -> None:
    """The registrar may not register, get or judge data of its own."""
    for party_id in sorted(party_ids):
        if "reviewer" in (await app.parties.facts(party_id)).roles:
            raise refusals.RegistrarOwnData(party_id=party_id)


async def check_first(work: Work, subject: Subject, profile: str) -> None:
    """Public-data products go into the public-data register before they are registered as property."""
    first = profile_of(profile).first_under.get(subject.source_kind)
    asset_ids = {subject.asset_id, subject.dataset_id}
    if first is not None and not await work.certificates.stands(first, asset_ids, work.now):
        raise refusals.PublicRegistrationFirst(profile=first)


def tell_step(work: Work, registration: Registration, step: str, note: str = "") -> None:
    """Every step leaves a deposit."""
    deposit = canonical({
        "registration_id": registration.registration_id, "step": step, "state": registration.state, "note": note,
        "at": work.now.isoformat(), "version_digest": registration.subject.version_digest,
    })  # fmt: skip
    told = events.RegistrationStepTaken(registration.registration_id, step)
    work.tell(told, about=registration.registration_id, deposit=deposit)


async def change_form(
    app: Registering, caller: Caller, registration_id: str, form: Mapping[str, Any], allocations: Sequence[Allocation]
) -> Registration:  # Any: JSON of annex 1
    """Write the form anew while it is open."""
    await check_registrar(app, {each.party_id for each in allocations})
    async with app.work() as work:
        registration = await own(work, caller, registration_id)
        registration.need_open_form()
        if registration.type is RegistrationType.TRANSFER:
            raise refusals.StepNotAllowed(state=registration.state, type=registration.type)
        registration.form, registration.allocations = form, allocations
        await work.registrations.save(registration)
        return registration


async def own(work: Work, caller: Caller, registration_id: str, *, lock: bool = True) -> Registration:
    """The applicant's own registration; anybody else's does not exist."""
    registration = await work.registrations.get(registration_id, lock=lock)
    if registration.applicant_party_id != caller.party_id:
        raise refusals.RegistrationNotFound(registration_id=registration_id)
    return registration


async def attach(
    app: Registering, caller: Caller, registration_id: str, kind: str, paper: tuple[str, AsyncIterator[bytes]]
) -> Paper:
    """Keep a paper; its bytes are streamed to the store before anything is written down."""
    media_type, stream = paper
    if kind not in ATTACHMENTS:
        raise refusals.AttachmentKindUnknown(known=sorted(ATTACHMENTS))
    async with app.work() as work:
        (await own(work, caller, registration_id, lock=False)).need_open_papers()
    stored = await app.objects.put(stream, limit_bytes=app.rules.attachment_bytes_max)
    if stored.size == 0:
        raise refusals.AttachmentEmpty
    async with app.work() as work:
        registration = await own(work, caller, registration_id)
        kept = Paper(kind, stored.sha256, stored.sm3, stored.size, media_type)
        registration.attach(kept)
        await work.registrations.save(registration)
        return kept


async def read_attachment(app: Registering, caller: Caller, registration_id: str, kind: str) -> Paper:
    """A paper, for those who see the registration."""
    registration = await read_registration(app, caller, registration_id)
    found = next((paper for paper in registration.papers if paper.kind == kind), None)
    if found is None:
        raise refusals.AttachmentNotFound(registration_id=registration_id)
    return found


async def read_registration(app: Registering, caller: Caller, registration_id: str) -> Registration:
    """One's own, or for those who look after all of them any that was submitted."""
    async with app.work() as work:
        registration = await work.registrations.get(registration_id)
    unseen = registration.state is RegistrationState.DRAFT or not caller.has(*SEES_ALL)
    if caller.party_id not in registration.parties and unseen:
        raise refusals.RegistrationNotFound(registration_id=registration_id)
    return registration


async def list_registrations(app: Registering, caller: Caller, wanted: Wanted) -> Sequence[Registration]:
    """The newest first."""
    if caller.has(*SEES_ALL):
        wanted = replace(wanted, submitted_only=True)
    else:
        wanted = replace(wanted, party_id=caller.party_id)
    async with app.work() as work:
        return await work.registrations.list(wanted)


async def join(app: Registering, caller: Caller, once: Ticket, registration_id: str) -> Registration:
    """The transferee applies too."""
    async with app.work(once) as work:
        registration = await work.registrations.get(registration_id, lock=True)
        if caller.party_id not in registration.parties:
            raise refusals.RegistrationNotFound(registration_id=registration_id)
        registration.join(work.now, caller.party_id)
        await work.registrations.save(registration)
        tell_step(work, registration, "joined")
        return work.settle(registration)


async def withdraw(app: Registering, caller: Caller, once: Ticket, registration_id: str) -> Registration:
    """Give it up before it is recorded."""
    async with app.work(once) as work:
        registration = await own(work, caller, registration_id)
        await end(work, registration, RegistrationState.WITHDRAWN, caller.party_id, "")
        return work.settle(registration)


async def end(work: Work, registration: Registration, state: RegistrationState, by: str, reason: str) -> None:
    """Refused, withdrawn or lapsed; what a transfer took is free again."""
    registration.end(state, work.now, by, reason)
    await work.registrations.save(registration)
    if registration.type is RegistrationType.TRANSFER:
        await transfers.give_units_back(work, registration, reason)
    tell_step(work, registration, state.lower(), reason)
