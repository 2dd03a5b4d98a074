"""The unit of work: one transaction with its rows, its events, its key and its business time."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel import outbox
from kernel.calendar import SHANGHAI
from kernel.callers import current_caller
from kernel.connection import Connection, constraint_of
from kernel.crash_points import reached
from kernel.database import Database
from kernel.once import Known, Once
from kernel.outbox import AsContract, Telling
from kernel.pool import Record
from kernel.refusals import PartyBarred, Refusal, StateChanged
from kernel.statements import Said
from kernel.told import AlreadyHeard, Told, ToldTogether

Ticket = Once | Told | ToldTogether | None
Result = TypeVar("Result")


class UnitOfWork:
    """``async with`` it: what the block did is committed together at its end, or not at all.

    ``now`` is business time: the database's clock at the start of the block plus the market's offset, in
    Asia/Shanghai; ``machine_now`` is that clock alone, for tokens and leases. A suspended party's caller is stopped
    here, whatever it wants to do.

    Few round trips: the first asks for the time, the bar and the key in one; reads stand alone; a transaction begins
    with the first change; events, the key with its outcome, the mark of an event heard and every change that
    ``conn.later`` was told go in one statement at the end. If nothing else was changed, that statement is the whole
    transaction. Two attempts under one key may run side by side then, and the key's own index decides at the end:
    the later one is undone and answered with what the earlier one led to. ``reads_first``: the block begins with a
    read, with which the first question then travels; there is no time before that read.
    """

    conn: Connection
    now: datetime
    machine_now: datetime
    clock_moved: bool

    def __init__(
        self, database: Database, as_contract: AsContract, ticket: Ticket = None, *, reads_first: bool = False
    ) -> None:
        self._database = database
        self._as_contract = as_contract
        self._ticket = ticket
        self._tellings: list[Telling] = []
        self._result: object = None
        self._settles = False
        self._reads_first, self._is_open = reads_first, False

    @classmethod
    def opener(cls, database: Database, as_contract: AsContract) -> Callable[..., Self]:
        """What a service keeps as ``app.work``: called with a ticket (or nothing) it gives a new unit of work."""
        return lambda ticket=None, **how: cls(database, as_contract, ticket, **how)

    async def opened(self) -> None:
        """For a service's own unit of work: hang the collections on it."""

    async def __aenter__(self) -> Self:
        self.conn = Connection(self._database.pool, lazy=True)
        try:
            await self._begin()
            await self.opened()
        except BaseException:
            self.conn.close(clean=False)
            raise
        return self

    async def _begin(self) -> None:
        caller, once = current_caller.get(), self._ticket
        party_id = caller.party_id if caller else ""
        if isinstance(once, Once) and not once.claimed:
            asked, columns = Said(_OPEN_WITH_KEY, (party_id, *once.place), touches=False), _OPEN_WITH_KEY_COLUMNS
        else:
            asked, columns = Said(_OPEN, (party_id,), touches=False), _OPEN_COLUMNS
        self.conn.open_with(asked, columns, self._take)
        if not self._reads_first:
            await self.conn.opened()

    def _take(self, row: Record) -> None:
        once = self._ticket
        self.machine_now, self.clock_moved = row[0], row[2]
        self.now = row[1].astimezone(SHANGHAI)
        if row[3]:
            raise PartyBarred
        if isinstance(once, Once) and not once.claimed and row[4] is not None:
            once.leave(Known(*row[_OPEN_COLUMNS:_OPEN_WITH_KEY_COLUMNS]))
        if once is not None:
            reached(_OPENED[type(once)])
        self._is_open = True

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed. ``deposit``: canonical bytes for the evidence log."""
        self._tellings.append(Telling(self._as_contract(event), about, deposit))

    def settle(self, result: Result) -> Result:
        """Keep this as the outcome of the request's Idempotency-Key, in this transaction."""
        self._result, self._settles = result, True
        return result

    def promise(self, resource: str) -> None:
        """Several transactions follow: where an interrupted caller can read how it ended."""
        if isinstance(self._ticket, Once):
            self._ticket.resource = resource

    async def recall(self, once: Once) -> None:
        """Leave with what the key led to before, if it led to anything."""
        await once.recall(self.conn)

    async def bar(self, party_id: str) -> None:
        """From this commit on the party may do nothing in this service."""
        await self.conn.execute(_BAR, {"party_id": party_id})

    async def unbar(self, party_id: str) -> None:
        """Take the bar away."""
        await self.conn.execute(_UNBAR, {"party_id": party_id})

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        clean = False
        try:
            if error is None:
                await self._keep()
            elif isinstance(error, Exception):
                await self.conn.rollback()
                clean = True
                await self._look_again(error)
            clean = isinstance(error, Exception | None)
        finally:
            self.conn.close(clean=clean)

    async def _keep(self) -> None:
        await self.conn.opened()
        try:
            await self._finish()
        except (IntegrityError, Refusal) as error:
            await self.conn.rollback()
            await self._look_again(error)
            if isinstance(error, IntegrityError) and constraint_of(error) == outbox.VERSION_TAKEN:
                raise StateChanged from error
            raise
        await self._commit()

    async def _finish(self) -> None:
        if not self.conn.begun:  # what is sent now is the whole transaction
            reached(_BEFORE_COMMIT[type(self._ticket)])
        await self.conn.send(*self._parts(), last=outbox.RING if self._tellings else "SELECT 1")

    async def _commit(self) -> None:
        if self.conn.begun:
            reached(_BEFORE_COMMIT[type(self._ticket)])
            await self.conn.commit()
        reached(_AFTER_COMMIT[type(self._ticket)])
        if isinstance(self._ticket, Once):
            self._ticket.claimed = True
            self._ticket.settled = self._ticket.settled or self._settles
        elif self._ticket is not None:
            self._ticket.recorded = True

    def _parts(self) -> list[Said]:
        parts = [outbox.kept(self._tellings, self.now)] if self._tellings else []
        ticket = self._ticket
        if isinstance(ticket, Once):
            parts += ticket.kept(self._result, settles=self._settles)
        elif ticket is not None and not ticket.recorded:
            parts += ticket.kept()
        return parts

    async def _look_again(self, error: Exception) -> None:
        """Whatever went wrong: if the same key, or event, had its effect meanwhile, that is the answer."""
        if not self._is_open or not isinstance(error, IntegrityError | Refusal):
            return
        ticket = self._ticket
        if isinstance(ticket, Once):
            if not ticket.claimed:
                await ticket.recall(self.conn)
        elif ticket is not None and not ticket.recorded and await ticket.was_heard(self.conn):
            raise AlreadyHeard from error


