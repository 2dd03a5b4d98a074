"""A connection as storage sees it: statements and rows are SQLAlchemy's, asyncpg carries them in few trips."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from sqlalchemy import Executable, Row, ScalarResult
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError, IntegrityError

from kernel.pool import Answer, Line, Pool, Record, told
from kernel.refusals import Refusal
from kernel.statements import Said, Values, said, said_of_many, side_by_side, together

Refusals = Mapping[str, type[Refusal]]
_ROWS = re.compile(r"(?:SELECT|UPDATE|DELETE|INSERT \d+) (\d+)")
_NOTHING = SimpleResultMetaData([])
_ROWS_FETCHED = 500
_DIVISION_BY_ZERO = "22012"


class Outcome(IteratorResult[*tuple[Any, ...]]):
    """The rows of an answer, read as SQLAlchemy's are; ``rowcount`` says how many were touched."""

    rowcount: int = -1


def _shape(what: Said, attributes: Sequence[asyncpg.Attribute]) -> SimpleResultMetaData:
    return what.form.shape(attributes) if what.form else SimpleResultMetaData([each.name for each in attributes])


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was broken."""
    return str(getattr(getattr(error.orig, "__cause__", None), "constraint_name", ""))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A change that is sent later, and what it means when a constraint is broken by it or no row touched."""

    what: Said
    refusals: Refusals
    facts: Mapping[str, Any]
    untouched: type[Refusal] | None


@dataclass(frozen=True, slots=True)
class _Opening:
    """A read of one row that goes with the first statement, and who is to have the row."""

    what: Said
    take: Callable[[Record], None]
    columns: int


