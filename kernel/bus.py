"""The bus as a port, and its durable form in PostgreSQL."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, text

from kernel.crash_points import reached
from kernel.database import Bell, Database, listen
from kernel.told import Told

CHANNEL = "bus"
EVENT_BYTES_MAX = 16 * 1024 * 1024  # with its deposit
HISTORY_BATCH_EVENTS = 500
# How far a consumer has read: for each partition of the topic, the place behind the last event.
Place = Mapping[int, int]
ONE_PARTITION = 0


class Bus(Protocol):
    """Ordered topics; each consumer has a place of its own in each topic."""

    async def publish(self, topic: str, events: Sequence[Told]) -> None:
        """Return once the events are kept, in this order, behind all that the topic holds."""

    async def begin(self, consumer: str) -> None:
        """The consumer's work starts in this process: go on from where it was committed, by whomever."""

    async def read(self, consumer: str, topic: str, limit: int) -> tuple[list[Told], Place]:
        """The next events after the consumer's place, and the place behind them."""

    async def commit(self, consumer: str, topic: str, place: Place) -> None:
        """Move the consumer's place forward; never back."""

    def history(self, topic: str) -> AsyncIterator[tuple[Told, datetime]]:
        """All that the topic holds now, with the moment at which each was published; for audits."""

    async def close(self) -> None:
        """Let go of whatever keeps the topics."""

    async def wait(self, consumer: str, topic: str, seconds: float) -> None:
        """Return when the topic may hold more for the consumer, or after so many seconds."""

    async def lags(self) -> dict[tuple[str, str], int]:
        """How many events each consumer has still to read, by consumer and topic."""


BUS_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS bus_log (
        place bigint GENERATED ALWAYS AS IDENTITY,
        topic text NOT NULL, event_id text NOT NULL, key text NOT NULL, version integer NOT NULL,
        type text NOT NULL, payload bytea NOT NULL, deposit bytea, occurred_at timestamptz NOT NULL,
        published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (topic, place),
        UNIQUE (topic, event_id)
    )""",
    """
    CREATE TABLE IF NOT EXISTS bus_places (
        consumer text, topic text, place bigint NOT NULL, PRIMARY KEY (consumer, topic)
    )""",
)


class PostgresBus:
    """A log table with cursors. Writers of one topic take turns, so places are given in the order of commits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # One bell for each consumer and topic that stays: what rings between a read and a wait is not missed.
        self._bells: dict[str, dict[str, Bell]] = defaultdict(lambda: defaultdict(Bell))
        self._ears: asyncio.Task[None] | None = None

    async def create(self) -> None:
        """Make the tables at the first start."""
        async with self._database.transaction() as conn:
            for statement in BUS_TABLES:
                await conn.execute(text(statement))

    async def publish(self, topic: str, events: Sequence[Told]) -> None:
        """See ``Bus``."""
        values = {
            "topic": topic,
            "ids": [event.event_id for event in events],
            "keys": [event.aggregate_id for event in events],
            "versions": [event.version for event in events],
            "types": [event.type for event in events],
            "payloads": [event.payload for event in events],
            "deposits": [event.deposit for event in events],
            "moments": [event.occurred_at for event in events],
        }
        async with self._database.statement() as conn:
            reached("relay.after_send")
            await conn.execute(_APPEND, values)

    async def begin(self, consumer: str) -> None:
        """See ``Bus``; nothing is remembered here."""

    async def read(self, consumer: str, topic: str, limit: int) -> tuple[list[Told], Place]:
        """See ``Bus``."""
        async with self._database.statement() as conn:
            rows = (await conn.execute(_READ, {"consumer": consumer, "topic": topic, "limit": limit})).all()
        return [_told(topic, row) for row in rows], {ONE_PARTITION: rows[-1].place} if rows else {}

    async def commit(self, consumer: str, topic: str, place: Place) -> None:
        """See ``Bus``."""
        async with self._database.statement() as conn:
            await conn.execute(_COMMIT, {"consumer": consumer, "topic": topic, "place": place[ONE_PARTITION]})

    async def history(self, topic: str) -> AsyncIterator[tuple[Told, datetime]]:
        """See ``Bus``."""
        after = 0
        while True:
            async with self._database.statement() as conn:
                values = {"topic": topic, "after": after, "limit": HISTORY_BATCH_EVENTS}
                rows = (await conn.execute(_HISTORY, values)).all()
            if not rows:
                return
            for row in rows:
                yield _told(topic, row), row.published_at
            after = rows[-1].place

    async def wait(self, consumer: str, topic: str, seconds: float) -> None:
        """See ``Bus``."""
        if self._ears is None or self._ears.done():
            self._ears = asyncio.create_task(self._listen())
        await self._bells[topic][consumer].wait(seconds)

    async def lags(self) -> dict[tuple[str, str], int]:
        """See ``Bus``."""
        async with self._database.statement() as conn:
            rows = (await conn.execute(_LAGS)).all()
        return {(row.consumer, row.topic): row.lag for row in rows}

    async def _listen(self) -> None:
        connection = await listen(self._database, CHANNEL, self._ring)
        try:
            while not connection.is_closed():  # noqa: ASYNC110 - asyncpg offers no event for a lost connection
                await asyncio.sleep(1)
        finally:
            await connection.close()

    def _ring(self, *notice: object) -> None:
        for bell in self._bells[str(notice[-1])].values():
            bell.ring()

    async def close(self) -> None:
        """Stop listening and give the connections back."""
        if self._ears is not None:
            self._ears.cancel()
            await asyncio.gather(self._ears, return_exceptions=True)
        await self._database.close()


