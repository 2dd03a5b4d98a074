"""The market is killed between any two steps of both cases, and within them; the story goes on to the same sums."""

import asyncio
import io
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from rich.console import Console

from market.demo.run import Inputs, tell
from market.embedded import OPERATOR_FILE
from tests.journeys import expected
from tests.journeys.inputs import SAMPLES, first_persons
from tests.market.process import Process, run

PERSONS = 26  # cohorts are answered from 20 on
STORY_SECONDS_MAX = 900.0
SETTLING_SECONDS_MAX = 90.0
RESTS_SECONDS = (1.0, 6.0)
pytestmark = [pytest.mark.journey, pytest.mark.timeout(STORY_SECONDS_MAX + 120)]


@pytest.fixture
def market(data: Path) -> AsyncIterator[Process]:
    process = Process.market(data)
    process.start()
    process.answers("/health")
    yield process
    if process.lives():
        process.stop()


async def told(
    market: Process, data: Path, inputs: Inputs, between: Callable[[str], Awaitable[None]] | None = None
) -> expected.Json:
    """Both cases, over whatever happens to the market."""
    operator = json.loads((data / OPERATOR_FILE).read_text())
    console = Console(file=io.StringIO(), width=200)
    try:
        async with asyncio.timeout(STORY_SECONDS_MAX):
            return await tell(market.url, operator, data, inputs, console, between)
    except BaseException:
        print(console.file.getvalue(), market.written)  # noqa: T201 - shown by pytest when the test fails
        raise


def assert_all_is_well(report: expected.Json, data: Path, inputs: Inputs) -> None:
    expected.assert_the_books_agree(report["medical"])
    expected.assert_all_was_refused_and_allowed(report)
    expected.assert_the_loan_stood_and_ended(report["bim"])
    answered = json.loads((data / report["medical"]["answers"]).read_text())
    assert answered == expected.answers(inputs.patients, inputs.conditions)
    living = sum("refused" not in found for found in answered.values())
    assert living <= report["medical"]["calls"] <= living + 2, "nobody was charged twice"


def assert_no_promise_is_broken(data: Path) -> None:
    """What is on its way when the story ends has a while to arrive."""
    ends_at = time.monotonic() + SETTLING_SECONDS_MAX
    while (audited := run(data.with_name("home"), "audit", "--data", str(data))).returncode:
        assert time.monotonic() < ends_at, audited.stdout + audited.stderr


@pytest.mark.xdist_group("killed-between")
async def test_killed_before_every_step_the_story_ends_with_the_same_sums(data: Path, market: Process) -> None:
    inputs = first_persons(SAMPLES, PERSONS, data.with_name("inputs"))
    killed: list[str] = []

    async def kill(step: str) -> None:
        market.kill()
        market.start()
        killed.append(step)

    report = await told(market, data, inputs, kill)
    assert len(killed) > 20
    assert_all_is_well(report, data, inputs)
    assert_no_promise_is_broken(data)


@pytest.mark.xdist_group("killed-within")
async def test_killed_at_any_moment_the_story_ends_with_the_same_sums(data: Path, market: Process) -> None:
    inputs = first_persons(SAMPLES, PERSONS, data.with_name("inputs"))
    async with killed_now_and_then(market, seed=20260803) as moments:
        report = await told(market, data, inputs)
    assert len(moments) > 3
    market.answers("/health")
    assert_all_is_well(report, data, inputs)
    assert_no_promise_is_broken(data)


@asynccontextmanager
async def killed_now_and_then(market: Process, seed: int) -> AsyncIterator[list[float]]:
    """While the block runs: each time that the market answers, let it work for a while, then kill it."""
    chance = random.Random(seed)  # noqa: S311 - the same moments at each run
    over, moments = asyncio.Event(), list[float]()

    async def kill_for_ever() -> None:
        while not over.is_set():
            await asyncio.to_thread(market.answers, "/health")
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), chance.uniform(*RESTS_SECONDS))
                return
            market.kill()
            market.start()
            moments.append(time.monotonic())

    killing = asyncio.create_task(kill_for_ever())
    try:
        yield moments
    finally:
        over.set()
        await killing
