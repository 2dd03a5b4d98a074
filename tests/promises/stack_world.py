"""The world as in production: Kafka, S3, and a process for each API and worker, each of which can be killed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psutil
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from market.backends.kafka import Kafka, KafkaNotToBeHad, _configured, resolved, start_kafka
from market.backends.seaweed import Seaweed, SeaweedNotToBeHad, _program, start_seaweed
from market.postgres import start_postgres
from market.roster import SERVICES
from tests.conftest import need
from tests.market.process import Process
from tests.promises.history import History
from tests.promises.proxy import Proxy
from tests.promises.world import S3_SETTING, World, told_here

START_SECONDS_MAX = 300.0
POLL_SECONDS = 0.5
REPUBLISH_TRIES = 10
KINDS = ("api", "worker")
KAFKA_SETTING = "YAOSU_KAFKA"


@dataclass(kw_only=True)
class StackWorld(World):
    """A market of many processes. ``broker`` is every process's link to Kafka, ``store`` that to the object store."""

    kafka: Kafka
    broker: Proxy
    seaweed: Seaweed
    store: Proxy

    async def answers(self) -> None:
        """Wait until every process is well."""
        await asyncio.to_thread(self.market.answers, "/health", START_SECONDS_MAX)

    async def kill_market(self) -> None:
        """Every process at once, as a power cut would; the servers under them go on."""
        self._count("market")
        await asyncio.to_thread(self.market.kill_all)

    async def parts(self) -> dict[str, Any]:
        """Each process, as the front tells it: its number, and how often it was started."""
        async with httpx.AsyncClient(timeout=30) as http:
            told = (await http.get(f"{self.market.url}/health")).json()
        return dict(told["parts"])

    async def kill_part(self, name: str) -> None:
        """One process of one service; the stack starts it again."""
        self._count(name.rpartition(" ")[2])
        pid = (await self.parts()).get(name, {}).get("pid")
        if pid and psutil.pid_exists(pid):
            psutil.Process(pid).kill()

    async def some_part_died(self) -> None:
        """Return once a process has died and the stack has started it again, or after a while in which none did."""
        ends_at = asyncio.get_running_loop().time() + START_SECONDS_MAX / 5
        while asyncio.get_running_loop().time() < ends_at and self.market.lives():
            with suppress(httpx.HTTPError):
                if any((part.get("starts") or 0) > 1 for part in (await self.parts()).values()):
                    return
            await asyncio.sleep(POLL_SECONDS)

    async def kill_kafka(self) -> None:
        """Kill the broker, and start it again on what it had."""
        self._count("kafka")
        await asyncio.to_thread(self.kafka.kill)
        self.broker.reset()
        await self.kafka.start()

    async def kill_seaweed(self) -> None:
        """Kill the object store, and start it again on what it had."""
        self._count("seaweed")
        await asyncio.to_thread(self.seaweed.kill)
        self.store.reset()
        await self.seaweed.start()

    async def wipe_kafka(self) -> None:
        """The broker loses all that it held; the operator does what the guide says: every outbox tells it again."""
        self._count("kafka wiped")
        await self.kill_market()
        await asyncio.to_thread(self.kafka.wipe)
        await self.kafka.start()
        await asyncio.to_thread(self._republish)
        await self.start_market()
        await self.answers()

    def _republish(self) -> None:
        """The command refuses while a killed worker's connection still holds its lease."""
        telling = Process(["republish", "--data", str(self.data)], self.market.home, 0, self.market.settings)
        for _ in range(REPUBLISH_TRIES):
            telling.start()
            if telling.process.wait(START_SECONDS_MAX) == 0:
                return
        message = f"the outboxes could not be told again: {telling.written}"
        raise AssertionError(message)

    async def hear_all_again(self) -> None:
        """Every consumer's place is set to the beginning, and its process begins anew there."""
        for name in random.sample(SERVICES, len(SERVICES)):
            await asyncio.to_thread(_to_the_beginning, self.kafka.address, name)
            await self.kill_part(f"{name} worker")

    async def servers_stand(self) -> None:
        """Start the broker and the store again if they gave up, as whatever supervises them would."""
        if not await self.kafka.is_alive():
            await self.kafka.start()
        if not await self.seaweed.is_alive():
            await self.seaweed.start()

    async def heal(self) -> None:
        """No fault any more."""
        self.broker.heal()
        self.store.heal()
        await self.servers_stand()
        await super().heal()


