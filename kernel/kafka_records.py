"""Events as Kafka keeps them: CloudEvents in binary content mode (HTTP-like headers, the protobuf message as value)."""

import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import UnknownTopicOrPartitionError

from kernel.bus import EVENT_BYTES_MAX, Place
from kernel.kafka_login import BrokerLogin
from kernel.told import WITHOUT_ENVELOPE, Told

FETCH_RECORDS_MAX = 500
_END_SECONDS_MAX = 30.0
Record = Any  # kafka-python ships no types: topic, partition, offset, timestamp, key, value, headers


def headers_of(event: Told) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 attributes with Kafka's prefix; ours are the version within the aggregate and the deposit."""
    headers = {
        "ce_specversion": "1.0", "ce_id": event.event_id, "ce_type": event.type, "ce_source": f"/{event.topic}",
        "ce_subject": event.aggregate_id, "ce_time": event.occurred_at.astimezone(UTC).isoformat(),
        "ce_aggregateversion": str(event.version), "content-type": "application/protobuf",
    }  # fmt: skip
    encoded = [(name, value.encode()) for name, value in headers.items()]
    return encoded if event.deposit is None else [*encoded, ("deposit", event.deposit)]


def told_of(record: Record) -> Told:
    """The event in a record; one without a whole envelope is told as such, so that it is parked and not passed over."""
    headers = dict(record.headers)
    key = (record.key or b"").decode(errors="replace")
    try:
        return Told(
            record.topic, headers["ce_id"].decode(), key, int(headers["ce_aggregateversion"]),
            headers["ce_type"].decode(), record.value or b"", datetime.fromisoformat(headers["ce_time"].decode()),
            headers.get("deposit"),
        )  # fmt: skip
    except (KeyError, ValueError):
        place = f"{record.topic}/{record.partition}/{record.offset}"
        return Told(record.topic, place, key, WITHOUT_ENVELOPE, "", record.value or b"", _at(record))


def _at(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


class Reader:
    """One consumer's way through one topic; used by one thread at a time."""

    def __init__(self, login: BrokerLogin, group: str, topic: str) -> None:
        self._login, self._group, self._topic = login, group, topic
        self._turn = threading.Lock()
        self._consumer: Any = None  # Any: as above
        self._batch: list[Record] = []
        self._ahead: deque[Record] = deque()
        self._committed: dict[int, int] = {}
        self._ends: dict[TopicPartition, int] | None = None

    def _open(self) -> Any:  # Any: as above
        if self._consumer is None:
            consumer = KafkaConsumer(
                **self._login.options(), group_id=self._group or None, enable_auto_commit=False,
                auto_offset_reset="earliest", max_partition_fetch_bytes=EVENT_BYTES_MAX,
                max_poll_records=FETCH_RECORDS_MAX, allow_auto_create_topics=False,
            )  # fmt: skip
            partitions = consumer.partitions_for_topic(self._topic)
            if not partitions:
                consumer.close(autocommit=False)
                raise UnknownTopicOrPartitionError(self._topic)
            consumer.assign([TopicPartition(self._topic, number) for number in sorted(partitions)])
            self._consumer = consumer
        return self._consumer

    def _poll(self, seconds: float) -> None:
        for records in self._open().poll(timeout_ms=int(seconds * 1000)).values():
            self._ahead.extend(records)

    def read(self, limit: int) -> tuple[list[Told], Place]:
        """The batch that waits for its commit, else the next one."""
        with self._turn:
            if not self._batch:
                if not self._ahead:
                    self._poll(0)
                self._batch = [self._ahead.popleft() for _ in range(min(limit, len(self._ahead)))]
            place: dict[int, int] = {}
            for record in self._batch:
                place[record.partition] = max(place.get(record.partition, 0), record.offset + 1)
            return [told_of(record) for record in self._batch], place

    def commit(self, place: Place) -> None:
        """Forward only."""
        with self._turn:
            further = {part: offset for part, offset in place.items() if offset > self._committed.get(part, 0)}
            if further:
                offsets = {
                    TopicPartition(self._topic, part): OffsetAndMetadata(offset, "", -1)
                    for part, offset in further.items()
                }
                self._open().commit(offsets)
                self._committed |= further
            self._batch = []

    def wait(self, seconds: float) -> None:
        """Return when there is something to read, or after so many seconds."""
        with self._turn:
            if not self._batch and not self._ahead:
                self._poll(seconds)

    def lag(self) -> int:
        """How many records stand behind the committed places."""
        with self._turn:
            consumer = self._open()
            ends = consumer.end_offsets(list(consumer.assignment()))
            return sum(end - (consumer.committed(part) or 0) for part, end in ends.items())

    def from_the_beginning(self) -> list[tuple[Told, datetime]]:
        """The next piece of all that stood on the topic when this was first called; empty at its end."""
        with self._turn:
            consumer = self._open()
            if self._ends is None:
                self._ends = consumer.end_offsets(list(consumer.assignment()))
                consumer.seek_to_beginning()
            if all(consumer.position(part) >= end for part, end in self._ends.items()):
                return []
            self._poll(_END_SECONDS_MAX)
            records, self._ahead = list(self._ahead), deque()
            ends = {part.partition: end for part, end in self._ends.items()}
            return [(told_of(record), _at(record)) for record in records if record.offset < ends[record.partition]]

    def close(self) -> None:
        """Let go; what was read and not committed is read again by the next."""
        with self._turn:
            if self._consumer is not None:
                self._consumer.close(autocommit=False)
                self._consumer = None
