"""The outbox: events leave with the transaction that caused them, and are sent in the order they were kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy import text

from kernel.bus import Bus
from kernel.crash_points import reached
from kernel.database import Database
from kernel.ids import new_id
from kernel.statements import Said
from kernel.told import Told

RELAY_BATCH_EVENTS = 500
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
    """Send one batch of what is unsent, then mark it; a crash in between sends it again, and loses nothing."""
    async with database.statement() as conn:
        rows = (await conn.execute(_UNSENT, {"limit": RELAY_BATCH_EVENTS})).all()
    if not rows:
        return 0
    reached("relay.after_claim")
    await bus.publish(topic, [
        Told(topic, row.event_id, row.aggregate_id, row.aggregate_version, row.type, row.payload, row.occurred_at,
             row.deposit)
        for row in rows
    ])  # fmt: skip
    reached("relay.after_ack")
    async with database.statement() as conn:
        await conn.execute(_MARK, {"ids": [row.id for row in rows]})
    reached("relay.after_mark")
    return len(rows)


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
    FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :limit""")
_MARK = text("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS bigint[]))")
