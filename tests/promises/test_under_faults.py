"""Tenants go on working while everything breaks in turn; at the end nothing is lost, nothing doubled, nothing stuck."""

import asyncio

import pytest

from tests.market.process import folder_for_a_market
from tests.promises.counts import keep_counts
from tests.promises.nemesis import Nemesis
from tests.promises.verdict import Verdict, dismiss_poison, judge
from tests.promises.workload import Workload
from tests.promises.world import open_world

SEEDS = {"test": [20260803], "promises": [1, 2], "night": list(range(100, 112))}
MINUTES = {"promises": 5.0, "night": 15.0}


@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_doubled_whatever_breaks() -> None:
    verdict, workload, nemesis = await run(seed=20260803, seconds=180.0, faults=5)
    assert verdict.violations == [], told(verdict, nemesis)
    assert workload.broken == []
    assert len(nemesis.schedule) == 5, "each kind of fault is in the long runs"
    assert workload.done.total() >= 3
    assert verdict.reasked > 20


@pytest.mark.promises
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS["promises"])
async def test_nothing_is_lost_or_doubled_for_minutes(seed: int) -> None:
    await for_minutes(seed, MINUTES["promises"], "promises")


@pytest.mark.night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", SEEDS["night"])
async def test_nothing_is_lost_or_doubled_all_night(seed: int) -> None:
    await for_minutes(seed, MINUTES["night"], "night")


async def for_minutes(seed: int, minutes: float, size: str) -> None:
    verdict, workload, nemesis = await run(seed, minutes * 60)
    keep_counts(size, f"faults, seed {seed}", verdict, workload.done.total(), nemesis.schedule)
    assert verdict.violations == [], told(verdict, nemesis)
    assert workload.broken == []
    assert len(nemesis.schedule) >= len(nemesis.faults())


async def run(seed: int, seconds: float, faults: int = 1_000_000) -> tuple[Verdict, Workload, Nemesis]:
    """A world, its tenants, its nemesis, and the verdict."""
    with folder_for_a_market() as data:
        async with open_world(data, seed) as world, world.door() as door:
            workload = Workload(door, data.with_name("papers"), world.operator, seed)
            await workload.open()
            nemesis, stopped = Nemesis(world, seed), asyncio.Event()
            working = asyncio.create_task(workload.work(stopped))
            raging = asyncio.create_task(nemesis.rage(stopped, faults))
            await asyncio.wait([raging], timeout=seconds)
            stopped.set()
            await raging
            await world.heal()
            await working
            await dismiss_poison(world, workload.stage["market"], nemesis.poisoned)
            return await judge(world, await workload.actors()), workload, nemesis


def told(verdict: Verdict, nemesis: Nemesis) -> str:
    """What went wrong, and how to have it again."""
    return "\n".join([f"seed {nemesis.seed}: {' '.join(nemesis.schedule)}", *verdict.violations])
