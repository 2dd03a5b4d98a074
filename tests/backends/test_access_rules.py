"""A broker with the market's rules lets each service write its own topic, hear its own, and nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from kernel.bus import Place
from kernel.kafka_bus import BusAway, KafkaBus
from kernel.kafka_login import BrokerLogin
from kernel.told import Told
from market.access import heard_by, topic_of, topics
from market.broker_rules import BrokerRefuses, apply
from market.roster import SERVICES
from tests.backends.guarded_broker import AUTHORITY, certify, guarded_broker

WAIT_SECONDS = 20
POLL_MILLISECONDS = 500


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerLogin]:
    with guarded_broker(tmp_path_factory.mktemp("kafka")) as administrator:
        client = KafkaAdminClient(**administrator.options())
        client.create_topics([NewTopic(name=topic.name, num_partitions=1, replication_factor=1) for topic in topics()])
        client.close()
        yield administrator


@pytest.fixture(scope="module")
def ruled(broker: BrokerLogin) -> BrokerLogin:
    """The broker once the rules are set."""
    apply(broker)
    return broker


def as_service(broker: BrokerLogin, service: str) -> BrokerLogin:
    """How a service logs in."""
    return replace(broker, user=service)


def written_by(broker: BrokerLogin, service: str) -> set[str]:
    """The topics into which the broker takes an event from the service."""
    producer = KafkaProducer(
        **as_service(broker, service).options(), acks="all", max_block_ms=WAIT_SECONDS * 1000, retries=0
    )
    taken = set()
    try:
        for topic in topics():
            with suppress(TopicAuthorizationFailedError):
                producer.send(topic.name, b"an event", key=b"a key").get(WAIT_SECONDS)
                taken.add(topic.name)
    finally:
        producer.close()
    return taken


def may_read(broker: BrokerLogin, service: str, topic: str, group: str) -> bool:
    """Whether the broker gives it the topic's events and keeps its place."""
    consumer = KafkaConsumer(
        **as_service(broker, service).options(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    place = TopicPartition(topic, 0)
    try:
        consumer.assign([place])
        consumer.position(place)
        consumer.poll(timeout_ms=POLL_MILLISECONDS)
        consumer.commit()
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
        return False
    finally:
        consumer.close(autocommit=False)
    return True


def test_without_rules_nobody_may_do_anything(broker: BrokerLogin) -> None:
    assert written_by(broker, "catalog") == set()
    assert not may_read(broker, "trading", topic_of("catalog"), "trading")


def test_each_service_writes_its_own_topic_and_no_other(ruled: BrokerLogin) -> None:
    assert {one: written_by(ruled, one) for one in SERVICES} == {one: {topic_of(one)} for one in SERVICES}


def test_each_service_hears_what_it_reacts_to_and_nothing_else(ruled: BrokerLogin) -> None:
    reads = {(one, topic.name) for one in SERVICES for topic in topics() if may_read(ruled, one, topic.name, one)}
    assert reads == {(one, topic) for one in SERVICES for topic in heard_by(one)}


def test_nobody_reads_in_another_services_name(ruled: BrokerLogin) -> None:
    assert may_read(ruled, "trading", topic_of("catalog"), "trading.catalog")
    assert not may_read(ruled, "trading", topic_of("catalog"), "rights")


def test_rules_set_again_change_nothing_and_what_is_too_much_goes(ruled: BrokerLogin) -> None:
    assert apply(ruled) == (0, 0)
    client = KafkaAdminClient(**ruled.options())
    place = ResourcePattern(ResourceType.TOPIC, topic_of("trading"))
    client.create_acls([ACL("User:pledge", "*", ACLOperation.WRITE, ACLPermissionType.ALLOW, place)])
    client.close()
    assert apply(ruled) == (0, 1)
    assert written_by(ruled, "pledge") == {topic_of("pledge")}


def test_a_service_may_not_set_rules_itself(ruled: BrokerLogin) -> None:
    with pytest.raises((BrokerRefuses, KafkaError)):
        apply(as_service(ruled, "catalog"))


async def test_a_services_bus_carries_events_by_its_own_login_and_no_others(ruled: BrokerLogin) -> None:
    told = Told(topic_of("catalog"), "evt_login", "键", 1, "yaosu.Tested", b"bytes", datetime.now(UTC), None)
    catalog, rights = KafkaBus(as_service(ruled, "catalog")), KafkaBus(as_service(ruled, "rights"))
    try:
        await catalog.publish(told.topic, [told])
        with pytest.raises(BusAway, match="Authorization"):
            await rights.publish(told.topic, [told])
        heard: list[Told] = []
        place: Place = {}
        async with asyncio.timeout(WAIT_SECONDS):
            while told.event_id not in {event.event_id for event in heard}:
                await rights.commit("rights", told.topic, place)
                await rights.wait("rights", told.topic, 1.0)
                heard, place = await rights.read("rights", told.topic, 100)
    finally:
        await catalog.close()
        await rights.close()


async def test_a_service_makes_its_own_topic_and_no_other(ruled: BrokerLogin) -> None:
    with KafkaAdminClient(**ruled.options()) as client:
        client.delete_topics([topic_of("evidence")])
    evidence, rights = KafkaBus(as_service(ruled, "evidence")), KafkaBus(as_service(ruled, "rights"))
    with pytest.raises(BusAway, match="Authorization"):
        await rights.create([topic_of("evidence")])
    await evidence.create([topic_of("evidence")])
    await evidence.close()
    await rights.close()


async def test_nobody_gets_in_by_a_wrong_name_and_no_other_broker_is_spoken_to(
    ruled: BrokerLogin, tmp_path: Path
) -> None:
    certify(tmp_path)
    strangers = [
        replace(ruled, user="catalog", password="guessed"), replace(ruled, user="", password=""),
        replace(ruled, authority=tmp_path / AUTHORITY),
    ]  # fmt: skip
    buses = [KafkaBus(stranger) for stranger in strangers]
    came = await asyncio.gather(*(bus.create(["yaosu.stranger.v1"]) for bus in buses), return_exceptions=True)
    assert [type(one) for one in came] == [BusAway] * len(strangers)
    await asyncio.gather(*(bus.close() for bus in buses))
