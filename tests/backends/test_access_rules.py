"""A broker with the market's rules lets each service write its own topic, hear its own, and nothing else."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from market.access import heard_by, topic_of, topics
from market.broker_rules import Administrator, BrokerRefuses, apply
from market.roster import SERVICES
from tests.backends.guarded_broker import MECHANISM, PASSWORD, guarded_broker

WAIT_SECONDS = 20
POLL_MILLISECONDS = 500
# The client leaves a socket to the garbage collector now and then; that is no fact about the rules.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Administrator]:
    with guarded_broker(tmp_path_factory.mktemp("kafka")) as administrator:
        client = administrator.connect()
        client.create_topics([NewTopic(name=topic.name, num_partitions=1, replication_factor=1) for topic in topics()])
        client.close()
        yield administrator


@pytest.fixture(scope="module")
def ruled(broker: Administrator) -> Administrator:
    """The broker once the rules are set."""
    apply(broker)
    return broker


def as_service(broker: Administrator, service: str) -> dict[str, Any]:
    """How a service logs in."""
    return {
        "bootstrap_servers": broker.bootstrap, "security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": MECHANISM,
        "sasl_plain_username": service, "sasl_plain_password": PASSWORD,
    }  # fmt: skip


def written_by(broker: Administrator, service: str) -> set[str]:
    """The topics into which the broker takes an event from the service."""
    producer = KafkaProducer(**as_service(broker, service), acks="all", max_block_ms=WAIT_SECONDS * 1000, retries=0)
    taken = set()
    try:
        for topic in topics():
            with suppress(TopicAuthorizationFailedError):
                producer.send(topic.name, b"an event", key=b"a key").get(WAIT_SECONDS)
                taken.add(topic.name)
    finally:
        producer.close()
    return taken


def may_read(broker: Administrator, service: str, topic: str, group: str) -> bool:
    """Whether the broker gives it the topic's events and keeps its place."""
    consumer = KafkaConsumer(
        **as_service(broker, service), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
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


def test_without_rules_nobody_may_do_anything(broker: Administrator) -> None:
    assert written_by(broker, "catalog") == set()
    assert not may_read(broker, "trading", topic_of("catalog"), "trading")


def test_each_service_writes_its_own_topic_and_no_other(ruled: Administrator) -> None:
    assert {one: written_by(ruled, one) for one in SERVICES} == {one: {topic_of(one)} for one in SERVICES}


def test_each_service_hears_what_it_reacts_to_and_nothing_else(ruled: Administrator) -> None:
    reads = {(one, topic.name) for one in SERVICES for topic in topics() if may_read(ruled, one, topic.name, one)}
    assert reads == {(one, topic) for one in SERVICES for topic in heard_by(one)}


def test_nobody_reads_in_another_services_name(ruled: Administrator) -> None:
    assert may_read(ruled, "trading", topic_of("catalog"), "trading.catalog")
    assert not may_read(ruled, "trading", topic_of("catalog"), "rights")


def test_rules_set_again_change_nothing_and_what_is_too_much_goes(ruled: Administrator) -> None:
    assert apply(ruled) == (0, 0)
    client = ruled.connect()
    place = ResourcePattern(ResourceType.TOPIC, topic_of("trading"))
    client.create_acls([ACL("User:pledge", "*", ACLOperation.WRITE, ACLPermissionType.ALLOW, place)])
    client.close()
    assert apply(ruled) == (0, 1)
    assert written_by(ruled, "pledge") == {topic_of("pledge")}


def test_a_service_may_not_set_rules_itself(ruled: Administrator) -> None:
    with pytest.raises((BrokerRefuses, KafkaError)):
        apply(Administrator(ruled.bootstrap, "catalog", PASSWORD))
