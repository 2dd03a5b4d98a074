"""Joint transfers: which rights pass, and the units that nobody else may take meanwhile."""

from collections.abc import Sequence
from datetime import datetime

from kernel.ids import new_id
from rights.domain import refusals, registry_refusals
from rights.domain.certificate import Certificate
from rights.domain.encumbrance import (
    Encumbrance,
    EncumbranceKind,
    EncumbranceState,
    Unit,
    check_free,
    check_unseized,
)  # fmt: skip
from rights.domain.filing import Allocation
from rights.domain.registration import Registration
from rights.domain.source_rights import Right
from rights.ports import Work
from rights.use_cases.encumbrances import OURSELVES, end_hold, tell_placed


def passed_on(
    certificate: Certificate, transferor: str, transferee: str, rights: Sequence[Right], at: datetime
) -> list[Allocation]:
    """Who holds what afterwards: the transferor keeps nothing of what it gives, everybody else what they had."""
    if transferor not in {each.party_id for each in certificate.allocations}:
        raise refusals.CertificateNotFound(number=certificate.number)
    if not certificate.in_force(at):
        raise registry_refusals.CertificateNotInForce(number=certificate.number)
    held = {each.right for each in certificate.allocations if each.party_id == transferor}
    missing = sorted(set(rights) - held)
    if missing or transferee == transferor:
        raise registry_refusals.RightNotHeld(rights=missing, holder_party_id=transferor)
    after: dict[tuple[str, Right], Allocation] = {}
    for each in certificate.allocations:
        passes = each.party_id == transferor and each.right in rights
        party_id = transferee if passes else each.party_id
        after.setdefault((party_id, each.right), Allocation(party_id, each.right, each.term_months, each.limits))
    return list(after.values())


async def units_of(work: Work, registration: Registration) -> list[Unit]:
    """The transferor's units, under the lineage's lock."""
    units = await work.registry.lock(registration.subject.lineage_root, work.now)
    return [
        unit for unit in units
        if unit.holder_party_id == registration.applicant_party_id and unit.right in registration.rights
    ]  # fmt: skip


async def take_units(work: Work, registration: Registration) -> None:
    """Refused while anything lies upon them; then nobody else may take them."""
    lineage_root = registration.subject.lineage_root
    units = await units_of(work, registration)
    if {unit.right for unit in units} != set(registration.rights):
        raise registry_refusals.RightNotHeld(holder_party_id=registration.applicant_party_id)
    if not all(unit.in_force for unit in units):
        raise registry_refusals.CertificateNotInForce(number=registration.previous_certificate)
    await check_burdens(work, lineage_root, units)
    placed = Encumbrance(
        new_id("enc"), lineage_root, EncumbranceKind.TRANSFER, EncumbranceState.ACTIVE, None,
        registration.applicant_party_id, registration.transferee_party_id, OURSELVES, registration.registration_id,
        "", await work.registry.next_fence(), work.now, [unit.unit_id for unit in units], confirmed_at=work.now,
    )  # fmt: skip
    await work.registry.place(placed)
    tell_placed(work, placed)


async def check_burdens(work: Work, lineage_root: str, units: Sequence[Unit]) -> None:
    """Refuse when anything at all lies upon these units."""
    live = await work.registry.live(lineage_root)
    check_unseized(live, {unit.right for unit in units}, {unit.holder_party_id for unit in units})
    check_free(live, units)


async def check_unstopped(work: Work, registration: Registration) -> None:
    """A transfer waits while a seizure or dispute that came meanwhile lies upon what it passes on."""
    await work.registry.lock(registration.subject.lineage_root, work.now)
    live = await work.registry.live(registration.subject.lineage_root)
    check_unseized(live, set(registration.rights), {registration.applicant_party_id})


async def give_units_back(work: Work, registration: Registration, note: str) -> None:
    """The transfer came to nothing, or is done."""
    taken = await work.registry.find(OURSELVES, registration.registration_id)
    if taken is not None:
        await end_hold(work, taken, note or "transfer ended")
