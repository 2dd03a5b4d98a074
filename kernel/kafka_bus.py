"""The bus on Apache Kafka: events are kept when all in-sync replicas have them, places follow the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from kafka.errors import KafkaError

from kernel.bus import Place
from kernel.kafka_login import BrokerLogin
from kernel.kafka_records import Reader
from kernel.kafka_topics import make_topics
from kernel.kafka_voice import Voice
from kernel.told import Told

AWAY_SECONDS = 0.5
THREADS = 64
Result = TypeVar("Result")
log = structlog.get_logger()


class BusAway(ConnectionError):  # noqa: N818 - what is the matter, not whose error
    """The broker does not answer; what was to be sent stays in the outbox, what was to be read stays on the topic."""


class KafkaBus:
    """Topics with a set number of partitions; a key keeps to one, so its events keep their order.

    A service's consumer is its leased worker, one at a time, so it reads all partitions without a group's votes and
    commits as the group of its name. Offsets only save time: what comes again has its effect once (the inbox).
    """

    def __init__(self, login: BrokerLogin, partitions: int = 3) -> None:
        self._login, self._partitions = login, partitions
        # A consumer that waits holds its thread.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="kafka")
        self._made: set[str] = set()
        self._voices: dict[str, Voice] = {}
        self._readers: dict[tuple[str, str], Reader] = {}

    async def create(self, topics: Iterable[str]) -> None:
        """Make the topics that are not there yet; whoever writes or reads one makes it too."""
        new = [topic for topic in topics if topic not in self._made]
        if new:
            await self._in_thread(self._make, new)

    def _make(self, topics: list[str]) -> None:
        make_topics(self._login, topics, self._partitions)
        self._made |= set(topics)

    async def publish(self, topic: str, events: Sequence[Told]) -> None:
        """See ``Bus``; while no broker answers, it waits."""
        await self.create([topic])
        if topic not in self._voices:
            self._voices[topic] = Voice(self._login, topic, partial(self._make, [topic]))
        await self._in_thread(self._voices[topic].tell, list(events))

    async def begin(self, consumer: str) -> None:
        """See ``Bus``."""
        for place in [place for place in self._readers if place[0] == consumer]:
            await self._in_thread(self._readers.pop(place).close)

    def _reader(self, consumer: str, topic: str) -> Reader:
        if (consumer, topic) not in self._readers:
            self._readers[consumer, topic] = Reader(self._login, consumer, topic)
        return self._readers[consumer, topic]

    async def read(self, consumer: str, topic: str, limit: int) -> tuple[list[Told], Place]:
        """See ``Bus``; until its place is committed, a batch is read again."""
        await self.create([topic])
        return await self._in_thread(self._reader(consumer, topic).read, limit)

    async def commit(self, consumer: str, topic: str, place: Place) -> None:
        """See ``Bus``."""
        await self._in_thread(self._reader(consumer, topic).commit, place)

    async def wait(self, consumer: str, topic: str, seconds: float) -> None:
        """See ``Bus``."""
        try:
            await self._in_thread(self._reader(consumer, topic).wait, seconds)
        except BusAway as error:  # whoever waits asks again anyway
            log.warning("the bus is away", consumer=consumer, topic=topic, error=str(error))
            await asyncio.sleep(min(seconds, AWAY_SECONDS))

    async def lags(self) -> dict[tuple[str, str], int]:
        """See ``Bus``; of the consumers that this process has."""
        return {place: await self._in_thread(reader.lag) for place, reader in list(self._readers.items())}

    async def history(self, topic: str) -> AsyncIterator[tuple[Told, datetime]]:
        """See ``Bus``."""
        reader = Reader(self._login, "", topic)
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
            message = f"Kafka at {self._login.servers}: {type(error).__name__}: {error}"
            raise BusAway(message) from error

    async def close(self) -> None:
        """Let go of the broker."""
        for reader in self._readers.values():
            await self._in_thread(reader.close)
        for voice in self._voices.values():
            await self._in_thread(voice.close)
        self._threads.shutdown(wait=False, cancel_futures=True)
