"""Encumbrances: reserve, confirm, cancel, release, annotate; seizures; each decided under the lineage's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.callers import Caller
from kernel.canonical import canonical, sha256_hex
from kernel.ids import new_id
from kernel.work import Ticket
from rights.domain import events, registry_refusals
from rights.domain.encumbrance import (
    Encumbrance,
    EncumbranceKind,
    EncumbranceState,
    check_free,
    check_unseized,
    units_taken,
)  # fmt: skip
from rights.domain.source_rights import Right
from rights.ports import Registering, Remark, Work
from rights.use_cases.assets import resolve

OURSELVES = "rights"


@dataclass(frozen=True)
class Reservation:
    """What another service wants to take."""

    owner_service: str
    reference: str
    kind: EncumbranceKind
    dataset_id: str
    product_id: str
    right: Right
    holder_party_id: str
    beneficiary_party_id: str
    licence_policy: str = ""
    control_account: str = ""
    consenting_party_ids: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """By which a repeated request is told from another one under the same reference."""
        return sha256_hex(canonical([
            self.kind, self.dataset_id, self.product_id, self.right, self.holder_party_id, self.beneficiary_party_id,
            self.licence_policy, self.control_account, sorted(self.consenting_party_ids),
        ]))  # fmt: skip


def written(encumbrance: Encumbrance, at: datetime) -> bytes:
    """What the log gets of a burden's step."""
    return canonical({
        "encumbrance_id": encumbrance.encumbrance_id, "kind": encumbrance.kind, "state": encumbrance.state,
        "lineage_root": encumbrance.lineage_root, "right": encumbrance.right or "",
        "unit_ids": sorted(encumbrance.unit_ids), "beneficiary_party_id": encumbrance.beneficiary_party_id,
        "owner_service": encumbrance.owner_service, "reference": encumbrance.reference,
        "fencing_version": encumbrance.fencing_version, "order_number": encumbrance.order_number,
        "at": at.isoformat(),
    })  # fmt: skip


def tell_placed(work: Work, encumbrance: Encumbrance) -> None:
    """It lies upon the right."""
    told = events.EncumbrancePlaced(encumbrance)
    work.tell(told, about=encumbrance.encumbrance_id, deposit=written(encumbrance, work.now))


def tell_released(work: Work, encumbrance: Encumbrance) -> None:
    """It no longer does."""
    told = events.EncumbranceReleased(encumbrance)
    work.tell(told, about=encumbrance.encumbrance_id, deposit=written(encumbrance, work.now))


def _tell_step(work: Work, encumbrance: Encumbrance) -> None:
    told = events.EncumbranceStepTaken(encumbrance)
    work.tell(told, about=encumbrance.encumbrance_id, deposit=written(encumbrance, work.now))


async def reserve(app: Registering, wanted: Reservation) -> Encumbrance:
    """Take the right, or refuse. The same reference gets the same answer; it never lapses by time."""
    asset = await resolve(app, wanted.dataset_id, wanted.product_id)
    async with app.work() as work:
        barred = await work.registry.is_barred(wanted.owner_service, wanted.reference)
        units = await work.registry.lock(asset.lineage_root, work.now)
        known = await work.registry.find(wanted.owner_service, wanted.reference)
        if known is not None:
            return _same(known, wanted)
        if barred:
            raise registry_refusals.ReservationCancelled(reference=wanted.reference)
        live = await work.registry.live(asset.lineage_root)
        of_right = [unit for unit in units if unit.right is wanted.right]
        check_unseized(live, [wanted.right], {unit.holder_party_id for unit in of_right} | {wanted.holder_party_id})
        check_free(live, of_right)
        taken = units_taken(wanted.kind, wanted.right, wanted.holder_party_id, units, wanted.consenting_party_ids)
        encumbrance = Encumbrance(
            new_id("enc"), asset.lineage_root, wanted.kind, EncumbranceState.RESERVED, wanted.right,
            wanted.holder_party_id, wanted.beneficiary_party_id, wanted.owner_service, wanted.reference,
            wanted.digest, await work.registry.next_fence(), work.now, [unit.unit_id for unit in taken],
            wanted.licence_policy, wanted.control_account,
        )  # fmt: skip
        await work.registry.place(encumbrance)
        _tell_step(work, encumbrance)
        return encumbrance


def _same(known: Encumbrance, wanted: Reservation) -> Encumbrance:
    if known.request_sha256 != wanted.digest:
        raise registry_refusals.ReferenceReused(reference=wanted.reference)
    if known.state is EncumbranceState.CANCELLED:
        raise registry_refusals.ReservationCancelled(reference=wanted.reference)
    return known


