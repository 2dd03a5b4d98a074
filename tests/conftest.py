"""What tests stand on: a real PostgreSQL, and any one service on a database of its own."""

import asyncio
import importlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import asyncpg
import httpx
import pytest
from google.protobuf import symbol_database
from google.protobuf.message import Message
from sqlalchemy import text

from kernel.bus import Bus, PostgresBus
from kernel.callers import Caller
from kernel.clock import business_now, set_clock
from kernel.database import Database
from kernel.grants import BUS_GRANTS, apply_grants, whole
from kernel.hosting import Host, Service, Surroundings
from kernel.ids import new_id
from kernel.migrations import migrate
from kernel.objects import FolderStore
from kernel.rpc import Peer
from kernel.sealing import Sealer
from kernel.signatures import new_key, public_jwk
from kernel.tokens import ServiceKeys, TokenVerifier, market_token
from kernel.told import Told
from market.backends.chosen import start_kafka, start_postgres, start_seaweed
from market.backends.kafka import Kafka
from market.backends.seaweed import Seaweed
from market.complaints import Complaint
from market.postgres import Server, password_of
from tests.scheduling import pytest_collection_modifyitems as pytest_collection_modifyitems  # noqa: PLC0414 - hooks
from tests.scheduling import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler  # noqa: PLC0414 - hooks

ROUNDS_MAX = 100


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for the whole run; it need not survive a power cut, so it does not wait for the disk."""
    with tempfile.TemporaryDirectory(prefix="yaosu-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            server = asyncio.run(_start(Path(folder)))
        except Complaint as error:
            need("PostgreSQL", error)
        yield server
        server.close()


async def _start(folder: Path) -> Server:
    server = await start_postgres(folder / "postgres", b"tests")
    connection = await server.connect()
    for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    return server


def need(name: str, error: Exception) -> NoReturn:
    """A real server that cannot be had is skipped by name; where all are required, that is a failure."""
    if os.environ.get("YAOSU_REQUIRE_BACKENDS") == "1":
        pytest.fail(f"{name} is required and cannot be had: {error}", pytrace=False)
    pytest.skip(f"without {name}: {error}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A real broker for the whole run."""
    with asyncio.Runner() as runner:
        try:
            starting = start_kafka(tmp_path_factory.mktemp("kafka"))
            broker = runner.run(starting.__aenter__())
        except Complaint as error:
            need("Kafka", error)
        try:
            yield broker
        finally:
            runner.run(starting.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A real object store for the whole run."""
    with asyncio.Runner() as runner:
        try:
            starting = start_seaweed(tmp_path_factory.mktemp("s3"))
            store = runner.run(starting.__aenter__())
        except Complaint as error:
            need("S3", error)
        try:
            yield store
        finally:
            runner.run(starting.__aexit__(None, None, None))


class Databases:
    """Fresh databases, cloned from a template that is migrated once for each service and granted to its role."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._templates: set[str] = set()

    async def _run(self, statement: str) -> None:
        connection = await self._server.connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def url(self, name: str) -> str:
        """The administrator's address of a database."""
        return self._server.admin.set(drivername="postgresql+asyncpg", database=name).render_as_string(
            hide_password=False
        )

    def url_of_role(self, service: str, name: str) -> str:
        """The same database under the role that the service has in production."""
        url = self._server.admin.set(drivername="postgresql+asyncpg", database=name)
        role = f"yaosu_{service}"
        return url.set(username=role, password=password_of(role, b"tests")).render_as_string(hide_password=False)

    async def fresh(self, service: str, migrations: Path) -> str:
        """The name of a new database of the service's newest form."""
        template = f"template_{service}_{secrets.token_hex(2)}"
        known = next((name for name in self._templates if name.startswith(f"template_{service}_")), None)
        if known is None:
            await self._run(f"CREATE DATABASE {template}")
            database = Database(self.url(template), name=service)
            await migrate(database.engine, migrations)
            await PostgresBus(database).create()
            role = f"yaosu_{service}"
            with suppress(asyncpg.DuplicateObjectError):  # another run's tests on the same server made it
                await self._run(f"CREATE ROLE {role} LOGIN PASSWORD '{password_of(role, b'tests')}'")
            grants = importlib.import_module(f"{service}.bootstrap").GRANTS
            await apply_grants(database.engine, f"yaosu_{service}", {**whole(grants), **BUS_GRANTS})
            await database.close()
            self._templates.add(template)
            known = template
        name = f"test_{service}_{secrets.token_hex(6)}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {known}")
        await self._run(
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO yaosu_{service}"
        )
        return name

    async def empty(self, name: str) -> None:
        """A database without anything in it."""
        await self._run(f"CREATE DATABASE {name}")

    async def drop(self, name: str) -> None:
        """Throw a database away."""
        await self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def databases(postgres: Server) -> Databases:
    """Fresh databases on the run's server."""
    return Databases(postgres)


class TestClock:
    """Business time of the service under test."""

    __test__ = False

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self) -> datetime:
        """Business time."""
        return await business_now(self._database)

    async def advance(self, **by: float) -> None:
        """Move it forward by a ``timedelta``."""
        await self.set(await self.now() + timedelta(**by))

    async def set(self, at: datetime) -> None:
        """Let it be this moment (the first setting may lie in the past)."""
        async with self._database.transaction() as conn:
            machine = await conn.scalar(text("SELECT now()"))
        await set_clock(self._database, at, machine, movable=True)