def _to_the_beginning(servers: str, consumer: str) -> None:
    for topic in [f"yaosu.{name}.v1" for name in SERVICES]:
        reading: Any = KafkaConsumer(  # Any: the client ships no types
            bootstrap_servers=servers, group_id=consumer, enable_auto_commit=False, allow_auto_create_topics=False
        )
        try:
            places = [TopicPartition(topic, number) for number in reading.partitions_for_topic(topic) or ()]
            reading.assign(places)
            reading.commit({place: OffsetAndMetadata(0, "", -1) for place in places})
        finally:
            reading.close(autocommit=False)


def need_servers() -> None:
    """Skip by name, or fail where all are required, when the broker or the store cannot be had here."""
    try:
        resolved()
        _program()
    except KafkaNotToBeHad as error:
        need("Kafka", error)
    except SeaweedNotToBeHad as error:
        need("S3", error)


@asynccontextmanager
async def open_stack_world(data: Path, seed: int, settings: dict[str, str] | None = None) -> AsyncIterator[StackWorld]:
    """Start everything on the folder; nothing is left running."""
    async with AsyncExitStack() as stack:
        postgres = await start_postgres(data.with_name("postgres"), b"")
        stack.callback(postgres.close)
        kafka, broker = await _kafka(data.with_name("kafka"), seed + 2, stack)
        seaweed = await stack.enter_async_context(start_seaweed(data.with_name("seaweed")))
        store = await stack.enter_async_context(Proxy(_place(seaweed.address), seed + 3))
        socket = Path(str(postgres.admin.query["host"])) / ".s.PGSQL.5432"
        database = await stack.enter_async_context(Proxy(socket, seed))
        market = Process.stack(data)
        address = postgres.admin.difference_update_query(["host"]).set(host="127.0.0.1", port=database.port)
        market.settings |= {
            "YAOSU_DATABASE_URL": address.render_as_string(hide_password=False),
            KAFKA_SETTING: f"127.0.0.1:{broker.port}",
            S3_SETTING: replace(seaweed, address=f"127.0.0.1:{store.port}").url, **(settings or {}),
        }  # fmt: skip
        stack.enter_context(told_here(KAFKA_SETTING, kafka.address))  # the verdict compares outboxes with the broker
        front = await stack.enter_async_context(Proxy(("127.0.0.1", market.port), seed + 1))
        history = History(data.with_name("history"))
        world = StackWorld(
            data, postgres, database, front, market, history, kafka=kafka, broker=broker, seaweed=seaweed, store=store
        )
        stack.push_async_callback(_end, market)
        await world.start_market()
        await world.answers()
        yield world


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


async def _kafka(folder: Path, seed: int, stack: AsyncExitStack) -> tuple[Kafka, Proxy]:
    """A broker that tells everybody to come by the proxy: what it calls its own address is the proxy's."""
    folder.mkdir(parents=True)
    properties, port = _configured(folder, 0)
    link = await stack.enter_async_context(Proxy(("127.0.0.1", port), seed))
    own = "advertised.listeners=PLAINTEXT://127.0.0.1:"
    properties.write_text(properties.read_text().replace(f"{own}{port}", f"{own}{link.port}"))
    kafka = await stack.enter_async_context(start_kafka(folder))
    return kafka, link


async def _end(market: Process) -> None:
    if market.lives():
        await asyncio.to_thread(market.kill_all)
