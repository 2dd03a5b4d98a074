"""Warm rooms: one for each contract and version, opened when first asked, opened anew when lost."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from delivery.domain.answer import PersonFacts, window_start
from delivery.domain.cohort import Cell, CohortQuery, Group
from delivery.domain.entitlement import Entitlement
from delivery.domain.refusals import RoomUnavailable, VersionNotConforming
from delivery.domain.specification import Specification
from delivery.outbound.rooms.room import Room, RoomLost
from delivery.outbound.rooms.stores import Stores
from delivery.ports import Catalog, Seal, VersionAnswering

ROOM_TRIES = 2
Told = TypeVar("Told")


@dataclass(frozen=True)
class RoomLimits:
    """What one room may use, and how many there may be."""

    rooms_max: int = 4
    threads: int = 1
    memory_bytes: int = 1024 * 1024 * 1024
    room_bytes: int = 1024 * 1024 * 1024
    cpu_seconds: int = 10
    answer_seconds: float = 10.0
    load_seconds: float = 300.0


@dataclass(frozen=True)
class OpenRoom:
    """A loaded room, and what it answers from."""

    room: Room
    version: VersionAnswering
    specification: Specification


class WarmRooms:
    """See ``ports.Rooms``."""

    def __init__(self, catalog: Catalog, stores: Stores, sealer: Seal, limits: RoomLimits) -> None:
        self._catalog, self._stores, self._sealer, self._limits = catalog, stores, sealer, limits
        self._open: OrderedDict[tuple[str, str], asyncio.Task[OpenRoom]] = OrderedDict()

    async def person(
        self, entitlement: Entitlement, version_id: str, subject_token: str
    ) -> tuple[VersionAnswering, PersonFacts | None]:
        """See the port."""

        async def ask(opened: OpenRoom) -> tuple[VersionAnswering, PersonFacts | None]:
            told = await opened.room.ask("person", self._limits.answer_seconds, token=subject_token)
            return opened.version, _facts(told)

        return await self._in_room(entitlement, version_id, ask)

    async def cohort(
        self, entitlement: Entitlement, version_id: str, query: CohortQuery
    ) -> tuple[VersionAnswering, list[Group], list[Cell]]:
        """See the port."""

        async def ask(opened: OpenRoom) -> tuple[VersionAnswering, list[Group], list[Cell]]:
            dimensions = opened.specification.dimensions()
            query.need_dimensions(dimensions)
            first_day = window_start(opened.version.data_as_of, query.look_back_years)
            told, cells = await asyncio.gather(
                opened.room.ask(
                    "cohort", self._limits.answer_seconds, first_day=first_day.isoformat(),
                    filters=query.population.as_json(), group_by=list(query.group_by),
                ),
                opened.room.ask("cells", self._limits.answer_seconds),
            )  # fmt: skip
            groups = [Group(by, persons, having if query.prevalence else {}) for by, persons, having in told]
            return opened.version, groups, [(by, persons) for by, persons in cells]

        return await self._in_room(entitlement, version_id, ask)

    async def warm(self, entitlement: Entitlement, version_id: str) -> bool:
        """See the port; a room that nobody asked for takes no other's place."""
        key = (entitlement.contract_id, version_id)
        if key in self._open or len(self._open) >= self._limits.rooms_max:
            return False
        await self._room(key, entitlement)
        return True

    async def _in_room(
        self, entitlement: Entitlement, version_id: str, ask: Callable[[OpenRoom], Awaitable[Told]]
    ) -> Told:
        for _ in range(ROOM_TRIES):
            with suppress(RoomLost):
                return await ask(await self._room((entitlement.contract_id, version_id), entitlement))
        raise RoomUnavailable

    async def _room(self, key: tuple[str, str], entitlement: Entitlement) -> OpenRoom:
        opening = self._open.get(key)
        if opening is not None and opening.done() and (opening.cancelled() or opening.exception() or _lost(opening)):
            await self._drop(key)
            opening = None
        if opening is None:
            opening = self._open[key] = asyncio.create_task(self._opened(key[1], entitlement))
            await self._make_place(key)
        self._open.move_to_end(key)
        # A caller who leaves must not take the room from the others who wait for it.
        return await asyncio.shield(opening)

    async def _make_place(self, besides: tuple[str, str]) -> None:
        idle = [
            key for key, opening in self._open.items()
            if key != besides and opening.done() and (opening.exception() or not opening.result().room.busy)
        ]  # fmt: skip
        while len(self._open) > self._limits.rooms_max and idle:
            await self._drop(idle.pop(0))

    async def _drop(self, key: tuple[str, str]) -> None:
        opening = self._open.pop(key, None)
        if opening is not None and opening.done() and not opening.cancelled() and not opening.exception():
            await opening.result().room.close()

    async def _opened(self, version_id: str, entitlement: Entitlement) -> OpenRoom:
        specification = Specification.read(entitlement.specification)
        people, diagnoses = specification.people, specification.diagnoses
        if people is None or diagnoses is None:
            raise VersionNotConforming(problem="the product tells nothing of persons")
        manifest = await self._catalog.manifest(version_id)
        people_path = await self._stores.file(version_id, manifest.file(people.file))
        diagnoses_path = await self._stores.file(version_id, manifest.file(diagnoses.file))
        key = self._sealer.unseal(entitlement.sealed_key)
        async with self._stores.index(version_id, key) as index_path:
            room = await Room.start()
            try:
                told = await room.ask(
                    "load", self._limits.load_seconds, people_path=str(people_path),
                    diagnoses_path=str(diagnoses_path), index_path=str(index_path), people=vars(people),
                    diagnoses=vars(diagnoses), groups=dict(specification.groups), **_bounds(self._limits),
                )  # fmt: skip
            except BaseException:
                await room.close()
                raise
        if not told["records_to"]:
            await room.close()
            raise VersionNotConforming(problem="the version holds no diagnoses")
        first, last = date.fromisoformat(told["records_from"]), date.fromisoformat(told["records_to"])
        as_of = specification.data_as_of or last
        return OpenRoom(room, VersionAnswering(version_id, manifest.digest, as_of, first, last), specification)

    async def close(self) -> None:
        """Close all of them."""
        for opening in self._open.values():
            opening.cancel()
        await asyncio.gather(*self._open.values(), return_exceptions=True)
        for key in list(self._open):
            await self._drop(key)


def _lost(opening: "asyncio.Task[OpenRoom]") -> bool:
    return opening.result().room.lost


def _bounds(limits: RoomLimits) -> dict[str, int]:
    return {
        "threads": limits.threads, "memory_bytes": limits.memory_bytes, "room_bytes": limits.room_bytes,
        "cpu_seconds": limits.cpu_seconds,
    }  # fmt: skip


def _facts(told: Any) -> PersonFacts | None:  # Any: a room's JSON answer
    if told is None:
        return None
    pseudonym, deceased, last_active, by_group = told
    return PersonFacts(
        pseudonym or "", deceased, _day(last_active), {name: _day(day) for name, day in by_group.items()}
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
