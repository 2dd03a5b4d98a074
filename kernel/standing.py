"""What a consumer knows of a batch of events before it handles them, asked once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import text

from kernel.database import Database
from kernel.told import Told


@dataclass
class Standing:
    """How far each key has come, which events are known, which keys are parked; ``gaps`` says what is missing."""

    versions: dict[str, int]
    known: set[str]
    parked: set[str]
    gaps: dict[str, str] = field(default_factory=dict)


async def standing_of(events: Sequence[Told], database: Database) -> Standing:
    """Of events of one topic."""
    if not events:
        return Standing({}, set(), set())
    values = {
        "topic": events[0].topic,
        "keys": list({event.aggregate_id for event in events}),
        "ids": [event.event_id for event in events],
    }
    async with database.statement() as conn:
        versions = (await conn.execute(_VERSIONS, values)).all()
        known = (await conn.scalars(_KNOWN, values)).all()
        parked = (await conn.scalars(_PARKED_KEYS, values)).all()
    return Standing({row.key: row.version for row in versions}, set(known), set(parked))


_VERSIONS = text("SELECT key, version FROM heard WHERE topic = :topic AND key = ANY(CAST(:keys AS text[]))")
_KNOWN = text("""
    SELECT event_id FROM inbox WHERE topic = :topic AND event_id = ANY(CAST(:ids AS text[]))
    UNION SELECT event_id FROM dead_letters WHERE topic = :topic AND event_id = ANY(CAST(:ids AS text[]))""")
_PARKED_KEYS = text("""
    SELECT DISTINCT key FROM dead_letters
    WHERE topic = :topic AND key = ANY(CAST(:keys AS text[])) AND state = 'PARKED'""")
