"""What the bus holds, read past every consumer: for whoever compares it with the outboxes."""

import asyncio
from typing import Any

from sqlalchemy import text

from kernel.database import Database
from kernel.kafka_login import BrokerLogin
from market.brokers import broker_login
from market.postgres import Server
from market.roster import SERVICES

READ_SECONDS_MAX = 60.0
EVENT_BYTES_MAX = 64 * 2**20


class BusUnreadable(Exception):  # noqa: N818 - the fact
    """The bus did not give everything that it says it holds."""


async def events_on_bus(server: Server) -> dict[str, list[str]]:
    """The identifiers of all events on each service's topic, in their order, one as often as it is there."""
    if login := broker_login():
        found = {name: await asyncio.to_thread(_in_kafka, login, _topic(name)) for name in SERVICES}
    else:
        found = await _in_postgres(server)
    return found


def _topic(service: str) -> str:
    return f"yaosu.{service}.v1"


async def _in_postgres(server: Server) -> dict[str, list[str]]:
    database = Database(server.url_of("bus"), name="bus", pool_connections=1)
    try:
        async with database.transaction() as conn:
            rows = (await conn.execute(text("SELECT topic, event_id FROM bus_log ORDER BY place"))).all()
    finally:
        await database.close()
    found: dict[str, list[str]] = {name: [] for name in SERVICES}
    for topic, event_id in rows:
        found[str(topic).split(".")[1]].append(event_id)
    return found


def _in_kafka(login: BrokerLogin, topic: str) -> list[str]:
    """From the beginning of every partition to where it ended when we came."""
    from kafka import KafkaConsumer, TopicPartition  # noqa: PLC0415 - who audits a market without Kafka needs no client

    reading: Any = KafkaConsumer(  # Any: the client ships no types
        **login.options(), enable_auto_commit=False, auto_offset_reset="earliest",
        fetch_max_bytes=EVENT_BYTES_MAX, max_partition_fetch_bytes=EVENT_BYTES_MAX,
    )  # fmt: skip
    try:
        places = [TopicPartition(topic, number) for number in reading.partitions_for_topic(topic) or ()]
        reading.assign(places)
        ends, found = reading.end_offsets(places), list[str]()
        reading.seek_to_beginning(*places)
        while any(reading.position(place) < ends[place] for place in places):
            records = reading.poll(timeout_ms=int(READ_SECONDS_MAX * 1000))
            if not records:
                message = f"{topic} gave nothing for {READ_SECONDS_MAX:.0f} s"
                raise BusUnreadable(message)
            found += [dict(record.headers)["ce_id"].decode() for batch in records.values() for record in batch]
        return found
    finally:
        reading.close()
