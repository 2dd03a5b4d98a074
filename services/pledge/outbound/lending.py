"""Loans and pledges in PostgreSQL: each change of state is checked against the state that was read, and kept."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, Table, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.callers import current_caller
from kernel.connection import Connection
from kernel.storage import change, refusing
from pledge.domain.loan import Loan
from pledge.domain.pledge import Pledge
from pledge.domain.refusals import LoanNotFound, PledgeNotFound, PledgeUnderWay
from pledge.domain.states import ENDED, OWING, PASSING, LoanState
from pledge.outbound import tables
from pledge.outbound.rows import Rows
from pledge.ports import Change, Part, Standing

LOANS = Rows(Loan, tables.loans)
PLEDGES = Rows(Pledge, tables.pledges)
CHANGES = Rows(Change, tables.history)
CONSTRAINTS = {"one_live_pledge_per_loan": PledgeUnderWay}
_WATCHED = sorted({*OWING, LoanState.APPROVED, LoanState.CONTRACTED})


class History:
    """Which state followed which, by whom."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn, self._now = conn, now
        self.read: dict[str, str] = {}

    async def keep(self, aggregate_id: str, version: int, to_state: str) -> None:
        """Add the change from the state that was read."""
        caller = current_caller.get()
        values = {
            "aggregate_id": aggregate_id, "version": version, "from_state": self.read.get(aggregate_id),
            "to_state": to_state, "subject_id": caller.subject_id if caller else "", "at": self._now,
        }  # fmt: skip
        await self._conn.execute(insert(tables.history).values(values))
        self.read[aggregate_id] = to_state


class SqlLoans:
    """See ``Loans``."""

    def __init__(self, conn: Connection, history: History) -> None:
        self._conn, self._history = conn, history

    async def add(self, loan: Loan) -> None:
        """See the port."""
        await self._conn.execute(insert(tables.loans).values(LOANS.row(loan)))
        await self._history.keep(loan.loan_id, loan.version, loan.state.value)

    async def get(self, loan_id: str) -> Loan:
        """See the port."""
        return await self._one(select(*LOANS.columns).where(tables.loans.c.loan_id == loan_id))

    async def lock(self, loan_id: str) -> Loan:
        """See the port."""
        return await self._one(select(*LOANS.columns).where(tables.loans.c.loan_id == loan_id).with_for_update())

    async def _one(self, query: Select) -> Loan:  # type: ignore[type-arg] # the columns of a row vary
        row = (await self._conn.execute(query)).mappings().one_or_none()
        if row is None:
            raise LoanNotFound
        return self._remember(LOANS.thing(row))

    def _remember(self, loan: Loan) -> Loan:
        self._history.read[loan.loan_id] = loan.state.value
        return loan

    async def save(self, loan: Loan) -> None:
        """See the port."""
        key = {"loan_id": loan.loan_id, "state": self._history.read[loan.loan_id]}
        values = {name: value for name, value in LOANS.row(loan).items() if name not in {"loan_id", "version"}}
        await change(self._conn, tables.loans, key=key, version=loan.version, values=values)
        loan.version += 1
        await self._history.keep(loan.loan_id, loan.version, loan.state.value)

    async def page(self, party_id: str | None, state: LoanState | None, part: Part) -> list[Loan]:
        """See the port."""
        table = tables.loans
        query = select(*LOANS.columns)
        if party_id is not None:
            query = query.where(_of_party(table, party_id))
        if state is not None:
            query = query.where(table.c.state == state.value)
        if part.after:
            query = query.where(table.c.loan_id < part.after)
        query = query.order_by(table.c.loan_id.desc()).limit(part.limit)
        return LOANS.things((await self._conn.execute(query)).mappings())

    async def on_lineage(self, lineage_root: str) -> list[Loan]:
        """See the port."""
        table = tables.loans
        query = select(*LOANS.columns).where(table.c.lineage_root == lineage_root, table.c.state.in_(_WATCHED))
        rows = (await self._conn.execute(query.order_by(table.c.loan_id).with_for_update())).mappings()
        return [self._remember(loan) for loan in LOANS.things(rows)]

    async def due(self, today: date, limit: int) -> list[str]:
        """See the port."""
        table = tables.loans
        query = select(table.c.loan_id).where(
            table.c.state.in_([LoanState.PERFORMING, LoanState.OVERDUE]), table.c.matures_on < today
        )
        return list((await self._conn.scalars(query.order_by(table.c.matures_on).limit(limit))).all())

    async def standings(self, bank_party_id: str, part: Part) -> list[Standing]:
        """See the port."""
        values = {
            "bank": bank_party_id, "after": part.after, "limit": part.limit, "states": [str(s) for s in _WATCHED],
        }  # fmt: skip
        rows = (await self._conn.execute(_STANDINGS, values)).mappings().all()
        loans = {loan.loan_id: loan for loan in await self._these([row["loan_id"] for row in rows])}
        return [
            Standing(loans[row["loan_id"]], row["pledge_state"], row["watches_open"], row["income_fen"]) for row in rows
        ]

    async def _these(self, loan_ids: list[str]) -> list[Loan]:
        query = select(*LOANS.columns).where(tables.loans.c.loan_id.in_(loan_ids))
        return LOANS.things((await self._conn.execute(query)).mappings())


