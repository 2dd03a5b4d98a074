"""The bus on Apache Kafka: events are kept when all in-sync replicas have them, places follow the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError, TopicAlreadyExistsError

from kernel.bus import EVENT_BYTES_MAX, Place
from kernel.crash_points import reached
from kernel.kafka_records import Reader, headers_of
from kernel.told import Told

ACKNOWLEDGED_SECONDS_MAX = 30.0
ANSWERED_SECONDS_MAX = 20.0
LINGER_MILLISECONDS = 2
THREADS = 64
Result = TypeVar("Result")


class BusAway(ConnectionError):  # noqa: N818 - what is the matter, not whose error
    """The broker does not answer; what was to be sent stays in the outbox, what was to be read stays on the topic."""


class KafkaBus:
    """Topics with a set number of partitions; a key keeps to one, so its events keep their order.

    A service's consumer is its leased worker, one at a time, so it reads all partitions without a group's votes and
    commits as the group of its name. Offsets only save time: what comes again has its effect once (the inbox).
    """

    def __init__(self, servers: str, partitions: int = 3) -> None:
        self._servers, self._partitions = servers.split(","), partitions
        # A consumer that waits holds its thread.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="kafka")
        self._producer: KafkaProducer | None = None
        self._producing = asyncio.Lock()
        self._readers: dict[tuple[str, str], Reader] = {}

    async def create(self, topics: Iterable[str]) -> None:
        """Make the topics that are not there yet."""
        await self._in_thread(self._create, list(topics))

    def _create(self, topics: list[str]) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self._servers)
        configs = {
            "max.message.bytes": str(EVENT_BYTES_MAX), "retention.ms": "-1",
            "message.timestamp.type": "LogAppendTime",
        }  # fmt: skip
        try:
            there = set(admin.list_topics())
            new = {
                topic: {"num_partitions": self._partitions, "configs": configs}
                for topic in topics
                if topic not in there
            }
            if new:
                admin.create_topics(new, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return  # another process was first
        finally:
            admin.close()

    async def publish(self, topic: str, events: Sequence[Told]) -> None:
        """See ``Bus``."""
        async with self._producing:
            await self._in_thread(self._publish, topic, list(events))

    def _publish(self, topic: str, events: list[Told]) -> None:
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self._servers, acks="all", enable_idempotence=True,
                linger_ms=LINGER_MILLISECONDS, max_request_size=EVENT_BYTES_MAX,
                delivery_timeout_ms=int(ACKNOWLEDGED_SECONDS_MAX * 1000),
                request_timeout_ms=int(ANSWERED_SECONDS_MAX * 1000), allow_auto_create_topics=False,
            )  # fmt: skip
        sent = [
            self._producer.send(topic, key=event.aggregate_id.encode(), value=event.payload, headers=headers_of(event))
            for event in events
        ]
        reached("relay.after_send")
        for acknowledgement in sent:
            acknowledgement.get(ACKNOWLEDGED_SECONDS_MAX + 1)

    async def begin(self, consumer: str) -> None:
        """See ``Bus``."""
        for place in [place for place in self._readers if place[0] == consumer]:
            await self._in_thread(self._readers.pop(place).close)

    def _reader(self, consumer: str, topic: str) -> Reader:
        if (consumer, topic) not in self._readers:
            self._readers[consumer, topic] = Reader(self._servers, consumer, topic)
        return self._readers[consumer, topic]

    async def read(self, consumer: str, topic: str, limit: int) -> tuple[list[Told], Place]:
        """See ``Bus``; until its place is committed, a batch is read again."""
        return await self._in_thread(self._reader(consumer, topic).read, limit)

    async def commit(self, consumer: str, topic: str, place: Place) -> None:
        """See ``Bus``."""
        await self._in_thread(self._reader(consumer, topic).commit, place)

    async def wait(self, consumer: str, topic: str, seconds: float) -> None:
        """See ``Bus``."""
        await self._in_thread(self._reader(consumer, topic).wait, seconds)

    async def lags(self) -> dict[tuple[str, str], int]:
        """See ``Bus``; of the consumers that this process has."""
        return {place: await self._in_thread(reader.lag) for place, reader in list(self._readers.items())}

    async def history(self, topic: str) -> AsyncIterator[tuple[Told, datetime]]:
        """See ``Bus``."""
        reader = Reader(self._servers, "", topic)
        try:
            while batch := await self._in_thread(reader.from_the_beginning):
                for held in batch:
                    yield held
        finally:
            await self._in_thread(reader.close)

    async def _in_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))
        except KafkaError as error:
            message = f"Kafka at {','.join(self._servers)}: {type(error).__name__}: {error}"
            raise BusAway(message) from error

    async def close(self) -> None:
        """Let go of the broker."""
        for reader in self._readers.values():
            await self._in_thread(reader.close)
        if self._producer is not None:
            await self._in_thread(self._producer.close)
        self._threads.shutdown(wait=False, cancel_futures=True)
