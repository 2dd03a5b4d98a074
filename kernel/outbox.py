"""The outbox: events leave with the transaction that caused them, and are sent in the order they were kept."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Row, text

from kernel.bus import Bus
from kernel.crash_points import reached
from kernel.database import Database
from kernel.ids import new_id
from kernel.statements import Said
from kernel.told import Told

RELAY_BATCH_EVENTS = 500
RELAYED_MAX = 10_000  # in one go, so that whoever calls can look up now and then
CHANNEL = "outbox"
RING = f"SELECT pg_notify('{CHANNEL}', '')"
VERSION_TAKEN = "outbox_version_once"
AsContract = Callable[[object], Message]


@dataclass(frozen=True)
class Telling:
    """An event on its way out."""

    event: Message
    about: str
    deposit: bytes | None


def kept(tellings: Sequence[Telling], at: datetime) -> Said:
    """The events as rows of the outbox; versions of an aggregate follow on without a gap."""
    arguments = (
        [new_id("evt") for _ in tellings],
        [telling.about for telling in tellings],
        [telling.event.DESCRIPTOR.full_name for telling in tellings],
        [telling.event.SerializeToString(deterministic=True) for telling in tellings],
        [telling.deposit for telling in tellings],
        at,
    )
    return Said(_KEEP, arguments, touches=True)


async def relay(database: Database, bus: Bus, topic: str) -> int:
    """Send what is unsent, a batch at a time; a crash in between sends some again, and loses nothing.

    While a batch is on its way, the one before it is marked and the next one read. A batch is sent only when the one
    before it is acknowledged, and marked only after its own acknowledgement.
    """
    moved, acknowledged = 0, list[int]()
    rows = await _unsent(database, [])
    while rows:
        reached("relay.after_claim")
        ids = [row.id for row in rows]
        sending = asyncio.ensure_future(bus.publish(topic, [_told(topic, row) for row in rows]))
        try:
            await _mark(database, acknowledged)
            is_last = len(rows) < RELAY_BATCH_EVENTS or moved > RELAYED_MAX
            rows = [] if is_last else await _unsent(database, ids)
        except BaseException:
            sending.cancel()
            raise
        await sending
        reached("relay.after_ack")
        moved, acknowledged = moved + len(ids), ids
    await _mark(database, acknowledged)
    return moved


async def _unsent(database: Database, besides: list[int]) -> Sequence[Row[Any]]:
    async with database.statement() as conn:
        return (await conn.execute(_UNSENT, {"limit": RELAY_BATCH_EVENTS, "besides": besides})).all()


def _told(topic: str, row: Row[Any]) -> Told:
    return Told(
        topic, row.event_id, row.aggregate_id, row.aggregate_version, row.type, row.payload, row.occurred_at,
        row.deposit,
    )  # fmt: skip


async def _mark(database: Database, ids: list[int]) -> None:
    if ids:
        async with database.statement() as conn:
            await conn.execute(_MARK, {"ids": ids})
        reached("relay.after_mark")


_KEEP = """
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, deposit, occurred_at)
    SELECT e.event_id, e.about,
           COALESCE((SELECT max(o.aggregate_version) FROM outbox o WHERE o.aggregate_id = e.about), 0)
           + row_number() OVER (PARTITION BY e.about ORDER BY e.place),
           e.type, e.payload, e.deposit, $6::timestamptz
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
         WITH ORDINALITY AS e(event_id, about, type, payload, deposit, place)
    ORDER BY e.place"""
_UNSENT = text("""
    SELECT id, event_id, aggregate_id, aggregate_version, type, payload, deposit, occurred_at
    FROM outbox WHERE sent_at IS NULL AND id <> ALL(CAST(:besides AS bigint[])) ORDER BY id LIMIT :limit""")
_MARK = text("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS bigint[]))")