class Connection:
    """Statements on one connection.

    ``lazy``: reads before the first change stand alone, and the transaction begins with the first statement that
    changes or locks something. Under READ COMMITTED, where each statement sees its own snapshot anyway, this differs
    from an early BEGIN in nothing but the number of round trips. A connection is lent from the pool for each read that
    stands alone, and from the transaction's beginning to its end.
    """

    def __init__(self, pool: Pool, *, lazy: bool = False, alone: bool = False) -> None:
        self._pool = pool
        self._line: Line | None = None
        self._lazy, self._alone = lazy, alone
        self.begun = False
        self._waiting: list[_Waiting] = []
        self._opening: _Opening | None = None
        self._nested = 0

    def open_with(self, what: Said, columns: int, take: Callable[[Record], None]) -> None:
        """Ask this, an answer of one row, together with the first read that comes; before anything else that comes."""
        self._opening = _Opening(what, take, columns)

    async def opened(self) -> None:
        """Ask what was to be asked first, if no read has taken it along."""
        opening, self._opening = self._opening, None
        if opening:
            opening.take((await self._run(opening.what))[0][0])

    async def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> Outcome:
        """The answer to a statement. Several sets of values: the statement with each of them, in one trip."""
        if values is not None and not isinstance(values, Mapping):
            sql, arguments = said_of_many(statement, values)
            await self._ready(touches=True)
            await (self._line or self._pool).run_many(sql, arguments)
            return Outcome(_NOTHING, iter(()))
        what = said(statement, values)
        if self._opening and not what.touches and not self._waiting:
            return await self._opened_by(what, self._opening)
        await self._ready(touches=what.touches)
        rows, status, attributes = await self._run(what)
        outcome = Outcome(_shape(what, attributes), map(tuple, rows))
        touched = _ROWS.match(status or "")
        outcome.rowcount = int(touched[1]) if touched else -1
        return outcome

    async def _opened_by(self, what: Said, opening: _Opening) -> Outcome:
        self._opening = None
        sql = side_by_side(opening.what.sql, len(opening.what.arguments), what.sql)
        both = Said(sql, [*opening.what.arguments, *what.arguments], touches=False)
        rows, _, attributes = await self._run(both)
        opening.take(rows[0])
        own = opening.columns + 1  # before them stands whether there is a row at all
        answer = [tuple(row)[own:] for row in rows if row[opening.columns]]
        outcome = Outcome(_shape(what, attributes[own:]), iter(answer))
        outcome.rowcount = len(answer)
        return outcome

    async def ask(self, sql: str, *arguments: object) -> Record:
        """The one row of a read in PostgreSQL's own words."""
        await self._ready(touches=False)
        return (await self._run(Said(sql, arguments, touches=False)))[0][0]

    async def scalar(self, statement: Executable, values: Values | None = None) -> Any:  # Any: a column's value
        """The first column of the first row, if there is one."""
        return (await self.execute(statement, values)).scalar()

    async def scalars(self, statement: Executable, values: Values | None = None) -> ScalarResult[Any]:
        """The first column of every row."""
        return (await self.execute(statement, values)).scalars()

    async def stream(self, statement: Executable, values: Values | None = None) -> AsyncIterator[Row[*tuple[Any, ...]]]:
        """Row by row, for answers that are too large for memory."""
        what = said(statement, values)
        await self._ready(touches=True)
        return self._streamed(what)

    async def _streamed(self, what: Said) -> AsyncIterator[Row[*tuple[Any, ...]]]:
        try:
            prepared = await self._pinned.raw.prepare(what.sql)
            shape, cursor = _shape(what, prepared.get_attributes()), await prepared.cursor(*what.arguments)
            while rows := await cursor.fetch(_ROWS_FETCHED):
                for row in Outcome(shape, map(tuple, rows)):
                    yield row
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise told(error, what.sql) from error

    async def exec_driver_sql(self, sql: str) -> Outcome:
        """PostgreSQL's own words."""
        what = Said(sql, (), touches=True)
        await self._ready(touches=True)
        rows, _, attributes = await self._run(what)
        return Outcome(_shape(what, attributes), map(tuple, rows))

    def later(self, statement: Executable, values: Values | None = None, refusals: Refusals | None = None, *,
              untouched: type[Refusal] | None = None, **facts: Any) -> None:  # fmt: skip  # Any: JSON values
        """A change whose answer nobody waits for: sent with the next statement, or with all the others at the end.

        ``refusals``: what a constraint broken by it means, by the constraint's name. ``untouched``: what it means when
        the change, which must touch one row, touches none; then nothing of the transaction stands.
        """
        what = said(statement, values)
        if what.sql.lstrip()[:4].upper() == "WITH":
            message = "PostgreSQL takes no change inside a WITH inside a WITH; execute it"
            raise ValueError(message)
        what = replace(what, must_touch=untouched is not None)
        self._waiting.append(_Waiting(what, refusals or {}, facts, untouched))

    async def _ready(self, *, touches: bool) -> None:
        await self.opened()
        if self._waiting:
            await self._begin()
            await self.send()
        elif touches or not self._lazy:
            await self._begin()

    async def _begin(self) -> None:
        if not self.begun and not self._alone:
            self._line = await self._pool.lend()
            await self._line.run_plain("BEGIN")
            self.begun = True

    async def _run(self, what: Said) -> Answer:
        return await (self._line or self._pool).run(what)

    @property
    def _pinned(self) -> Line:
        if self._line is None:
            message = "this needs a transaction"
            raise RuntimeError(message)
        return self._line

    def close(self, *, clean: bool) -> None:
        """Give the connection back, if one is still lent; unclean: whatever is open on it is undone first."""
        if self._line is not None:
            self._pool.give_back(self._line, clean=clean)
            self._line = None

    async def send(self, *more: Said, last: str = "SELECT 1") -> None:
        """Everything that waits, and this, as one statement; by itself when nothing was begun."""
        waiting, self._waiting = self._waiting, []
        parts = [each.what for each in waiting] + list(more)
        if not parts:
            return
        what = together(parts, last)
        try:
            if self._line is None:
                await self._pool.gathering.send(what)
            else:
                await self._line.run(what)
        except DBAPIError as error:
            for each in waiting:
                if meant := _meant(error, each):
                    raise meant(**each.facts) from error
            raise

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A part that can fail by itself."""
        await self._ready(touches=True)
        self._nested += 1
        name = f"nested_{self._nested}"
        await self._pinned.run_plain(f"SAVEPOINT {name}")
        try:
            yield
            await self._ready(touches=True)
        except Exception:
            self._waiting.clear()
            await self._pinned.run_plain(f"ROLLBACK TO {name}")
            raise
        await self._pinned.run_plain(f"RELEASE {name}")

    async def commit(self) -> None:
        """Keep what was done; what still waits goes first."""
        await self.send()
        if self.begun:
            await self._pinned.run_plain("COMMIT")
            self.begun = False
            self.close(clean=True)

    async def rollback(self) -> None:
        """Forget what was done."""
        self._waiting.clear()
        if self.begun:
            self.begun = False
            await self._pinned.run_plain("ROLLBACK")
            self.close(clean=True)


def _meant(error: DBAPIError, waiting: _Waiting) -> type[Refusal] | None:
    if isinstance(error, IntegrityError):
        return waiting.refusals.get(constraint_of(error))
    return waiting.untouched if getattr(error.orig, "sqlstate", "") == _DIVISION_BY_ZERO else None