class SqlPledges:
    """See ``Pledges``."""

    def __init__(self, conn: Connection, history: History) -> None:
        self._conn, self._history = conn, history

    async def add(self, pledge: Pledge) -> None:
        """See the port."""
        async with refusing(CONSTRAINTS):
            await self._conn.execute(insert(tables.pledges).values(PLEDGES.row(pledge)))
        await self._history.keep(pledge.pledge_id, pledge.version, pledge.state.value)

    async def get(self, pledge_id: str) -> Pledge:
        """See the port."""
        return await self._one(select(*PLEDGES.columns).where(tables.pledges.c.pledge_id == pledge_id))

    async def lock(self, pledge_id: str) -> Pledge:
        """See the port."""
        query = select(*PLEDGES.columns).where(tables.pledges.c.pledge_id == pledge_id)
        return await self._one(query.with_for_update())

    async def _one(self, query: Select) -> Pledge:  # type: ignore[type-arg] # the columns of a row vary
        row = (await self._conn.execute(query)).mappings().one_or_none()
        if row is None:
            raise PledgeNotFound
        pledge = PLEDGES.thing(row)
        self._history.read[pledge.pledge_id] = pledge.state.value
        return pledge

    async def save(self, pledge: Pledge) -> None:
        """See the port."""
        key = {"pledge_id": pledge.pledge_id, "state": self._history.read[pledge.pledge_id]}
        values = {name: value for name, value in PLEDGES.row(pledge).items() if name not in {"pledge_id", "version"}}
        values["changed_at"] = func.now()
        await change(self._conn, tables.pledges, key=key, version=pledge.version, values=values)
        pledge.version += 1
        await self._history.keep(pledge.pledge_id, pledge.version, pledge.state.value)

    async def page(self, party_id: str | None, part: Part) -> list[Pledge]:
        """See the port."""
        query = select(*PLEDGES.columns)
        if party_id is not None:
            query = query.where(_of_party(tables.pledges, party_id))
        return await self._some(query, part)

    async def live_on(self, lineage_root: str, part: Part) -> list[Pledge]:
        """See the port."""
        table = tables.pledges
        query = select(*PLEDGES.columns).where(
            table.c.lineage_root == lineage_root, table.c.state.not_in([state.value for state in ENDED])
        )
        return await self._some(query, part)

    async def _some(self, query: Select, part: Part) -> list[Pledge]:  # type: ignore[type-arg] # as above
        table = tables.pledges
        if part.after:
            query = query.where(table.c.pledge_id < part.after)
        rows = (await self._conn.execute(query.order_by(table.c.pledge_id.desc()).limit(part.limit))).mappings()
        return PLEDGES.things(rows)

    async def passing(self, limit: int) -> list[Pledge]:
        """See the port."""
        table = tables.pledges
        query = select(*PLEDGES.columns).where(table.c.state.in_([state.value for state in PASSING]))
        rows = (await self._conn.execute(query.order_by(table.c.requested_at).limit(limit))).mappings()
        return PLEDGES.things(rows)

    async def history(self, pledge_id: str, part: Part) -> list[Change]:
        """See the port."""
        table = tables.history
        query = select(*CHANGES.columns).where(table.c.aggregate_id == pledge_id)
        if part.after.isdecimal():
            query = query.where(table.c.version > int(part.after))
        return CHANGES.things((await self._conn.execute(query.order_by(table.c.version).limit(part.limit))).mappings())

    async def keep_code(self, pledge_id: str, sealed: bytes) -> None:
        """See the port."""
        row = {"pledge_id": pledge_id, "sealed": sealed}
        statement = upsert(tables.sealed_codes).values(row)
        await self._conn.execute(statement.on_conflict_do_update(index_elements=["pledge_id"], set_=row))

    async def code(self, pledge_id: str) -> bytes | None:
        """See the port."""
        query = select(tables.sealed_codes.c.sealed).where(tables.sealed_codes.c.pledge_id == pledge_id)
        sealed: bytes | None = await self._conn.scalar(query)
        return sealed


def _of_party(table: Table, party_id: str) -> ColumnElement[bool]:
    return or_(table.c.borrower_party_id == party_id, table.c.bank_party_id == party_id)


_STANDINGS = text("""
    SELECT l.loan_id, p.state AS pledge_state,
           (SELECT count(*) FROM watches w WHERE w.loan_id = l.loan_id AND w.resolved_at IS NULL) AS watches_open,
           (SELECT COALESCE(sum(i.amount_fen), 0)::bigint FROM incomes i WHERE i.pledge_id = l.pledge_id) AS income_fen
    FROM loans l LEFT JOIN pledges p ON p.pledge_id = l.pledge_id
    WHERE l.bank_party_id = :bank AND l.state = ANY(CAST(:states AS text[]))
      AND (CAST(:after AS text) = '' OR l.loan_id < CAST(:after AS text))
    ORDER BY l.loan_id DESC LIMIT :limit""")
