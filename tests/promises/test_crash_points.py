"""The process dies at every named point, one after the other, while clients are at work, and all comes right."""

import ast
import asyncio
import random
import re
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from market.backends.kafka import start_kafka
from market.backends.seaweed import start_seaweed
from tests.market.process import Process, folder_for_a_market, run
from tests.promises.counts import keep_counts
from tests.promises.crashes import APART, POINTS, drive
from tests.promises.stack_world import need_servers
from tests.promises.verdict import judge
from tests.promises.workload import Workload
from tests.promises.world import World, open_world, told_here
from tools.survey import sources

DEATH_SECONDS_MAX = 180.0
NAME = re.compile(r"[a-z_]+\.(after|before|mid|between)_[a-z_]+")


def named(path: Path) -> set[str]:
    """The crash points that a source file names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {word for word in words if NAME.fullmatch(word)}


def test_every_point_in_the_code_is_known_and_every_known_one_is_in_the_code() -> None:
    here = [path for path in sources("kernel", "services", "market") if path.name != "crash_points.py"]
    assert {point for path in here for point in named(path)} == set(POINTS)


@pytest.mark.promises
@pytest.mark.timeout(3600)
async def test_the_market_dies_at_every_point_and_comes_right() -> None:
    await die_at(sorted(set(POINTS) - APART), seed=11, size="promises")


@pytest.mark.promises
@pytest.mark.timeout(3600)
async def test_the_market_dies_at_every_point_of_bus_and_store_in_kafka_and_s3_too(tmp_path: Path) -> None:
    points = [point for point in POINTS if point.partition(".")[0] in {"relay", "consumer", "objects"}]
    need_servers()
    async with AsyncExitStack() as servers:
        kafka = await servers.enter_async_context(start_kafka(tmp_path / "kafka"))
        store = await servers.enter_async_context(start_seaweed(tmp_path / "seaweed"))
        servers.enter_context(told_here("YAOSU_KAFKA", kafka.address))
        settings = kafka.environment() | store.environment()
        await die_at(points, 12, "promises", "crash points on Kafka and S3", settings)


@pytest.mark.night
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("seed", range(20))
async def test_the_market_dies_at_every_point_many_times(seed: int) -> None:
    await die_at(sorted(set(POINTS) - APART), seed, size="night")


@pytest.mark.promises
def test_a_migration_that_died_half_way_is_begun_anew(data: Path) -> None:
    home = data.with_name("home")
    dying = Process(["migrate", "evidence", "--data", str(data)], home, 0)
    dying.settings["YAOSU_CRASH_AT"] = "migration.between_steps"
    dying.start()
    assert dying.process.wait(60) == -signal.SIGKILL
    again = run(home, "migrate", "evidence", "--data", str(data))
    assert again.returncode == 0, again


async def die_at(
    points: list[str], seed: int, size: str, where: str = "crash points", settings: dict[str, str] | None = None
) -> None:
    """One life of the market for each point; every one ends there, and the next begins where it ended."""
    chance = random.Random(seed)  # noqa: S311 - the same at each run
    with folder_for_a_market() as data:
        async with open_world(data, seed, settings) as world, world.door() as door:
            workload = Workload(door, data.with_name("papers"), world.operator, seed)
            await workload.open()
            await workload.publish("designer", chance)
            for point in chance.sample(points, len(points)):
                await _die_at(world, workload, point, chance)
            verdict = await judge(world, await workload.actors())
    keep_counts(size, f"{where}, seed {seed}", verdict, workload.done.total(), points)
    assert verdict.violations == [], "\n".join(verdict.violations)
    assert workload.broken == []


async def _die_at(world: World, workload: Workload, point: str, chance: random.Random) -> None:
    if world.market.lives():
        await world.kill_market()
    await world.start_market(crash_at=f"{point}:{chance.randrange(1, 3)}")
    driving = asyncio.create_task(drive(point, workload, chance))
    try:
        died = await world.dies_within(DEATH_SECONDS_MAX)
        assert not driving.done(), driving.exception()
        assert died, f"nothing led to {point}: {world.market.written[-300:]}"
        assert world.market.process.returncode == -signal.SIGKILL, f"{point}: {world.market.written}"
        # What was under way goes on in a life in which nothing is armed, so that no step is given up.
        await world.start_market()
        await world.answers()
    finally:
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)