# Where a test may let the process die, by what the unit of work was opened with.
_OPENED = {
    Once: "request.after_claim",
    Told: "consumer.after_inbox",
    ToldTogether: "consumer.after_inbox",
}
_BEFORE_COMMIT = {
    Once: "request.before_commit", Told: "consumer.before_commit", ToldTogether: "consumer.before_commit",
    type(None): "step.before_commit",
}  # fmt: skip
_AFTER_COMMIT = {
    Once: "request.after_commit", Told: "consumer.after_commit", ToldTogether: "consumer.after_commit",
    type(None): "step.after_commit",
}  # fmt: skip
_BASE = """
    SELECT now(), now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0'),
           EXISTS (SELECT FROM clock WHERE business_at <> machine_at),
           EXISTS (SELECT FROM barred_parties WHERE party_id = $1)"""
_OPEN = _BASE
_OPEN_COLUMNS, _OPEN_WITH_KEY_COLUMNS = 4, 9
_OPEN_WITH_KEY = f"""{_BASE}, k.request_sha256, k.resource, k.status, k.body, k.media_type
    FROM (SELECT 1) AS one LEFT JOIN idempotency_keys k ON k.party_id = $2 AND k.route = $3 AND k.key = $4"""
_BAR = text("INSERT INTO barred_parties (party_id) VALUES (:party_id) ON CONFLICT DO NOTHING")
_UNBAR = text("DELETE FROM barred_parties WHERE party_id = :party_id")
