"""Events through a real Kafka: how late their effects are, and the relay's rate beside a bare producer's."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import asyncpg
from kafka import KafkaProducer

from kernel.bus import Bus
from kernel.database import Database
from kernel.kafka_bus import KafkaBus
from kernel.kafka_login import BrokerLogin
from kernel.kafka_records import headers_of
from kernel.kafka_voice import SETTINGS
from kernel.told import Told
from kernel.worker import Worker
from market.backends.kafka import start_kafka
from market.postgres import start_postgres
from market.roster import SERVICES
from tests.bench.figures import Figure, share_of
from tests.bench.services import databases, processes
from tests.bench.sizes import Sizes

LAG_P99_MS = 250.0
RELAY_RATIO = 0.7
TELLER, HEARER = "trading", "evidence"
TOPIC = f"yaosu.{TELLER}.v1"
EVENTS_PER_SECOND = 500
TICKS_PER_SECOND = 50
KEYS = 200
WARM_UP_SECONDS = 3.0
SETTLING_SECONDS = 60.0
_TELL = """
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, deposit, occurred_at)
    SELECT 'evt_' || $1::text || '_' || i, 'agg_' || $1::text || '_' || i % $2, 1 + i / $2, 'yaosu.trading.v1.Measured',
           convert_to(repeat(md5(i::text), 8), 'UTF8'),
           CASE WHEN $3 = 'deposit' THEN convert_to(md5($1::text || i), 'UTF8') END, clock_timestamp()
    FROM generate_series($4::integer, $5::integer) AS numbers(i)"""


def measure(folder: Path, sizes: Sizes) -> list[Figure]:
    """Both on one broker and one database server, which waits for the disk as in production."""
    return asyncio.run(_measure(folder, sizes))


async def _measure(folder: Path, sizes: Sizes) -> list[Figure]:
    server = await start_postgres(folder / "postgres", b"bench")
    try:
        urls = await databases(server, [TELLER, HEARER])
        async with start_kafka(folder.with_name("kafka")) as kafka:
            await _make_topics(kafka.address)
            lag = await _lag(folder, urls, kafka.address, sizes.lag_seconds)
            return [*lag, *await _relay(urls[TELLER], kafka.address, sizes)]
    finally:
        server.close()


async def _make_topics(kafka: str) -> None:
    """All of them, as a migration makes them: a worker listens to every service."""
    bus = KafkaBus(BrokerLogin(kafka))
    await bus.create(f"yaosu.{name}.v1" for name in SERVICES)
    await bus.close()


async def _lag(folder: Path, urls: dict[str, str], kafka: str, seconds: float) -> list[Figure]:
    """Events with deposits, told one by one as requests tell them; evidence's worker takes each into its log."""
    asked = [{"service": name, "folder": str(folder), "url": urls[name], "kafka": kafka} for name in urls]
    with processes("tests.bench.worker_process", asked):
        await _tell_steadily(urls[TELLER], "warm", WARM_UP_SECONDS)
        await _lags_of(urls, "warm")
        told = await _tell_steadily(urls[TELLER], "lag", seconds)
        lags = await _lags_of(urls, "lag")
    if len(lags) != told:
        message = f"{told} events were told, {len(lags)} had an effect"
        raise RuntimeError(message)
    what = f"outbox to effect at {EVENTS_PER_SECOND} events/s through Kafka"
    return [
        Figure("lag_p50_ms", f"{what}, p50", share_of(lags, 0.5) * 1000, "ms"),
        Figure("lag_p99_ms", f"{what}, p99", share_of(lags, 0.99) * 1000, "ms", target=LAG_P99_MS),
    ]


async def _tell_steadily(url: str, name: str, seconds: float) -> int:
    """So many events a second, in small transactions, each stamped by the database's clock when it is written."""
    database = Database(url, name="bench")
    each = EVENTS_PER_SECOND // TICKS_PER_SECOND
    connection = await database.dedicated()
    began, ticks = time.perf_counter(), int(seconds * TICKS_PER_SECOND)
    for tick in range(ticks):
        await asyncio.sleep(max(began + tick / TICKS_PER_SECOND - time.perf_counter(), 0))
        await connection.execute(_TELL, name, KEYS, "deposit", tick * each, (tick + 1) * each - 1)
        await connection.execute("SELECT pg_notify('outbox', '')")
    await connection.close()
    await database.close()
    return ticks * each


