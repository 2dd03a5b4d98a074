"""The market is killed between any two steps of both cases, and within them; the story goes on to the same sums."""

import asyncio
import io
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from market.demo.telling import Inputs, tell
from market.files import OPERATOR_FILE
from tests.journeys import expected
from tests.journeys.inputs import SAMPLES, first_persons
from tests.market.process import Process, run

PERSONS = 26  # cohorts are answered from 20 on
STORY_SECONDS_MAX = 900.0
SETTLING_SECONDS_MAX = 90.0
STRIKE_SHARE, STRIKE_SECONDS = 0.5, (0.05, 1.5)
pytestmark = [pytest.mark.journey, pytest.mark.timeout(STORY_SECONDS_MAX + 120)]


@pytest.fixture
def market(data: Path) -> Iterator[Process]:
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
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    try:
        async with asyncio.timeout(STORY_SECONDS_MAX):
            return await tell(market.url, operator, data, inputs, console, between)
    except BaseException:
        print(shown.getvalue(), market.written)  # noqa: T201 - shown by pytest when the test fails
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


async def test_killed_within_steps_the_story_ends_with_the_same_sums(data: Path, market: Process) -> None:
    inputs = first_persons(SAMPLES, PERSONS, data.with_name("inputs"))
    strikes = Strikes(market, seed=20260803)
    report = await told(market, data, inputs, strikes.aim)
    await strikes.end()
    assert len(strikes.struck) > 5
    assert_all_is_well(report, data, inputs)
    assert_no_promise_is_broken(data)


class Strikes:
    """Kills the market some time after a step has begun, in half of the steps."""

    def __init__(self, market: Process, seed: int) -> None:
        self._market = market
        self._chance = random.Random(seed)  # noqa: S311 - the same schedule at each run
        self._aimed: asyncio.Task[None] | None = None
        self.struck: list[str] = []

    async def aim(self, step: str) -> None:
        """Called as a step begins."""
        is_wanted, delay = self._chance.random() < STRIKE_SHARE, self._chance.uniform(*STRIKE_SECONDS)
        if is_wanted and (self._aimed is None or self._aimed.done()):
            self._aimed = asyncio.create_task(self._strike(step, delay))

    async def _strike(self, step: str, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)  # any moment will do: nothing is waited for
        self._market.kill()
        self._market.start()
        self.struck.append(step)

    async def end(self) -> None:
        """Let the last one strike, and wait until the market stands again."""
        if self._aimed is not None:
            await self._aimed
        await asyncio.to_thread(self._market.answers, "/health")
