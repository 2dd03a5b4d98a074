"""What the bus promises, shown on PostgreSQL and on a real Kafka broker."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import text

from kernel.bus import Bus, PostgresBus
from kernel.database import Database
from kernel.ids import new_id
from kernel.kafka_bus import BusAway, KafkaBus
from kernel.kafka_login import BrokerLogin
from kernel.told import Told
from market.backends.kafka import Kafka
from tests.conftest import Databases, StartService
from yaosu.onboarding.v1.events_pb2 import PartyApproved
from yaosu.onboarding.v1.onboarding_service_pb2 import Party

AT = datetime(2026, 8, 3, 1, 2, 3, 456789, tzinfo=UTC)
SECONDS_MAX = 60.0
OpenBus = Callable[[], Awaitable[Bus]]


def _events(topic: str, key: str, numbers: Sequence[int], deposit: bytes | None = None) -> list[Told]:
    return [
        Told(topic, new_id("evt"), key, number, "yaosu.x.v1.Happened", f"{key}{number}".encode(), AT, deposit)
        for number in numbers
    ]


@pytest.fixture
def topic() -> str:
    """A topic of the test's own."""
    return f"yaosu.t{secrets.token_hex(4)}.v1"


@pytest.fixture(params=["postgres", "kafka"])
def broker(request: pytest.FixtureRequest) -> Kafka | None:
    """Kafka, or nothing: then the bus is PostgreSQL's."""
    found: Kafka | None = request.getfixturevalue("kafka") if request.param == "kafka" else None
    return found


@pytest.fixture
async def open_bus(broker: Kafka | None, databases: Databases, topic: str) -> AsyncIterator[OpenBus]:
    """Opens the same bus as often as it is called, as each process does."""
    opened: list[Bus] = []
    name = f"bus_{secrets.token_hex(4)}"

    async def on_kafka(address: str) -> Bus:
        bus = KafkaBus(BrokerLogin(address))
        opened.append(bus)
        await bus.create([topic])
        return bus

    async def on_postgres() -> Bus:
        bus = PostgresBus(Database(databases.url(name), name="bus", pool_connections=3))
        opened.append(bus)
        await bus.create()
        return bus

    await databases.empty(name)
    yield partial(on_kafka, broker.address) if broker else on_postgres
    for bus in opened:
        await bus.close()
    await databases.drop(name)


async def _read_all(bus: Bus, consumer: str, topic: str, number: int) -> list[Told]:
    read: list[Told] = []
    async with asyncio.timeout(SECONDS_MAX):
        while len(read) < number:
            events, place = await bus.read(consumer, topic, 100)
            if events:
                read += events
                await bus.commit(consumer, topic, place)
            else:
                await bus.wait(consumer, topic, 1)
    return read


async def test_events_arrive_whole_and_in_the_order_of_their_key(open_bus: OpenBus, topic: str) -> None:
    bus = await open_bus()
    sent = [*_events(topic, "甲", range(1, 40)), *_events(topic, "乙", range(1, 40), b"\x00deposit\xff")]
    await bus.publish(topic, sent)
    read = await _read_all(bus, "hearer", topic, len(sent))
    for key in ("甲", "乙"):
        assert [one for one in read if one.aggregate_id == key] == [one for one in sent if one.aggregate_id == key]


async def test_a_place_is_kept_for_each_consumer_and_survives_its_process(open_bus: OpenBus, topic: str) -> None:
    first = await open_bus()
    await first.publish(topic, _events(topic, "k", range(1, 4)))
    assert len(await _read_all(first, "one", topic, 3)) == 3
    await first.publish(topic, _events(topic, "k", [4]))
    second = await open_bus()
    assert [event.version for event in await _read_all(second, "one", topic, 1)] == [4]
    assert [event.version for event in await _read_all(second, "other", topic, 4)] == [1, 2, 3, 4]


async def test_what_was_read_and_not_committed_is_read_again(open_bus: OpenBus, topic: str) -> None:
    bus = await open_bus()
    sent = _events(topic, "k", [1, 2])
    await bus.publish(topic, sent)
    async with asyncio.timeout(SECONDS_MAX):
        while not (await bus.read("hearer", topic, 10))[0]:
            await bus.wait("hearer", topic, 1)
    again, _ = await bus.read("hearer", topic, 10)
    assert [event.event_id for event in again] == [event.event_id for event in sent]
    await bus.begin("hearer")  # another process had the lease in between, and got no further either
    assert await _read_all(bus, "hearer", topic, 2) == sent


async def test_a_large_deposit_travels(open_bus: OpenBus, topic: str) -> None:
    bus = await open_bus()
    deposit = secrets.token_bytes(3 * 1024 * 1024)
    await bus.publish(topic, _events(topic, "k", [1], deposit))
    assert (await _read_all(bus, "hearer", topic, 1))[0].deposit == deposit


async def test_the_history_holds_everything_that_was_published(open_bus: OpenBus, topic: str) -> None:
    bus = await open_bus()
    sent = [*_events(topic, "a", range(1, 700)), *_events(topic, "b", range(1, 30))]
    await bus.publish(topic, sent)
    held = [told async for told, _ in bus.history(topic)]
    assert {told.event_id for told in held} == {told.event_id for told in sent}
    assert [told async for told, _ in bus.history(topic)] == held


