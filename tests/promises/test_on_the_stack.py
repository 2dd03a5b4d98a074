"""The same ordeal in production's shape: processes of their own, Kafka between them, and every one of them killed."""

import pytest

from tests.promises.ordeal import rounds_of_all
from tests.promises.stack_nemesis import StackNemesis
from tests.promises.stack_world import need_servers, open_stack_world

SEEDS = {"promises": [41], "night": list(range(200, 206))}
ROUNDS = {"promises": 1, "night": 5}


@pytest.fixture
def servers() -> None:
    """The broker and the store can be had."""
    need_servers()


@pytest.mark.promises
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS["promises"])
async def test_nothing_is_lost_or_doubled_on_the_stack(seed: int, servers: None) -> None:
    await ordeal(seed, "promises")


@pytest.mark.night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", SEEDS["night"])
async def test_nothing_is_lost_or_doubled_on_the_stack_all_night(seed: int, servers: None) -> None:
    await ordeal(seed, "night")


async def ordeal(seed: int, size: str) -> None:
    await rounds_of_all(ROUNDS[size], seed, size, "faults on the stack", open_stack_world, StackNemesis)
