"""One service's database: its pool, and the connection that listens."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kernel.connection import Connection
from kernel.gathering import COMMITS_TOGETHER_MAX
from kernel.pool import Pool, Raw

POOL_CONNECTIONS = 8
STATEMENT_TIMEOUT_MILLISECONDS = 30_000


class Database:
    """One database; ``url`` is a SQLAlchemy URL with the asyncpg driver, ``role`` whom to act as."""

    def __init__(
        self, url: str, *, name: str, pool_connections: int = POOL_CONNECTIONS, role: str = "",
        commits_together: int = COMMITS_TOGETHER_MAX,
    ) -> None:  # fmt: skip
        self.name = name
        self.url = make_url(url)
        self.pool = Pool(self._connect, pool_connections, commits_together)
        self._settings = {
            "application_name": f"yaosu-{name}",
            "statement_timeout": str(STATEMENT_TIMEOUT_MILLISECONDS),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
            "jit": "off",
            **({"role": role} if role else {}),
        }
        # For Alembic, which wants an engine; everything else goes through the pool.
        self.engine: AsyncEngine = create_async_engine(
            self.url, pool_size=1, connect_args={"server_settings": self._settings}
        )

    async def _connect(self) -> Raw:
        connection = await self._open(self._settings)
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(kind, schema="pg_catalog", encoder=str, decoder=json.loads)
        return connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction that commits at the end of the block."""
        conn = Connection(self.pool)
        clean = False
        try:
            yield conn
            await conn.commit()
            clean = True
        except Exception:
            await conn.rollback()
            clean = True
            raise
        finally:
            conn.close(clean=clean)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Connection]:
        """A connection for statements each of which is a transaction by itself: one round trip instead of three."""
        yield Connection(self.pool, alone=True)

    async def dedicated(self) -> Raw:
        """A connection outside the pool, for leases and for listening; the caller closes it."""
        return await self._open({"application_name": f"yaosu-{self.name}-lease"})

    async def _open(self, settings: dict[str, str]) -> Raw:
        query = dict(self.url.query)
        arguments: dict[str, Any] = {  # Any: asyncpg's keyword arguments
            "user": self.url.username,
            "database": self.url.database,
            "host": query.get("host", self.url.host),
            "server_settings": settings,
        }
        if self.url.password:
            arguments["password"] = self.url.password
        if self.url.port or "port" in query:
            arguments["port"] = self.url.port or int(str(query["port"]))
        connection: Raw = await asyncpg.connect(**arguments)
        return connection

    async def close(self) -> None:
        """Give all connections back."""
        await self.pool.close()
        await self.engine.dispose()


# SQLSTATE classes and codes that tell of the server's state, not of the statement: connection lost, no room left,
# shutting down; serialisation failure, deadlock, lock not had, cancelled by a timeout.
_AWAY_CLASSES = ("08", "53", "57P", "58")
_AWAY_CODES = frozenset({"40001", "40P01", "55P03", "57014"})


def is_away(error: BaseException) -> bool:
    """Whether the same statement may well succeed a little later: the database is away, full or busy.

    A connection that cannot be made fails with asyncpg's own errors, one that breaks with SQLAlchemy's.
    """
    if isinstance(error, (OSError, PoolTimeout, InterfaceError, OperationalError, asyncpg.InterfaceError)):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = getattr(getattr(error, "orig", error), "sqlstate", "") or ""
    return code in _AWAY_CODES or code.startswith(_AWAY_CLASSES)


class Bell:
    """Rings when a PostgreSQL channel is notified; waiting has a limit, so a lost notice costs only time."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self, *_: object) -> None:
        """Wake whoever waits."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when rung, or after so many seconds."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._rung.clear()


async def listen(database: Database, channel: str, heard: Callable[..., None]) -> Raw:
    """A connection on which ``heard`` is called at each notice; the caller closes it."""
    connection = await database.dedicated()
    await connection.add_listener(channel, heard)
    return connection
