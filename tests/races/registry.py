"""What callers try at the registry of rights, and how the right is freed again for the next round."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from kernel.ids import new_id
from rights.domain.encumbrance import EncumbranceKind
from rights.domain.filing import Subject
from rights.domain.source_rights import Right
from rights.use_cases import encumbrances, transfers
from rights.use_cases.encumbrances import Order
from tests.races.racing import Call
from tests.rights.conftest import Centre
from tests.rights.fakes import DESIGNER, OTHER
from tests.rights.test_registry import wanted


class Registry:
    """One certified asset that everybody is after; ``freeing`` undoes what the last round took."""

    def __init__(self, centre: Centre, subject: Subject, number: str) -> None:
        self.ports, self.subject, self.number = centre.running.ports, subject, number
        self.freeing: dict[str, Callable[[], Any]] = {}

    def pledge(self) -> Call:
        """A bank reserves the right."""
        return self._reserve(EncumbranceKind.PLEDGE)

    def sale(self) -> Call:
        """A buyer reserves the exclusive grant."""
        return self._reserve(EncumbranceKind.EXCLUSIVE_GRANT)

    def _reserve(self, kind: EncumbranceKind) -> Call:
        async def call() -> str:
            reservation = wanted(self.subject, kind)
            held = await encumbrances.reserve(self.ports, reservation)
            self.freeing[held.encumbrance_id] = lambda: encumbrances.cancel(
                self.ports, reservation.owner_service, reservation.reference
            )
            return held.encumbrance_id

        return call

    def transfer(self) -> Call:
        """The holder's transfer takes its units, as its registration does when it is handed in."""

        async def call() -> str:
            registration: Any = SimpleNamespace(
                registration_id=new_id("reg"), subject=self.subject, applicant_party_id=DESIGNER,
                transferee_party_id=OTHER, rights=list(Right), previous_certificate=self.number,
            )  # fmt: skip
            async with self.ports.work() as work:
                await transfers.take_units(work, registration)

            async def free() -> None:
                async with self.ports.work() as work:
                    await transfers.give_units_back(work, registration, "race over")

            self.freeing[registration.registration_id] = free
            return str(registration.registration_id)

        return call

    def seizure(self) -> Call:
        """A court's order, which always finds its place."""

        async def call() -> str:
            order = Order(self.subject.dataset_id, "法院", "1")
            async with self.ports.work() as work:
                held = await encumbrances.hold(
                    work, self.subject.lineage_root, EncumbranceKind.SEIZURE, new_id("szr"), "pty_regulator", order
                )
            self.freeing[held.encumbrance_id] = lambda: encumbrances.lift_seizure(
                self.ports, None, held.encumbrance_id, "2", "race over"
            )
            return held.encumbrance_id

        return call

    async def pledged(self) -> Call:
        """A pledge stands; the call releases it."""
        reservation = wanted(self.subject)
        held = await encumbrances.reserve(self.ports, reservation)
        await encumbrances.confirm(self.ports, "pledge", reservation.reference, held.fencing_version)

        async def release() -> str:
            ended = await encumbrances.release(self.ports, "pledge", reservation.reference, held.encumbrance_id)
            return ended.encumbrance_id

        return release

    async def live(self) -> list[Any]:
        """What lies upon the asset, in the order of placing."""
        async with self.ports.work() as work:
            return list(await work.registry.live(self.subject.lineage_root))

    async def free(self) -> None:
        """Ready for the next round."""
        freeing, self.freeing = self.freeing, {}
        for undo in freeing.values():
            await undo()
