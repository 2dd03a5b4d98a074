"""Pledge, exclusive sale, transfer, seizure and release race for one right, in every pair."""

from itertools import combinations_with_replacement

import pytest
from sqlalchemy import text

from rights.outbound.storage.registry import SqlRegistry
from tests.races.racing import CALLERS, Caller, Tally
from tests.races.registry import Registry
from tests.rights.conftest import Centre, centre

__all__ = ["centre"]
TAKERS = ("pledge", "sale", "transfer")
FEW, MANY = 6, 500
SIZES = [
    pytest.param(FEW, id="few"),
    pytest.param(MANY, id="many", marks=[pytest.mark.promises, pytest.mark.timeout(0)]),
]
NEGATIVE_ROUNDS_MAX = 60


async def _registry(centre: Centre) -> Registry:
    subject, certificate = await centre.certified()
    return Registry(centre, subject, certificate["number"])


@pytest.mark.parametrize("rounds", SIZES)
@pytest.mark.parametrize(("one", "other"), list(combinations_with_replacement(TAKERS, 2)))
async def test_of_two_kinds_of_takers_exactly_one_gets_the_right(
    centre: Centre, one: str, other: str, rounds: int
) -> None:
    registry, tally = await _registry(centre), Tally(seed=1)
    for _ in range(rounds):
        sides = [one, other] * (CALLERS // 2)
        await tally.one_winner([Caller(side, getattr(registry, side)()) for side in sides])
        if len(await registry.live()) != 1:
            tally.faults.append(f"round {tally.rounds}: {await registry.live()}")
        await registry.free()
    tally.must_be_sound(one, other)
    assert await centre.running.violations() == []


@pytest.mark.parametrize("rounds", SIZES)
@pytest.mark.parametrize("taker", TAKERS)
async def test_a_seizure_always_stands_and_who_took_the_right_came_before_it(
    centre: Centre, taker: str, rounds: int
) -> None:
    registry, tally = await _registry(centre), Tally(seed=2)
    for _ in range(rounds):
        winners = await tally.race(
            [Caller(side, getattr(registry, side)()) for side in ["seizure", taker] * (CALLERS // 2)]
        )
        kinds = [str(lying.kind) for lying in await registry.live()]
        taken = [side for side, _ in winners if side == taker]
        tally.won[taker if taken else "seizure"] += 1
        if kinds.count("SEIZURE") != CALLERS // 2 or len(taken) > 1 or (kinds[0] == "SEIZURE" and taken):
            tally.faults.append(f"round {tally.rounds}: {kinds}")
        await registry.free()
    tally.must_be_sound("seizure", taker)
    assert await centre.running.violations() == []


@pytest.mark.parametrize("rounds", SIZES)
@pytest.mark.parametrize("taker", TAKERS)
async def test_a_released_right_goes_to_one_taker_or_to_none(centre: Centre, taker: str, rounds: int) -> None:
    registry, tally = await _registry(centre), Tally(seed=3)
    for _ in range(rounds):
        release = await registry.pledged()
        releases = [Caller("release", release)] * (CALLERS - 1)
        winners = await tally.race([*releases, Caller(taker, getattr(registry, taker)())])
        taken = [side for side, _ in winners if side == taker]
        tally.won[taker if taken else "release"] += 1
        if len(winners) != CALLERS - 1 + len(taken) or len(await registry.live()) != len(taken):
            tally.faults.append(f"round {tally.rounds}: {winners}, {await registry.live()}")
        await registry.free()
    tally.must_be_sound(*([taker, "release"] if rounds == MANY else [taker]))
    assert await centre.running.violations() == []


async def test_a_release_and_seizures_do_not_disturb_each_other(centre: Centre) -> None:
    registry, tally = await _registry(centre), Tally(seed=4)
    for _ in range(FEW):
        release = await registry.pledged()
        callers = [Caller("release", release), *[Caller("seizure", registry.seizure())] * (CALLERS - 1)]
        assert len(await tally.race(callers)) == CALLERS
        assert {str(lying.kind) for lying in await registry.live()} == {"SEIZURE"}
        await registry.free()
    assert await centre.running.violations() == []


async def _without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlRegistry, "lock", SqlRegistry.units)


async def test_the_index_alone_lets_one_through(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, tally = await _registry(centre), Tally(seed=5)
    await _without_the_lock(monkeypatch)
    for _ in range(FEW):
        await tally.one_winner([Caller("pledge", registry.pledge()) for _ in range(CALLERS)])
        await registry.free()
    tally.must_be_sound("pledge")


async def test_look_then_insert_without_lock_and_index_is_caught(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, tally = await _registry(centre), Tally(seed=6)
    await _without_the_lock(monkeypatch)
    async with centre.running.given.database.transaction() as conn:
        await conn.execute(text("DROP INDEX one_live_encumbrance"))
    while not tally.faults and tally.rounds < NEGATIVE_ROUNDS_MAX:
        await tally.one_winner([Caller("pledge", registry.pledge()) for _ in range(CALLERS)])
        if not tally.faults:
            await registry.free()
    assert tally.faults
