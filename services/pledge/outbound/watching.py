"""Alerts, income and the manual register of outside entries in PostgreSQL."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.connection import Connection
from pledge.domain.refusals import RegistrationNumberTaken, WatchNotFound
from pledge.domain.registration import OutsideEntry
from pledge.domain.watch import Income, Watch
from pledge.outbound import tables
from pledge.outbound.rows import Rows
from pledge.ports import Part

WATCHES = Rows(Watch, tables.watches)
INCOMES = Rows(Income, tables.incomes)
ENTRIES = Rows(OutsideEntry, tables.outside_entries)


class SqlWatches:
    """See ``Watches``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, watch: Watch) -> bool:
        """See the port."""
        statement = insert(tables.watches).values(WATCHES.row(watch)).on_conflict_do_nothing()
        return (await self._conn.execute(statement)).rowcount == 1

    async def lock(self, watch_id: str) -> Watch:
        """See the port."""
        query = select(*WATCHES.columns).where(tables.watches.c.watch_id == watch_id).with_for_update()
        row = (await self._conn.execute(query)).mappings().one_or_none()
        if row is None:
            raise WatchNotFound
        return WATCHES.thing(row)

    async def save(self, watch: Watch) -> None:
        """See the port."""
        change = update(tables.watches).where(tables.watches.c.watch_id == watch.watch_id)
        await self._conn.execute(change.values(resolved_at=watch.resolved_at, note=watch.note))

    async def page(self, party_id: str, part: Part, *, loan_id: str | None, is_open: bool | None) -> list[Watch]:
        """See the port."""
        table, loans = tables.watches, tables.loans
        theirs = (loans.c.borrower_party_id == party_id) | (loans.c.bank_party_id == party_id)
        query = select(*WATCHES.columns).join(loans, loans.c.loan_id == table.c.loan_id).where(theirs)
        if loan_id:
            query = query.where(table.c.loan_id == loan_id)
        if is_open is not None:
            query = query.where(table.c.resolved_at.is_(None) if is_open else table.c.resolved_at.is_not(None))
        if part.after:
            query = query.where(table.c.watch_id < part.after)
        query = query.order_by(table.c.watch_id.desc()).limit(part.limit)
        return WATCHES.things((await self._conn.execute(query)).mappings())


class SqlIncomes:
    """See ``Incomes``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, income: Income) -> bool:
        """See the port."""
        statement = insert(tables.incomes).values(INCOMES.row(income)).on_conflict_do_nothing()
        return (await self._conn.execute(statement)).rowcount == 1

    async def page(self, pledge_id: str, part: Part) -> list[Income]:
        """See the port."""
        table = tables.incomes
        query = select(*INCOMES.columns).where(table.c.pledge_id == pledge_id)
        if part.after:
            query = query.where(table.c.settlement_id < part.after)
        query = query.order_by(table.c.settlement_id.desc()).limit(part.limit)
        return INCOMES.things((await self._conn.execute(query)).mappings())

    async def total_fen(self, pledge_id: str) -> int:
        """See the port."""
        query = select(func.coalesce(func.sum(tables.incomes.c.amount_fen), 0))
        return int(await self._conn.scalar(query.where(tables.incomes.c.pledge_id == pledge_id)) or 0)


class SqlOutsideEntries:
    """See ``OutsideEntries``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, entry: OutsideEntry) -> None:
        """See the port."""
        table = tables.outside_entries
        statement = insert(table).values(ENTRIES.row(entry)).on_conflict_do_nothing()
        if (await self._conn.execute(statement)).rowcount == 1:
            return
        query = select(table.c.entry_id).where(
            table.c.registry == entry.registry, table.c.registration_number == entry.registration_number
        )
        if await self._conn.scalar(query) != entry.entry_id:
            raise RegistrationNumberTaken(registration_number=entry.registration_number)

    async def page(self, debtor_credit_code: str, asset: str | None, part: Part) -> list[OutsideEntry]:
        """See the port."""
        table = tables.outside_entries
        query = select(*ENTRIES.columns).where(table.c.debtor_credit_code == debtor_credit_code)
        if asset:
            query = query.where(table.c.asset == asset)
        if part.after:
            query = query.where(table.c.entry_id < part.after)
        query = query.order_by(table.c.entry_id.desc()).limit(part.limit)
        return ENTRIES.things((await self._conn.execute(query)).mappings())

    async def live(self, debtor_credit_code: str, asset: str) -> list[OutsideEntry]:
        """See the port."""
        table = tables.outside_entries
        query = select(*ENTRIES.columns).where(
            table.c.debtor_credit_code == debtor_credit_code, table.c.asset == asset, table.c.cancelled_at.is_(None)
        )
        return ENTRIES.things((await self._conn.execute(query.order_by(table.c.entry_id).limit(100))).mappings())

    async def cancel(self, registry: str, registration_number: str, at: datetime) -> None:
        """See the port."""
        table = tables.outside_entries
        change = update(table).where(
            table.c.registry == registry, table.c.registration_number == registration_number,
            table.c.cancelled_at.is_(None),
        )  # fmt: skip
        await self._conn.execute(change.values(cancelled_at=at))
