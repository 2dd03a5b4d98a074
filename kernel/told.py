"""An event as a service hears it, and the mark that it was heard."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from kernel.connection import Connection
from kernel.statements import Said


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

    @property
    def place(self) -> tuple[str, str]:
        """Under what it is marked as heard."""
        return self.topic, self.event_id

    def kept(self) -> list[Said]:
        """The mark that it was heard; it breaks an index when it was before."""
        return [
            Said(_MARK, self.place, touches=True),
            Said(_REACH, (self.topic, self.aggregate_id, self.version), touches=True),
        ]

    async def record(self, conn: Connection) -> None:
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
HEARD = "SELECT EXISTS (SELECT FROM inbox WHERE topic = $1 AND event_id = $2)"
_MARK = "INSERT INTO inbox (topic, event_id) VALUES ($1, $2)"
_REACH = """
    INSERT INTO heard (topic, key, version) VALUES ($1, $2, $3)
    ON CONFLICT (topic, key) DO UPDATE SET version = GREATEST(heard.version, excluded.version)"""
