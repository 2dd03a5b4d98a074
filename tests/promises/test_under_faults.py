"""Tenants go on working while everything breaks in turn; at the end nothing is lost, nothing doubled, nothing stuck."""

import pytest

from tests.promises.ordeal import rounds_of_all, run, told

SEEDS = {"test": [20260803], "promises": [1], "night": list(range(100, 112))}
ROUNDS = {"promises": 3, "night": 10}


@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_doubled_whatever_breaks() -> None:
    verdict, workload, nemesis = await run(seed=20260803, faults=5)
    assert verdict.violations == [], told(verdict, nemesis)
    assert workload.broken == []
    assert len(nemesis.schedule) == 5, "each kind of fault is in the long runs"
    assert workload.done.total() >= 3
    assert verdict.reasked > 20


@pytest.mark.promises
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS["promises"])
async def test_nothing_is_lost_or_doubled_for_minutes(seed: int) -> None:
    await rounds_of_all(ROUNDS["promises"], seed, "promises")


@pytest.mark.night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", SEEDS["night"])
async def test_nothing_is_lost_or_doubled_all_night(seed: int) -> None:
    await rounds_of_all(ROUNDS["night"], seed, "night")
