"""The world of a run: a market whose every link passes a fault proxy, on a PostgreSQL that can be killed."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from sqlalchemy import text

from kernel.crash_points import SETTING as CRASH_SETTING
from kernel.objects import FolderStore, ObjectStore
from kernel.s3_store import S3Address, S3Store
from market.demo.client import Door
from market.files import LOGS_FOLDER, OPERATOR_FILE
from market.postgres import Server, start_postgres
from tests.market.process import Process
from tests.promises.history import History, Remembering
from tests.promises.proxy import Proxy

HTTP_TIMEOUT_SECONDS = 15.0
CONNECTIONS = 32
S3_SETTING = "YAOSU_S3"
Between = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
SECRET_FILE = Path("keys") / "databases.key"


@dataclass
class World:
    """A market that runs. ``database`` is its link to PostgreSQL, ``front`` that of the clients to it."""

    data: Path
    postgres: Server
    database: Proxy
    front: Proxy
    market: Process
    history: History
    kills: dict[str, int] = field(default_factory=dict)
    _stores: dict[str, S3Store] = field(default_factory=dict)

    @property
    def server(self) -> Server:
        """The databases, reached past the proxy."""
        return Server(self.postgres.admin, (self.data / SECRET_FILE).read_bytes())

    def objects_of(self, service: str) -> ObjectStore:
        """The files that a service keeps, in S3 where the market has one."""
        if S3_SETTING not in self.market.settings:
            return FolderStore(self.data / "objects")
        if service not in self._stores:
            self._stores[service] = S3Store(S3Address.of(self.market.settings[S3_SETTING]), service)
        return self._stores[service]

    @property
    def operator(self) -> dict[str, str]:
        """The market operator's credential."""
        credential: dict[str, str] = json.loads((self.data / OPERATOR_FILE).read_text())
        return credential

    @asynccontextmanager
    async def door(self, between: Between | None = None) -> AsyncIterator[Door]:
        """A way in for clients, on which everything asked and heard is written down; ``between``: what stands there."""
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        line: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(limits=limits)
        way = Remembering(between(line) if between else line, self.history)
        url = f"http://127.0.0.1:{self.front.port}"
        async with httpx.AsyncClient(base_url=url, timeout=HTTP_TIMEOUT_SECONDS, transport=way) as http:
            yield Door(http)

    async def start_market(self, crash_at: str = "") -> None:
        """Start it, set to die at a crash point if one is named; do not wait."""
        self.market.settings[CRASH_SETTING] = crash_at
        await asyncio.to_thread(self.market.start)

    async def answers(self) -> None:
        """Wait until the market answers."""
        await asyncio.to_thread(self.market.answers, "/onboarding/v1/health")

    async def dies_within(self, seconds: float) -> bool:
        """Wait for the market's death, at most so long; whether it came."""
        try:
            await asyncio.to_thread(self.market.process.wait, seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def failed_requests(self) -> list[str]:
        """What the market wrote about requests that failed by a fault of its own."""
        logs = [self.market.home / "log", *(self.data / LOGS_FOLDER).glob("*.log")]
        lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
        return [line[:600] for line in lines if "request failed" in line]

    async def kill_market(self) -> None:
        """As a power cut would."""
        self._count("market")
        await asyncio.to_thread(self.market.kill)

    async def kill_postgres(self) -> None:
        """Kill every process of the server at once, and start it again."""
        self._count("postgres")
        own = self.postgres.stop
        assert own is not None
        postmaster = psutil.Process(own.get_pid())
        doomed = [postmaster, *postmaster.children(recursive=True)]
        for process in doomed:
            process.kill()
        await asyncio.to_thread(psutil.wait_procs, doomed, 20)
        self.database.reset()
        await asyncio.to_thread(own.ensure_postgres_running)

    async def postgres_stands(self) -> None:
        """Start the server again if it gave up, as whatever supervises it would."""
        own = self.postgres.stop
        assert own is not None
        await asyncio.to_thread(own.ensure_postgres_running)

    async def change(self, name: str, statement: str, **values: str) -> None:
        """Do something to a database behind its service's back."""
        database = self.server.as_owner(name)
        try:
            async with database.transaction() as conn:
                await conn.execute(text(statement), values)
        finally:
            await database.close()

    def _count(self, what: str) -> None:
        self.kills[what] = self.kills.get(what, 0) + 1

    async def heal(self) -> None:
        """No fault any more: the links are whole, and the market runs with no crash point armed."""
        self.database.heal()
        self.front.heal()
        if self.market.lives() and self.market.settings.get(CRASH_SETTING):
            await asyncio.to_thread(self.market.kill)
        if not self.market.lives():
            await self.start_market()
        await self.answers()


@asynccontextmanager
async def open_world(data: Path, seed: int, settings: dict[str, str] | None = None) -> AsyncIterator[World]:
    """Start everything on the folder; nothing is left running."""
    postgres = await start_postgres(data.with_name("postgres"), b"")
    async with AsyncExitStack() as stack:
        stack.callback(postgres.close)
        socket = Path(str(postgres.admin.query["host"])) / ".s.PGSQL.5432"
        database = await stack.enter_async_context(Proxy(socket, seed))
        market = Process.market(data)
        market.settings |= settings or {}
        address = postgres.admin.difference_update_query(["host"]).set(host="127.0.0.1", port=database.port)
        market.settings["YAOSU_DATABASE_URL"] = address.render_as_string(hide_password=False)
        front = await stack.enter_async_context(Proxy(("127.0.0.1", market.port), seed + 1))
        world = World(data, postgres, database, front, market, History(data.with_name("history")))
        stack.push_async_callback(_end, market)
        await world.start_market()
        await world.answers()
        yield world


@contextmanager
def told_here(name: str, value: str) -> Iterator[None]:
    """Let this process know it too, since the verdict looks where the market looks."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


async def _end(market: Process) -> None:
    if market.lives():
        await asyncio.to_thread(market.kill)
