"""Parked events: what an operator may see, replay in order, or dismiss."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.callers import current_caller
from kernel.connection import Connection
from kernel.database import Database
from kernel.once import Once
from kernel.reactions import Listening
from kernel.refusals import Conflict, NotFound, PartyBarred
from kernel.told import Told


class LetterUnknown(NotFound):
    """There is no parked event of this number. List the dead letters to see which there are."""

    zh = "没有该编号的搁置事件。请查看搁置事件列表。"


class LetterNotFirst(Conflict):
    """An earlier event of the same key is parked. Replay or dismiss that one first."""

    zh = "同一键下还有更早的搁置事件。请先重放或放弃该事件。"


@dataclass(frozen=True)
class DeadLetter:
    """One parked event and why."""

    id: int
    topic: str
    key: str
    type: str
    version: int
    cause: str
    parked_at: datetime


class DeadLetters:
    """The parked events of one service."""

    def __init__(self, database: Database, ears: list[Listening]) -> None:
        self._database = database
        self._ears = {ear.topic: ear for ear in ears}

    async def all_parked(self, limit: int = 100) -> list[DeadLetter]:
        """What is parked now, oldest first."""
        async with self._database.transaction() as conn:
            await _refuse_the_barred(conn)
            rows = (await conn.execute(_PARKED, {"limit": limit})).all()
        return [DeadLetter(r.id, r.topic, r.key, r.type, r.version, r.cause, r.parked_at) for r in rows]

    async def replay(self, letter_id: int, once: Once, outcome: object) -> None:
        """React to it again; when that works the key goes on with the next. ``outcome`` is kept under ``once``."""
        event = await self._first_of_its_key(letter_id, once)
        await self._ears[event.topic].react(event)
        await self._close(letter_id, "REPLAYED", event, once, outcome)

    async def dismiss(self, letter_id: int, once: Once, outcome: object) -> None:
        """Give it up: the key goes on as if it had been heard."""
        event = await self._first_of_its_key(letter_id, once)
        await self._close(letter_id, "DISMISSED", event, once, outcome)

    async def _first_of_its_key(self, letter_id: int, once: Once) -> Told:
        async with self._database.transaction() as conn:
            await _refuse_the_barred(conn)
            await once.recall(conn)
            row = (await conn.execute(_ONE, {"id": letter_id})).one_or_none()
            if row is None:
                raise LetterUnknown(letter_id=letter_id)
            if row.earlier is not None:
                raise LetterNotFirst(first_letter_id=row.earlier)
        return Told(row.topic, row.event_id, row.key, row.version, row.type, row.payload, row.occurred_at, row.deposit)

    async def _close(self, letter_id: int, state: str, event: Told, once: Once, outcome: object) -> None:
        values = {"id": letter_id, "state": state, "topic": event.topic, "key": event.aggregate_id,
                  "version": event.version}  # fmt: skip
        async with self._database.transaction() as conn:
            await conn.execute(_CLOSE, values)
            await conn.execute(_REACHED, values)
            try:
                await conn.send(*once.kept(outcome, settles=True))
            except IntegrityError:
                await conn.rollback()
                await once.recall(conn)  # another attempt under the key was faster: its outcome is the answer
                raise
        once.settled = True


async def _refuse_the_barred(conn: Connection) -> None:
    """What every unit of work does by itself; these are none, since they stand beside the business."""
    caller = current_caller.get()
    if caller is not None and await conn.scalar(_BARRED, {"party_id": caller.party_id}):
        raise PartyBarred


_BARRED = text("SELECT EXISTS (SELECT FROM barred_parties WHERE party_id = :party_id)")
_PARKED = text("""
    SELECT id, topic, key, type, version, cause, parked_at FROM dead_letters
    WHERE state = 'PARKED' ORDER BY id LIMIT :limit""")
_ONE = text("""
    SELECT d.topic, d.event_id, d.key, d.version, d.type, d.payload, d.occurred_at, d.deposit,
           (SELECT min(e.id) FROM dead_letters e
            WHERE e.topic = d.topic AND e.key = d.key AND e.state = 'PARKED' AND e.version < d.version) AS earlier
    FROM dead_letters d WHERE d.id = :id AND d.state = 'PARKED'""")
_CLOSE = text("UPDATE dead_letters SET state = :state WHERE id = :id")
_REACHED = text("""
    INSERT INTO heard (topic, key, version) VALUES (:topic, :key, :version)
    ON CONFLICT (topic, key) DO UPDATE SET version = GREATEST(heard.version, excluded.version)""")
