"""A bus that delivers as no bus should: every event several times, shuffled, old ones among new ones, some poisoned."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kernel.bus import Place
from kernel.ids import new_id
from kernel.reactions import Listening
from kernel.told import Told
from tests.conftest import Running, StartService
from yaosu.onboarding.v1.events_pb2 import PartyApproved
from yaosu.onboarding.v1.onboarding_service_pb2 import Party

TOPIC = "yaosu.onboarding.v1"
KEYS, EACH = 40, 8
TIMES, WINDOW = 5, 50
BATCH = 60


@pytest.fixture
async def notes(service: StartService, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The notes service."""
    monkeypatch.syspath_prepend("tests/kernel")
    return await service("notes")


class Mischievous:
    """Stands where the bus stands and hands out a prepared delivery, batch by batch."""

    def __init__(self, delivery: Sequence[Told]) -> None:
        self._left = list(delivery)

    async def begin(self, consumer: str) -> None:
        raise NotImplementedError

    async def read(self, _consumer: str, _topic: str, limit: int) -> tuple[list[Told], Place]:
        batch = self._left[: min(limit, BATCH)]
        return batch, {0: len(batch)}

    async def commit(self, _consumer: str, _topic: str, place: Place) -> None:
        del self._left[: place[0]]

    async def publish(self, topic: str, events: Sequence[Told]) -> None:
        raise NotImplementedError

    def history(self, topic: str) -> AsyncIterator[tuple[Told, datetime]]:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def wait(self, consumer: str, topic: str, seconds: float) -> None:
        raise NotImplementedError

    async def lags(self) -> dict[tuple[str, str], int]:
        raise NotImplementedError


def told(at, key: str, version: int, payload: bytes | None = None, kind: str = "PartyApproved") -> Told:
    body = PartyApproved(party=Party(name=f"{key}-{version}")).SerializeToString() if payload is None else payload
    return Told(TOPIC, new_id("evt"), key, version, f"{TOPIC}.{kind}", body, at - timedelta(days=7))


def shuffled(events: Sequence[Told], chance: random.Random) -> list[Told]:
    """Each key's first deliveries stay in order, as any bus keeps them; all else is chance."""
    rows = [(place, event) for place, event in enumerate(events)]
    again = [(place + chance.randrange(WINDOW), event) for place, event in rows for _ in range(chance.randrange(TIMES))]
    week_old = [(chance.randrange(len(rows)) + len(rows) // 2, event) for _, event in rows[: len(rows) // 100 + 1]]
    late = [(place, 1, chance.random(), event) for place, event in again + week_old]
    mixed = sorted([(place, 0, 0.0, event) for place, event in rows] + late, key=lambda row: row[:3])
    first: dict[str, int] = {}
    delivered = []
    for _, _, _, event in mixed:
        # A repeat that would come before the original is no repeat: leave it out, the original follows.
        if event.version <= first.get(event.aggregate_id, 0) + 1:
            first[event.aggregate_id] = max(event.version, first.get(event.aggregate_id, 0))
            delivered.append(event)
    return delivered


async def hear_all(notes: Running, delivery: Sequence[Told]) -> None:
    reactions = notes.service.reactions[TOPIC]
    bus = Mischievous(delivery)
    ear = Listening("notes", TOPIC, reactions, notes.ports, notes.given.database, bus)
    while await ear.hear():
        continue


async def words(notes: Running) -> list[str]:
    async with notes.given.database.transaction() as conn:
        return sorted((await conn.scalars(text("SELECT words FROM note"))).all())


@pytest.mark.parametrize("seed", [1, 2])
async def test_repeated_shuffled_and_old_events_have_their_effect_once(notes: Running, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same delivery at each run
    at = await notes.clock.now()
    events = [told(at, f"k{key}", version) for version in range(1, EACH + 1) for key in range(KEYS)]
    delivery = shuffled(events, chance)
    assert len(delivery) > 2 * len(events)
    await hear_all(notes, delivery)
    await hear_all(notes, delivery)  # and the whole log from its first event on
    assert await words(notes) == sorted(f"{e.aggregate_id}-{e.version} {e.version}" for e in events)
    assert await notes.dead_letters() == []


async def test_of_two_workers_that_hear_the_same_one_has_each_effect(notes: Running) -> None:
    """One that has just lost its lease does not know so yet."""
    at = await notes.clock.now()
    events = [told(at, f"k{key}", 1) for key in range(KEYS)]
    await asyncio.gather(*(hear_all(notes, events) for _ in range(4)))
    assert await words(notes) == sorted(f"{e.aggregate_id}-1 1" for e in events)
    assert await notes.dead_letters() == []


async def test_a_gap_parks_its_key_alone_and_nothing_overtakes_it(notes: Running) -> None:
    at = await notes.clock.now()
    a, b = [told(at, "a", version) for version in (1, 2, 3)], [told(at, "b", version) for version in (1, 2)]
    await hear_all(notes, [a[0], b[0], a[2], b[1], a[1]])
    assert await words(notes) == ["a-1 1", "b-1 1", "b-2 2"]
    assert len(await notes.dead_letters()) == 2
    operator = notes.client_for("pty_o", "operator")
    for letter in sorted((await operator.get("/dead-letters")).json(), key=lambda one: one["version"]):
        assert (await operator.post(f"/dead-letters/{letter['id']}:replay")).status_code == 200
    assert await words(notes) == ["a-1 1", "a-2 2", "a-3 3", "b-1 1", "b-2 2"]


async def test_poison_and_strangers_park_and_what_is_only_newer_is_read(notes: Running) -> None:
    at = await notes.clock.now()
    newer = told(at, "c", 1).payload + b"\xfa\x3f\x03new"  # a field of a later release
    await hear_all(notes, [
        told(at, "a", 1, payload=b"\xff\xff"), told(at, "a", 2), told(at, "b", 1), told(at, "c", 1, payload=newer),
        replace(told(at, "d", 1), type="yaosu.elsewhere.v1.Unheard"),
    ])  # fmt: skip
    assert await words(notes) == ["b-1 1", "c-1 1"]
    causes = await notes.dead_letters()
    assert len(causes) == 3
    assert any("undecodable" in cause for cause in causes)
    assert any("unknown type" in cause for cause in causes)


async def test_a_bus_that_lost_everything_is_told_again_from_the_outbox(notes: Running) -> None:
    writer = notes.client_for("pty_a", "writer")
    for number in range(5):
        assert (await writer.post("/notes", json={"words": f"{number}"})).status_code == 201
    await notes.drain()
    async with notes.given.database.transaction() as conn:
        before = (await conn.execute(text("SELECT event_id, key, version, payload FROM bus_log ORDER BY place"))).all()
        await conn.execute(text("TRUNCATE bus_log"))
        await conn.execute(text("UPDATE outbox SET sent_at = NULL"))
    await notes.drain()
    async with notes.given.database.transaction() as conn:
        after = (await conn.execute(text("SELECT event_id, key, version, payload FROM bus_log ORDER BY place"))).all()
    assert len(before) == 5
    assert after == before
