"""The unit of work: one transaction with its rows, its events, its key and its business time."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from kernel.calendar import SHANGHAI
from kernel.callers import current_caller
from kernel.crash_points import reached
from kernel.database import Database
from kernel.once import PROMISE, Once
from kernel.outbox import AsContract, Telling, keep
from kernel.refusals import PartyBarred
from kernel.told import Told

Ticket = Once | Told | None
Result = TypeVar("Result")


class UnitOfWork:
    """``async with`` it: what the block did is committed together at its end, or not at all.

    ``now`` is business time: the database's clock at the start of the transaction plus the market's offset, in
    Asia/Shanghai; ``machine_now`` is that clock alone, for tokens and leases. A suspended party's caller is stopped
    here, whatever it wants to do.
    """

    conn: AsyncConnection
    now: datetime
    machine_now: datetime
    clock_moved: bool

    def __init__(self, database: Database, as_contract: AsContract, ticket: Ticket = None) -> None:
        self._database = database
        self._as_contract = as_contract
        self._ticket = ticket
        self._tellings: list[Telling] = []
        self._result: object = None
        self._settles = False
        self._transaction: AsyncTransaction

    @classmethod
    def opener(cls, database: Database, as_contract: AsContract) -> Callable[..., Self]:
        """What a service keeps as ``app.work``: called with a ticket (or nothing) it gives a new unit of work."""
        return lambda ticket=None: cls(database, as_contract, ticket)

    async def opened(self) -> None:
        """For a service's own unit of work: hang the collections on it."""

    async def __aenter__(self) -> Self:
        self.conn = await self._database.engine.connect()
        try:
            self._transaction = await self.conn.begin()
            await self._begin()
            await self.opened()
        except BaseException:
            await self.conn.close()
            raise
        return self

    async def _begin(self) -> None:
        caller = current_caller.get()
        row = (await self.conn.execute(_OPEN, {"party_id": caller.party_id if caller else ""})).one()
        self.now = row.now.astimezone(SHANGHAI)
        self.machine_now = row.machine_now
        self.clock_moved = row.moved
        if row.barred:
            raise PartyBarred
        if isinstance(self._ticket, Once):
            await self._ticket.claim(self.conn)
            reached("request.after_claim")
        elif isinstance(self._ticket, Told):
            await self._ticket.record(self.conn)
            reached("consumer.after_inbox")

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
        try:
            if error is None:
                await self._finish()
                reached(_BEFORE_COMMIT[type(self._ticket)])
                await self._transaction.commit()
                reached(_AFTER_COMMIT[type(self._ticket)])
                if self._settles and isinstance(self._ticket, Once):
                    self._ticket.settled = True
            else:
                if isinstance(self._ticket, Told):
                    self._ticket.recorded = False
                await self._transaction.rollback()
        finally:
            await self.conn.close()

    async def _finish(self) -> None:
        if self._tellings:
            await keep(self.conn, self._tellings, self.now)
        if not isinstance(self._ticket, Once):
            return
        once = self._ticket
        if self._settles:
            await once.store_result(self.conn, self._result)
        elif once.resource is not None:
            place = {"party_id": once.party_id, "route": once.route, "key": once.key}
            await self.conn.execute(PROMISE, {**place, "resource": once.resource})


# Where a test may let the process die, by what the unit of work was opened with.
_BEFORE_COMMIT = {Once: "request.before_commit", Told: "consumer.before_commit", type(None): "step.before_commit"}
_AFTER_COMMIT = {Once: "request.after_commit", Told: "consumer.after_commit", type(None): "step.after_commit"}
_OPEN = text("""
    SELECT now() AS machine_now,
           now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0') AS now,
           EXISTS (SELECT FROM clock WHERE business_at <> machine_at) AS moved,
           EXISTS (SELECT FROM barred_parties WHERE party_id = :party_id) AS barred""")
_BAR = text("INSERT INTO barred_parties (party_id) VALUES (:party_id) ON CONFLICT DO NOTHING")
_UNBAR = text("DELETE FROM barred_parties WHERE party_id = :party_id")
