"""An event as a service hears it, and the mark that it was heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from kernel.connection import Connection
from kernel.statements import Said

WITHOUT_ENVELOPE = 0  # in place of a version: what stood on the topic was no event of ours


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

    def kept(self) -> list[Said]:
        """The mark that it was heard; it breaks an index when it was before."""
        return kept([self])

    async def was_heard(self, conn: Connection) -> bool:
        """Whether its effect stands already."""
        return bool((await conn.ask(_HEARD, self.topic, [self.event_id]))[0])

    async def record(self, conn: Connection) -> None:
        """Mark it as heard in this transaction; leaves when it was before."""
        if self.recorded:
            return
        values = {"topic": self.topic, "event_id": self.event_id, "key": self.aggregate_id, "version": self.version}
        if await conn.scalar(_RECORD, values) == 0:
            raise AlreadyHeard
        self.recorded = True


@dataclass
class ToldTogether:
    """Several events of one topic that have their effect in one transaction, in this order."""

    events: Sequence[Told]
    recorded: bool = False

    def kept(self) -> list[Said]:
        """The marks that they were heard; they break an index when one was before."""
        return kept(self.events)

    async def was_heard(self, conn: Connection) -> bool:
        """Whether the effect of any of them stands already."""
        return bool((await conn.ask(_HEARD, self.events[0].topic, [event.event_id for event in self.events]))[0])


def kept(events: Sequence[Told]) -> list[Said]:
    """The marks that these events of one topic were heard, and how far their keys have come."""
    reached: dict[str, int] = {}
    for event in events:
        reached[event.aggregate_id] = max(event.version, reached.get(event.aggregate_id, 0))
    topic = events[0].topic
    return [
        Said(_MARK, (topic, [event.event_id for event in events]), touches=True),
        Said(_REACH, (topic, list(reached), list(reached.values())), touches=True),
    ]


_RECORD = text("""
    WITH fresh AS (
        INSERT INTO inbox (topic, event_id) VALUES (CAST(:topic AS text), CAST(:event_id AS text))
        ON CONFLICT DO NOTHING RETURNING 1
    ), reached AS (
        INSERT INTO heard (topic, key, version) VALUES (CAST(:topic AS text), :key, :version)
        ON CONFLICT (topic, key) DO UPDATE SET version = GREATEST(heard.version, excluded.version)
    )
    SELECT count(*) FROM fresh""")
_HEARD = "SELECT EXISTS (SELECT FROM inbox WHERE topic = $1 AND event_id = ANY($2::text[]))"
_MARK = "INSERT INTO inbox (topic, event_id) SELECT $1::text, unnest($2::text[])"
_REACH = """
    INSERT INTO heard (topic, key, version) SELECT $1::text, r.key, r.version
    FROM unnest($2::text[], $3::integer[]) AS r(key, version)
    ON CONFLICT (topic, key) DO UPDATE SET version = GREATEST(heard.version, excluded.version)"""
