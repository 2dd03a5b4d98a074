"""How one topic is written: whatever happens to a broker, a key's events come to stand in their order."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from kernel.bus import EVENT_BYTES_MAX
from kernel.crash_points import reached
from kernel.kafka_login import BrokerLogin
from kernel.kafka_records import headers_of
from kernel.told import Told

BATCH_BYTES = 2**20
ENVELOPE_BYTES = 512
LOOK_SECONDS = 3.0
CLOSE_SECONDS = 1.0
NEVER_MILLISECONDS = 2**31 - 1
SETTINGS: Mapping[str, Any] = {  # Any: kafka-python's settings
    "acks": "all", "enable_idempotence": True, "linger_ms": 60_000, "batch_size": BATCH_BYTES,
    "max_request_size": EVENT_BYTES_MAX, "delivery_timeout_ms": NEVER_MILLISECONDS, "reconnect_backoff_max_ms": 1000,
    "allow_auto_create_topics": False, "metrics_enabled": False,
}  # fmt: skip


class Voice:
    """A producer of one topic, used by one thread at a time.

    It never sends by itself (it lingers until it is flushed) and gives no event up by itself. So what is handed over at
    once is one batch of each partition, which stands as a whole or not at all, and the next is handed over when it
    stands: no later event of a key overtakes an earlier one, also when a broker has lost what it knew of us.
    """

    def __init__(self, login: BrokerLogin, topic: str, make_topic: Callable[[], None]) -> None:
        self._login, self._topic, self._make_topic = login, topic, make_topic
        self._turn = threading.Lock()
        self._producer: Any = None  # Any: kafka-python ships no types
        self._is_ending = False

    def tell(self, events: Sequence[Told]) -> None:
        """Return when all are acknowledged, however long the broker is away; what fails may be told again."""
        with self._turn:
            for batch in _batches(events):
                try:
                    self._tell(batch)
                except BaseException:
                    self._let_go()  # with all that it still holds, so that nothing of it comes late
                    raise

    def _tell(self, batch: Sequence[Told]) -> None:
        if self._producer is None:
            self._make_topic()
            self._producer = KafkaProducer(**self._login.options(), **SETTINGS)
        sent = [
            self._producer.send(self._topic, key=event.aggregate_id.encode(), value=event.payload,
                                headers=headers_of(event))
            for event in batch
        ]  # fmt: skip
        reached("relay.after_send")
        while not self._flushed():
            if self._is_ending:
                raise KafkaTimeoutError(self._topic)
            self._make_topic()  # a broker that was wiped has lost the topic too
        for acknowledgement in sent:
            acknowledgement.get(0)

    def _flushed(self) -> bool:
        try:
            self._producer.flush(LOOK_SECONDS)
        except KafkaTimeoutError:
            return False
        return True

    def _let_go(self) -> None:
        if self._producer is not None:
            self._producer.close(CLOSE_SECONDS)
            self._producer = None

    def close(self) -> None:
        """Give the connections back; what is not acknowledged by now is waited for no longer."""
        self._is_ending = True
        with self._turn:
            self._let_go()


def _batches(events: Sequence[Told]) -> Iterator[list[Told]]:
    """As many as surely fit into one batch of a partition; one that is larger by itself goes alone."""
    batch: list[Told] = []
    size = 0
    for event in events:
        bytes_more = ENVELOPE_BYTES + len(event.payload) + len(event.deposit or b"")
        if batch and size + bytes_more > BATCH_BYTES * 3 // 4:
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += bytes_more
    if batch:
        yield batch