class Running:
    """One service, as a test meets it: its HTTP door, its ports, its clock, what it told."""

    def __init__(self, service: Service, given: Surroundings, bus: Bus, key: Any, behind_its_back: Database) -> None:
        self.service, self.ports = service, service.ports
        self.host = Host(service, given)
        self.database, self.clock = given.database, TestClock(given.database)
        # The service works as its own role; what a test plants, or looks at, it does as the administrator.
        self.given = replace(given, database=behind_its_back)
        self._bus, self._key = bus, key
        self._versions: dict[tuple[str, str], int] = {}
        self._stack = AsyncExitStack()

    def client_for(self, party_id: str = "", *roles: str, subject_id: str = "") -> httpx.AsyncClient:
        """A client with a real token (without a party: with none); it makes an Idempotency-Key where none is given."""
        headers = {}
        if party_id:
            caller = Caller(party_id, subject_id or f"{party_id}-person", frozenset(roles))
            headers["Authorization"] = f"Bearer {market_token(caller, self._key, 'test')}"

        async def give_key(request: httpx.Request) -> None:
            if request.method in {"POST", "PUT"} and "idempotency-key" not in request.headers:
                request.headers["Idempotency-Key"] = secrets.token_hex(8)

        transport = httpx.ASGITransport(self.service.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url=f"http://market/{self.service.name}/v1", headers=headers,
            event_hooks={"request": [give_key]}, timeout=60,
        )  # fmt: skip

    async def hear(self, event: Message, *, about: str, deposit: bytes | None = None) -> None:
        """Let another service tell this event, and wait until it is heard."""
        topic = event.DESCRIPTOR.full_name.rsplit(".", 1)[0]
        version = self._versions[topic, about] = self._versions.get((topic, about), 0) + 1
        told = Told(
            topic, new_id("evt"), about, version, event.DESCRIPTOR.full_name, event.SerializeToString(),
            await self.clock.now(), deposit,
        )  # fmt: skip
        await self._bus.publish(topic, [told])
        await self.drain()

    async def drain(self) -> None:
        """Relay, hear and run the jobs until nothing moves."""
        for _ in range(ROUNDS_MAX):
            if not await self.host.worker.drain():
                return
        message = "the service never comes to rest"
        raise AssertionError(message)

    async def told(self) -> list[Message]:
        """All events that the service told, in order."""
        async with self.database.transaction() as conn:
            rows = (await conn.execute(text("SELECT type, payload FROM outbox ORDER BY id"))).all()
        events = []
        for row in rows:
            event = symbol_database.Default().GetSymbol(row.type)()
            event.ParseFromString(row.payload)
            events.append(event)
        return events

    async def violations(self) -> list[str]:
        """What the service's own checkers find."""
        found = []
        async with self.database.transaction() as conn:
            for checker in self.service.checkers:
                found += [f"{checker.promise}: {line}" for line in await checker.find(conn)]
        return found

    async def dead_letters(self) -> list[str]:
        """The causes of the parked events."""
        async with self.database.transaction() as conn:
            return list((await conn.scalars(text("SELECT type || ': ' || cause FROM dead_letters"))).all())


StartService = Callable[..., Awaitable[Running]]


@pytest.fixture
async def service(databases: Databases, tmp_path: Path) -> AsyncIterator[StartService]:
    """Start any one service on a database of its own, with the named ports replaced."""
    stack = AsyncExitStack()

    async def start(name: str, *, over: Bus | None = None, **ports: object) -> Running:
        bootstrap = importlib.import_module(f"{name}.bootstrap")
        folder = Path(importlib.import_module(name).__path__[0])
        database_name = await databases.fresh(name, folder / "migrations")
        stack.push_async_callback(databases.drop, database_name)
        database = Database(databases.url_of_role(name, database_name), name=name)
        stack.push_async_callback(database.close)
        behind_its_back = Database(databases.url(database_name), name=name, pool_connections=2)
        stack.push_async_callback(behind_its_back.close)
        bus = over or PostgresBus(Database(databases.url(database_name), name="bus", pool_connections=2))
        stack.push_async_callback(bus.close)
        key = new_key()

        async def jwks() -> dict[str, Any]:
            return {"keys": [{**public_jwk(key), "kid": "test"}]}

        given = Surroundings(
            name=name, database=database, bus=bus, objects=FolderStore(tmp_path / "objects"),
            sealer=Sealer.from_file(tmp_path / f"{name}.key"), keys=ServiceKeys(tmp_path / "keys", name),
            tokens=TokenVerifier(jwks), peers=_nobody, scratch=tmp_path / "scratch", movable_clock=True,
        )  # fmt: skip
        given.scratch.mkdir(exist_ok=True)
        built: Service = bootstrap.build(given)
        given.tokens.fetch = jwks
        for port, fake in ports.items():
            assert hasattr(built.ports, port), f"{name} has no port {port}"
            object.__setattr__(built.ports, port, fake)
        for close in built.closing:
            stack.push_async_callback(close)
        return Running(built, given, bus, key, behind_its_back)

    async with stack:
        yield start


class _Nobody(Peer):
    """Stands where a test forgot to hand in a fake."""

    def __init__(self, name: str) -> None:
        self.name = name

    def stub(self, stub: Any) -> Any:
        return stub(_Channel())

    async def call(self, method: Any, request: object, *, deadline_seconds: float = 0) -> Any:
        message = f"this test gives no fake for the port that calls {self.name}"
        raise AssertionError(message)


class _Channel:
    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def _nobody(name: str) -> Peer:
    return _Nobody(name)