async def confirm(app: Registering, owner_service: str, reference: str, fencing_version: int) -> Encumbrance:
    """Make it stand, unless a seizure or dispute came between. Idempotent."""
    async with app.work() as work:
        encumbrance = await _locked(work, owner_service, reference)
        if encumbrance is None:
            raise registry_refusals.EncumbranceNotFound(reference=reference)
        if encumbrance.state is EncumbranceState.ACTIVE and encumbrance.fencing_version == fencing_version:
            return encumbrance
        if encumbrance.state is EncumbranceState.RESERVED and encumbrance.right is not None:
            units = await work.registry.units(encumbrance.lineage_root, work.now)
            holders = {unit.holder_party_id for unit in units if unit.unit_id in encumbrance.unit_ids}
            check_unseized(await work.registry.live(encumbrance.lineage_root), [encumbrance.right], holders)
        encumbrance.confirm(fencing_version, work.now)
        await work.registry.save(encumbrance)
        tell_placed(work, encumbrance)
        return encumbrance


async def _locked(work: Work, owner_service: str, reference: str) -> Encumbrance | None:
    """Under the lineage's lock, which everybody takes first."""
    known = await work.registry.find(owner_service, reference)
    if known is None:
        return None
    await work.registry.lock(known.lineage_root, work.now)
    return await work.registry.find(owner_service, reference, lock=True)


async def cancel(app: Registering, owner_service: str, reference: str) -> Encumbrance | None:
    """Give a reservation up; one that never arrived is barred, so that it cannot arrive late. Idempotent."""
    async with app.work() as work:
        await work.registry.bar_reference(owner_service, reference)
        encumbrance = await _locked(work, owner_service, reference)
        if encumbrance is None or encumbrance.state is EncumbranceState.CANCELLED:
            return encumbrance
        encumbrance.become(EncumbranceState.CANCELLED, work.now)
        await work.registry.save(encumbrance)
        _tell_step(work, encumbrance)
        return encumbrance


async def release(app: Registering, owner_service: str, reference: str, encumbrance_id: str) -> Encumbrance:
    """End a confirmed burden; both names must be of the same one, so that a wrong line frees nothing. Idempotent."""
    async with app.work() as work:
        encumbrance = await _locked(work, owner_service, reference)
        if encumbrance is None or encumbrance.encumbrance_id != encumbrance_id:
            raise registry_refusals.EncumbranceNotFound(reference=reference, encumbrance_id=encumbrance_id)
        if encumbrance.state is EncumbranceState.RELEASED:
            return encumbrance
        encumbrance.become(EncumbranceState.RELEASED, work.now)
        await work.registry.save(encumbrance)
        tell_released(work, encumbrance)
        return encumbrance


async def annotate(app: Registering, remark: Remark) -> Sequence[str]:
    """Put a remark on the certificates of an asset or take it off; which certificates. Idempotent by reference."""
    async with app.work() as work:
        await work.registry.annotate(remark)
        certificates = await work.certificates.of_lineage(remark.lineage_root)
        return [certificate.number for certificate in certificates]


@dataclass(frozen=True)
class Order:
    """A court's or authority's order upon an asset; without right or holder it takes them all."""

    dataset_id: str = ""
    court: str = ""
    order_number: str = ""
    right: Right | None = None
    holder_party_id: str = ""


async def seize(app: Registering, caller: Caller, once: Ticket, order: Order) -> Encumbrance:
    """Record a seizure: always possible, also on a pledged right; it blocks what is new."""
    asset = await resolve(app, order.dataset_id, "")
    async with app.work(once) as work:
        seizure = await hold(work, asset.lineage_root, EncumbranceKind.SEIZURE, new_id("szr"), caller.party_id, order)
        return work.settle(seizure)


async def hold(
    work: Work, lineage_root: str, kind: EncumbranceKind, reference: str, by: str, order: Order | None = None
) -> Encumbrance:
    """Place a seizure or dispute upon all units it names, in this transaction."""
    order = order or Order()
    units = await work.registry.lock(lineage_root, work.now)
    struck = [
        unit.unit_id for unit in units
        if order.right in (None, unit.right) and order.holder_party_id in ("", unit.holder_party_id)
    ]  # fmt: skip
    placed = Encumbrance(
        new_id("enc"), lineage_root, kind, EncumbranceState.ACTIVE, order.right, order.holder_party_id, by, OURSELVES,
        reference, "", await work.registry.next_fence(), work.now, struck, court=order.court,
        order_number=order.order_number, confirmed_at=work.now,
    )  # fmt: skip
    await work.registry.place(placed)
    tell_placed(work, placed)
    return placed


async def lift_seizure(
    app: Registering, once: Ticket, encumbrance_id: str, order_number: str, reason: str
) -> Encumbrance:
    """End a seizure by a further order."""
    async with app.work(once) as work:
        found = await work.registry.get(encumbrance_id)
        if found is None or found.kind is not EncumbranceKind.SEIZURE or not found.live:
            raise registry_refusals.SeizureNotFound(encumbrance_id=encumbrance_id)
        return work.settle(await end_hold(work, found, f"{order_number}: {reason}"))


async def end_hold(work: Work, held: Encumbrance, note: str) -> Encumbrance:
    """Take a seizure, dispute or transfer off, in this transaction. Idempotent."""
    await work.registry.lock(held.lineage_root, work.now)
    held = await work.registry.find(held.owner_service, held.reference, lock=True) or held
    if held.live:
        held.note = note
        held.become(EncumbranceState.RELEASED, work.now)
        await work.registry.save(held)
        tell_released(work, held)
    return held