async def _lags_of(urls: dict[str, str], name: str) -> list[float]:
    """Seconds from each event's writing to the transaction of its effect, once all have had it."""
    told = await _ask(urls[TELLER], "SELECT event_id, occurred_at AS at FROM outbox WHERE event_id LIKE $1", name)
    ends_at = time.perf_counter() + SETTLING_SECONDS
    while True:
        heard = await _ask(urls[HEARER], "SELECT event_id, heard_at AS at FROM inbox WHERE event_id LIKE $1", name)
        if len(heard) >= len(told) or time.perf_counter() > ends_at:
            break
        await asyncio.sleep(0.2)
    told_at = {row["event_id"]: row["at"] for row in told}
    return [(row["at"] - told_at[row["event_id"]]).total_seconds() for row in heard]


async def _ask(url: str, sql: str, name: str) -> Sequence[asyncpg.Record]:
    database = Database(url, name="bench")
    connection = await database.dedicated()
    try:
        return list(await connection.fetch(sql, f"evt\\_{name}\\_%"))
    finally:
        await connection.close()
        await database.close()


async def _relay(url: str, kafka: str, sizes: Sizes) -> list[Figure]:
    """Full outboxes are emptied by the worker's own loop; before and after each the same is sent by a bare producer."""
    bus, database = KafkaBus(BrokerLogin(kafka)), Database(url, name="bench")
    bare, ours = list[float](), list[float]()
    try:
        await bus.create([TOPIC])
        for turn in range(sizes.rounds + 1):
            events = await _filled(database, f"relay{turn}", sizes.relay_events)
            sent_bare = await asyncio.to_thread(_sent_bare, kafka, events)
            relayed = await _relayed(database, bus)
            if turn:  # the first round opens connections and compiles
                bare.append(len(events) / sent_bare)
                ours.append(len(events) / relayed)
    finally:
        await bus.close()
        await database.close()
    return [
        Figure("producer_per_second", "a bare kafka-python producer, same settings and values", median(bare), "/s"),
        Figure("relay_per_second", "the relay, outbox to Kafka and marked", median(ours), "/s"),
        Figure("relay_to_producer", "relay / bare producer", median(ours) / median(bare), "×", target=RELAY_RATIO,
               at_least=True),
    ]  # fmt: skip


async def _filled(database: Database, name: str, number: int) -> list[Told]:
    connection = await database.dedicated()
    try:
        await connection.execute(_TELL, name, KEYS, "bare", 0, number - 1)
        rows = await connection.fetch("SELECT * FROM outbox WHERE event_id LIKE $1 ORDER BY id", f"evt\\_{name}\\_%")
    finally:
        await connection.close()
    return [
        Told(TOPIC, row["event_id"], row["aggregate_id"], row["aggregate_version"], row["type"], row["payload"],
             row["occurred_at"])
        for row in rows
    ]  # fmt: skip


def _sent_bare(kafka: str, events: Sequence[Told]) -> float:
    producer = KafkaProducer(bootstrap_servers=kafka, **SETTINGS)
    producer.partitions_for(TOPIC)  # it knows the broker before it is timed
    began = time.perf_counter()
    sent = [
        producer.send(TOPIC, key=event.aggregate_id.encode(), value=event.payload, headers=headers_of(event))
        for event in events
    ]  # fmt: skip
    producer.flush()
    took = time.perf_counter() - began
    assert all(each.succeeded() for each in sent)
    producer.close()
    return took


async def _relayed(database: Database, bus: Bus) -> float:
    worker = Worker(TELLER, None, database, bus, [], [])
    began = time.perf_counter()
    running = asyncio.create_task(worker.run())
    while not await worker.is_quiet():  # noqa: ASYNC110 - the database rings no event when an outbox is empty
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return took
