"""Topics as Kafka has them: a set number of partitions each, kept for ever, stamped by the broker."""

from collections.abc import Iterable

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from kernel.bus import EVENT_BYTES_MAX
from kernel.kafka_login import BrokerLogin

CONFIGS = {"max.message.bytes": str(EVENT_BYTES_MAX), "retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}


def make_topics(login: BrokerLogin, topics: Iterable[str], partitions: int) -> None:
    """Make those that are not there. The number of partitions of one that stands is never changed: keys would move."""
    admin = KafkaAdminClient(**login.options())
    try:
        there = set(admin.list_topics())
        new = {topic: {"num_partitions": partitions, "configs": CONFIGS} for topic in topics if topic not in there}
        if new:
            admin.create_topics(new, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return  # another process was first
    finally:
        admin.close()
