"""Open connections to one database, lent to one task at a time; the one used last is lent next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from kernel.gathering import COMMITS_TOGETHER_MAX, Gathering
from kernel.statements import Said

WAIT_SECONDS_MAX = 15.0
RESET_SECONDS_MAX = 5.0
STATEMENTS_PREPARED_MAX = 400
_AWAY = ("08", "53", "57P")
Raw: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record


Answer: TypeAlias = tuple[list[Record], str, Any]  # Any: asyncpg's attributes


class DriverError(Exception):
    """What asyncpg said, as SQLAlchemy's errors carry it; asyncpg's own error is the cause."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error.args[0]) if error.args else type(error).__name__)
        self.sqlstate: str = getattr(error, "sqlstate", None) or ""
        self.__cause__ = error


def told(error: Exception, sql: str) -> DBAPIError:
    """The error as SQLAlchemy names it, without the values that were sent."""
    driver = DriverError(error)
    kind: type[DBAPIError] = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        kind = IntegrityError
    elif isinstance(error, asyncpg.PostgresConnectionError) or driver.sqlstate.startswith(_AWAY) or _is_closed(error):
        kind = OperationalError
    return kind(sql, None, driver)


def _is_closed(error: Exception) -> bool:
    return isinstance(error, asyncpg.InterfaceError) and not isinstance(error, asyncpg.DataError)


class Line:
    """One connection with the statements prepared on it."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self._prepared: dict[str, tuple[Any, Any]] = {}  # Any: asyncpg's statement, and its attributes

    async def run(self, what: Said) -> Answer:
        """Rows, PostgreSQL's word on what was done, and the columns' names and types."""
        try:
            prepared, attributes = self._prepared.get(what.sql) or await self._prepare(what.sql)
            rows = await prepared.fetch(*what.arguments)
        except asyncpg.InvalidCachedStatementError as error:
            self._prepared.clear()
            if self.raw.is_in_transaction():
                raise told(error, what.sql) from error
            return await self.run(what)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise told(error, what.sql) from error
        return rows, prepared.get_statusmsg(), attributes

    async def _prepare(self, sql: str) -> tuple[Any, Any]:
        while len(self._prepared) >= STATEMENTS_PREPARED_MAX:
            del self._prepared[next(iter(self._prepared))]
        statement = await self.raw.prepare(sql)
        self._prepared[sql] = known = (statement, statement.get_attributes())
        return known

    async def run_plain(self, sql: str) -> str:
        """Words without arguments, such as BEGIN."""
        try:
            return str(await self.raw.execute(sql))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise told(error, sql) from error

    async def run_many(self, sql: str, arguments: Sequence[Sequence[Any]]) -> None:
        """The same words with each of these arguments."""
        try:
            await self.raw.executemany(sql, arguments)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise told(error, sql) from error


class Pool:
    """At most so many connections, opened when they are needed."""

    def __init__(
        self, connect: Callable[[], Awaitable[Raw]], size: int, commits_together: int = COMMITS_TOGETHER_MAX
    ) -> None:
        self._connect = connect
        self.gathering = Gathering(self.run, self.run_many, commits_together)
        self._free = asyncio.Semaphore(size)
        self._idle: list[Line] = []
        self._resetting: set[asyncio.Task[None]] = set()
        self._lent: set[Line] = set()

    async def lend(self) -> Line:
        """A connection for the caller alone, until it is given back."""
        if self._free.locked():
            try:
                await asyncio.wait_for(self._free.acquire(), WAIT_SECONDS_MAX)
            except TimeoutError as error:
                message = f"no connection became free within {WAIT_SECONDS_MAX:g} s"
                raise NoConnectionFree(message) from error
        else:
            await self._free.acquire()
        try:
            while self._idle:
                line = self._idle.pop()
                if not line.raw.is_closed():
                    break
            else:
                line = Line(await self._connect())
        except BaseException:
            self._free.release()
            raise
        self._lent.add(line)
        return line

    async def run(self, what: Said) -> Answer:
        """One statement that is a transaction by itself."""
        line = await self.lend()
        clean = False
        try:
            answer = await line.run(what)
            clean = True
        except DBAPIError:
            clean = True
            raise
        finally:
            self.give_back(line, clean=clean)
        return answer

    async def run_many(self, sql: str, arguments: Sequence[Sequence[Any]]) -> None:
        """The same words with each of these arguments, all in one transaction."""
        line = await self.lend()
        clean = False
        try:
            await line.run_many(sql, arguments)
            clean = True
        except DBAPIError:
            clean = True
            raise
        finally:
            self.give_back(line, clean=clean)

    def give_back(self, line: Line, *, clean: bool) -> None:
        """Unclean: a transaction may be open on it, or a statement under way; it is lent again once that is undone."""
        self._lent.discard(line)
        if clean and not line.raw.is_in_transaction() and not line.raw.is_closed():
            self._idle.append(line)
            self._free.release()
            return
        reset = asyncio.ensure_future(self._reset(line))
        self._resetting.add(reset)
        reset.add_done_callback(self._resetting.discard)

    async def _reset(self, line: Line) -> None:
        try:
            if not line.raw.is_closed():
                await line.raw.execute("ROLLBACK", timeout=RESET_SECONDS_MAX)
                self._idle.append(line)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            line.raw.terminate()
        finally:
            self._free.release()

    async def close(self) -> None:
        """Close what is idle; whoever still has one loses it."""
        await asyncio.gather(*self._resetting, return_exceptions=True)
        while self._idle:
            line = self._idle.pop()
            try:
                await line.raw.close(timeout=RESET_SECONDS_MAX)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                line.raw.terminate()
        for line in self._lent:
            line.raw.terminate()