async def test_how_far_a_consumer_is_behind_is_known(open_bus: OpenBus, topic: str) -> None:
    bus = await open_bus()
    await bus.publish(topic, _events(topic, "k", range(1, 6)))
    await _read_all(bus, "hearer", topic, 5)
    await bus.publish(topic, _events(topic, "k", [6, 7]))
    assert (await bus.lags())["hearer", topic] == 2


async def test_a_broker_that_is_killed_loses_nothing_that_was_acknowledged(kafka: Kafka, topic: str) -> None:
    bus = KafkaBus(BrokerLogin(kafka.address))
    await bus.create([topic])
    acknowledged = _events(topic, "k", range(1, 200))
    await bus.publish(topic, acknowledged)
    kafka.kill()
    assert not await kafka.is_alive()
    late = _events(topic, "k", [200])
    sending = asyncio.create_task(bus.publish(topic, late))
    await kafka.start()
    try:
        await sending
    except BusAway:  # it gave up before the broker was back; the relay comes again
        await bus.publish(topic, late)
    ids = [told.event_id async for told, _ in bus.history(topic)]
    assert set(ids) == {event.event_id for event in (*acknowledged, *late)}
    await bus.close()


async def test_a_wiped_broker_is_filled_again_in_the_order_of_each_key(kafka: Kafka, topic: str) -> None:
    """The producer and the reader live on: neither knows that the broker forgot everything, the topic included."""
    bus = KafkaBus(BrokerLogin(kafka.address))
    before = [event for key in "abcdef" for event in _events(topic, key, range(1, 30))]
    await bus.publish(topic, before)
    assert len(await _read_all(bus, "hearer", topic, 100)) >= 100
    await asyncio.to_thread(kafka.wipe)
    await kafka.start()
    after = [event for key in "abcdef" for event in _events(topic, key, [30, 31])]
    async with asyncio.timeout(SECONDS_MAX):
        while True:  # as the relay does: again from the first that is not acknowledged
            try:
                await bus.publish(topic, [*before, *after])
                break
            except BusAway:
                continue
    for key in "abcdef":
        held = [told.version async for told, _ in bus.history(topic) if told.aggregate_id == key]
        assert list(dict.fromkeys(held)) == list(range(1, 32))
    again = KafkaBus(BrokerLogin(kafka.address))  # as the worker that takes the lease next
    assert {event.event_id for event in after} <= {
        event.event_id for event in await _read_all(again, "hearer", topic, len(before) + len(after))
    }
    await bus.close()
    await again.close()


async def test_an_independent_consumer_reads_cloud_events(kafka: Kafka, topic: str) -> None:
    bus = KafkaBus(BrokerLogin(kafka.address))
    await bus.create([topic])
    (sent,) = _events(topic, "键", [1])
    await bus.publish(topic, [sent])
    record = await asyncio.to_thread(_first_record, kafka.address, topic)
    headers = dict(record.headers)
    assert record.key.decode() == headers["ce_subject"].decode() == "键"
    assert headers["ce_id"].decode() == sent.event_id
    assert headers["ce_type"] == b"yaosu.x.v1.Happened"
    assert headers["ce_time"] == b"2026-08-03T01:02:03.456789+00:00"
    assert record.value == sent.payload
    await bus.close()


def _first_record(address: str, topic: str) -> Any:  # Any: kafka-python ships no types
    consumer = KafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        consumer.assign([TopicPartition(topic, part) for part in consumer.partitions_for_topic(topic)])
        for _ in range(int(SECONDS_MAX)):
            for records in consumer.poll(timeout_ms=1000).values():
                return records[0]
    finally:
        consumer.close()
    return None


async def test_over_kafka_an_event_sent_twice_has_its_effect_once_and_a_poisoned_one_stops_its_key(
    kafka: Kafka, service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend("tests/kernel")
    bus = KafkaBus(BrokerLogin(kafka.address))
    heard = PartyApproved.DESCRIPTOR.full_name.rsplit(".", 1)[0]
    await bus.create([heard, "yaosu.notes.v1"])
    notes = await service("notes", over=bus)
    notes.ports.fail_on = "坏"

    def told(key: str, version: int, name: str) -> Told:
        payload = PartyApproved(party=Party(name=name)).SerializeToString()
        return Told(heard, new_id("evt"), key, version, PartyApproved.DESCRIPTOR.full_name, payload, AT)

    good, bad = told("pty_a", 1, "甲"), told("pty_b", 1, "坏")
    await bus.publish(heard, [good, bad, good, told("pty_b", 2, "后"), told("pty_a", 2, "乙"), good])
    words = "SELECT words FROM note ORDER BY words"
    async with asyncio.timeout(SECONDS_MAX):
        while len(await _column(notes.given.database, words)) + len(await notes.dead_letters()) < 4:
            await notes.host.worker.drain()
            await bus.wait("notes", heard, 1)
    assert await _column(notes.given.database, words) == ["乙 2", "甲 1"]
    notes.ports.fail_on = ""
    operator = notes.client_for("pty_o", "operator")
    for letter in (await operator.get("/dead-letters")).json():
        assert (await operator.post(f"/dead-letters/{letter['id']}:replay")).status_code == 200
    assert await _column(notes.given.database, words) == ["乙 2", "后 2", "坏 1", "甲 1"]
    await notes.drain()
    assert await _column(notes.given.database, words) == ["乙 2", "后 2", "坏 1", "甲 1"]


async def _column(database: Database, query: str) -> list[str]:
    async with database.transaction() as conn:
        return sorted((await conn.scalars(text(query))).all())
