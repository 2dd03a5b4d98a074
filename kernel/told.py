"""An event as a service hears it, and the mark that it was heard."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class AlreadyHeard(Exception):  # noqa: N818 - not an error: the event came again
    """The effect of this event stands already."""


@dataclass
class Told:
    """One event with its envelope. ``deposit`` holds canonical bytes that evidence shall put into the log."""

    topic: str
    event_id: str
    aggregate_id: str
    version: int
    type: str
    payload: bytes
    occurred_at: datetime
    deposit: bytes | None = None
    recorded: bool = False

    async def record(self, conn: AsyncConnection) -> None:
        """Mark it as heard in this transaction; leaves when it was before."""
        if self.recorded:
            return
        values = {"topic": self.topic, "event_id": self.event_id, "key": self.aggregate_id, "version": self.version}
        if await conn.scalar(_RECORD, values) == 0:
            raise AlreadyHeard
        self.recorded = True


_RECORD = text("""
    WITH fresh AS (
        INSERT INTO inbox (topic, event_id) VALUES (CAST(:topic AS text), CAST(:event_id AS text))
        ON CONFLICT DO NOTHING RETURNING 1
    ), reached AS (
        INSERT INTO heard (topic, key, version) VALUES (CAST(:topic AS text), :key, :version)
        ON CONFLICT (topic, key) DO UPDATE SET version = GREATEST(heard.version, excluded.version)
    )
    SELECT count(*) FROM fresh""")