def _told(topic: str, row: Row[Any]) -> Told:
    return Told(topic, row.event_id, row.key, row.version, row.type, row.payload, row.occurred_at, row.deposit)


# The turn is taken before the first place is given: the sort yields no row until it has seen all, and so the lock.
_APPEND = text(f"""
    WITH kept AS (
        INSERT INTO bus_log (topic, event_id, key, version, type, payload, deposit, occurred_at)
        SELECT CAST(:topic AS text), e.event_id, e.key, e.version, e.type, e.payload, e.deposit, e.occurred_at
        FROM (SELECT pg_advisory_xact_lock(hashtext('bus'), hashtext(CAST(:topic AS text))) OFFSET 0) AS mine,
             unnest(CAST(:ids AS text[]), CAST(:keys AS text[]), CAST(:versions AS integer[]), CAST(:types AS text[]),
                    CAST(:payloads AS bytea[]), CAST(:deposits AS bytea[]), CAST(:moments AS timestamptz[]))
             WITH ORDINALITY AS e(event_id, key, version, type, payload, deposit, occurred_at, turn)
        ORDER BY e.turn
        ON CONFLICT (topic, event_id) DO NOTHING)
    SELECT pg_notify('{CHANNEL}', CAST(:topic AS text))""")  # noqa: S608 - a constant
_READ = text("""
    SELECT place, event_id, key, version, type, payload, deposit, occurred_at FROM bus_log
    WHERE topic = CAST(:topic AS text)
      AND place > COALESCE(
          (SELECT place FROM bus_places WHERE consumer = :consumer AND topic = CAST(:topic AS text)), 0)
    ORDER BY place LIMIT :limit""")
_HISTORY = text("""
    SELECT place, event_id, key, version, type, payload, deposit, occurred_at, published_at FROM bus_log
    WHERE topic = CAST(:topic AS text) AND place > :after ORDER BY place LIMIT :limit""")
_LAGS = text("""
    SELECT p.consumer, p.topic,
           (SELECT count(*) FROM bus_log l WHERE l.topic = p.topic AND l.place > p.place) AS lag
    FROM bus_places p""")
_COMMIT = text("""
    INSERT INTO bus_places (consumer, topic, place) VALUES (:consumer, :topic, :place)
    ON CONFLICT (consumer, topic) DO UPDATE SET place = GREATEST(bus_places.place, excluded.place)""")
