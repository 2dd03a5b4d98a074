"""The outbox: events leave with the transaction that caused them, and are sent in the order they were kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.bus import Bus
from kernel.crash_points import reached
from kernel.database import Database
from kernel.ids import new_id
from kernel.refusals import StateChanged
from kernel.told import Told

RELAY_BATCH_EVENTS = 500
CHANNEL = "outbox"
AsContract = Callable[[object], Message]


@dataclass(frozen=True)
class Telling:
    """An event on its way out."""

    event: Message
    about: str
    deposit: bytes | None


async def keep(conn: AsyncConnection, tellings: Sequence[Telling], at: datetime) -> None:
    """Write the events into the outbox; versions of an aggregate follow on without a gap."""
    values = {
        "ids": [new_id("evt") for _ in tellings],
        "about": [telling.about for telling in tellings],
        "types": [telling.event.DESCRIPTOR.full_name for telling in tellings],
        "payloads": [telling.event.SerializeToString(deterministic=True) for telling in tellings],
        "deposits": [telling.deposit for telling in tellings],
        "at": at,
    }
    try:
        await conn.execute(_KEEP, values)
    except IntegrityError as error:
        if "outbox_version_once" in str(error):
            raise StateChanged from error
        raise


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


_KEEP = text(f"""
    WITH kept AS (
        INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, deposit, occurred_at)
        SELECT e.event_id, e.about,
               COALESCE((SELECT max(o.aggregate_version) FROM outbox o WHERE o.aggregate_id = e.about), 0)
               + row_number() OVER (PARTITION BY e.about ORDER BY e.place),
               e.type, e.payload, e.deposit, :at
        FROM unnest(CAST(:ids AS text[]), CAST(:about AS text[]), CAST(:types AS text[]),
                    CAST(:payloads AS bytea[]), CAST(:deposits AS bytea[]))
             WITH ORDINALITY AS e(event_id, about, type, payload, deposit, place)
        ORDER BY e.place
        RETURNING 1)
    SELECT pg_notify('{CHANNEL}', '') FROM (SELECT count(*) FROM kept) AS counted""")  # noqa: S608 - a constant
_UNSENT = text("""
    SELECT id, event_id, aggregate_id, aggregate_version, type, payload, deposit, occurred_at
    FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :limit""")
_MARK = text("UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY(CAST(:ids AS bigint[]))")
