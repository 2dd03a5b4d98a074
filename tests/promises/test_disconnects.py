"""Clients vanish in the middle of what they ask and of what they are told: nothing of theirs stays behind."""

import asyncio

import httpx
import pytest

from market.roster import SERVICES
from tests.market.process import folder_for_a_market
from tests.promises.counts import keep_counts
from tests.promises.impatience import Impatient
from tests.promises.ordeal import Open
from tests.promises.stack_world import need_servers, open_stack_world
from tests.promises.verdict import judge
from tests.promises.workload import Workload
from tests.promises.world import World, open_world

LEFT = {"promises": 400, "night": 20_000}
WAIT_SECONDS_MAX = 90.0


@pytest.mark.promises
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("where", "opened"), [("embedded", open_world), ("stack", open_stack_world)])
async def test_clients_that_vanish_leave_nothing_behind(where: str, opened: Open) -> None:
    if where == "stack":
        need_servers()
    await storm(where, opened, "promises")


@pytest.mark.night
@pytest.mark.timeout(7200)
async def test_clients_that_vanish_all_night_leave_nothing_behind() -> None:
    await storm("embedded", open_world, "night")


async def storm(where: str, opened: Open, size: str) -> None:
    """Tenants work as ever and ask again under the same key whenever they had broken off."""
    moods: list[Impatient] = []

    def between(line: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        moods.append(Impatient(line, 29, LEFT[size]))
        return moods[-1]

    with folder_for_a_market() as data:
        async with opened(data, 29) as world, world.door() as patient, world.door(between) as door:
            workload = Workload(patient, data.with_name("papers"), world.operator, 29)
            await workload.open()
            for actor in workload.stage.actors.values():
                actor.door = door
            await workload.work(moods[0].enough)
            for actor in workload.stage.actors.values():
                actor.door = patient
            await nothing_hangs(world)
            failed = world.failed_requests()
            verdict = await judge(world, await workload.actors())
    left = [f"left while {when}" for when, times in moods[0].left.items() for _ in range(times)]
    keep_counts(size, f"clients that vanish, {where}", verdict, workload.done.total(), left)
    assert verdict.violations == []
    assert workload.broken == []
    assert failed == [], "who goes away is no failure of the market"
    assert set(moods[0].left) == {"asking", "waiting", "being answered"}


async def nothing_hangs(world: World) -> None:
    """No transaction stays open in any database, and no connection was lost to its pool."""
    ends_at = asyncio.get_running_loop().time() + WAIT_SECONDS_MAX
    while hanging := await _hanging(world):
        assert asyncio.get_running_loop().time() < ends_at, hanging
        await asyncio.sleep(0.5)


async def _hanging(world: World) -> list[str]:
    connection = await world.server.connect()
    try:
        rows = await connection.fetch(_HANGING, [f"yaosu_{name}" for name in SERVICES])
    finally:
        await connection.close()
    return [f"{row['datname']}: {row['query']}" for row in rows]


_HANGING = """
    SELECT datname, query FROM pg_stat_activity
    WHERE datname = ANY($1::text[]) AND state LIKE 'idle in transaction%' AND now() - state_change > interval '1 s'"""
