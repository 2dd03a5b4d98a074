"""An ordeal: a world, its tenants at work, what breaks it meanwhile, and the verdict."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.market.process import folder_for_a_market
from tests.promises.counts import keep_counts
from tests.promises.nemesis import Nemesis
from tests.promises.verdict import Verdict, dismiss_poison, judge
from tests.promises.workload import Workload
from tests.promises.world import World, open_world

Open = Callable[..., AbstractAsyncContextManager[World]]
Breaks = Callable[[Any, int], Nemesis]  # Any: each nemesis knows its own kind of world


async def rounds_of_all(
    rounds: int, seed: int, size: str, where: str = "faults", opened: Open = open_world, breaks: Breaks = Nemesis
) -> None:
    """Every kind of fault so many times; nothing lost, doubled or stuck at the end."""
    verdict, workload, nemesis = await run(seed, rounds=rounds, opened=opened, breaks=breaks)
    keep_counts(size, f"{where}, seed {seed}", verdict, workload.done.total(), nemesis.schedule)
    assert verdict.violations == [], told(verdict, nemesis)
    assert workload.broken == []


async def run(
    seed: int, *, faults: int = 0, rounds: int = 0, opened: Open = open_world, breaks: Breaks = Nemesis
) -> tuple[Verdict, Workload, Nemesis]:
    """So many faults, or so many rounds of all kinds: a number and no time, so that a slow machine does as many."""
    with folder_for_a_market() as data:
        async with opened(data, seed) as world, world.door() as door:
            workload = Workload(door, data.with_name("papers"), world.operator, seed)
            await workload.open()
            nemesis, stopped = breaks(world, seed), asyncio.Event()
            working = asyncio.create_task(workload.work(stopped))
            await nemesis.rage(faults or rounds * len(nemesis.faults()))
            stopped.set()
            await world.heal()
            await working
            await dismiss_poison(world, workload.stage["market"], nemesis.poisoned)
            return await judge(world, await workload.actors()), workload, nemesis


def told(verdict: Verdict, nemesis: Nemesis) -> str:
    """What went wrong, and how to have it again."""
    return "\n".join([f"seed {nemesis.seed}: {' '.join(nemesis.schedule)}", *verdict.violations])
