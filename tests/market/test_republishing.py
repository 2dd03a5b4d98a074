"""What a broker lost is sent again from the outboxes, in order, and never past a worker that runs."""

from pathlib import Path

import pytest
from sqlalchemy import text

from market import processes
from market.embedded import build_host
from market.ground import Ground
from market.republishing import WorkerRuns, republish, republish_outboxes

ON_THE_BUS = text("SELECT event_id FROM bus_log ORDER BY place")


async def told(data: Path, *, lost: bool = False) -> list[str]:
    """What stands on the bus after the worker's round; ``lost``: it held nothing before."""
    ground = await Ground.open(data, movable_clock=False)
    host = build_host(ground, "onboarding")
    try:
        owner = ground.server.as_owner("bus")
        if lost:
            async with owner.transaction() as conn:
                await conn.execute(text("TRUNCATE bus_log"))
        await host.worker.drain()
        async with owner.transaction() as conn:
            found = list((await conn.execute(ON_THE_BUS)).scalars())
        await owner.close()
        return found
    finally:
        await host.close()
        await ground.close()


async def test_events_go_out_again_once_nobody_works(data: Path) -> None:
    await processes.migrate(["onboarding"], data)
    first = await told(data)
    assert first
    assert await republish_outboxes(["onboarding"], data) == [("onboarding", len(first))]
    assert await told(data, lost=True) == first


async def test_nothing_is_sent_again_past_a_worker(data: Path) -> None:
    await processes.migrate(["onboarding"], data)
    first = await told(data)
    ground = await Ground.open(data, movable_clock=False)
    working = await ground.server.connect("yaosu_onboarding")
    try:
        await working.execute("SELECT pg_advisory_lock(hashtext('worker'))")
        with pytest.raises(WorkerRuns, match="stop it"):
            await republish(ground, "onboarding")
    finally:
        await working.close()
        await ground.close()
    assert first
    assert await told(data, lost=True) == []
