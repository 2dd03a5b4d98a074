"""The whole market in one process: every service's app, gRPC server and worker."""

import asyncio
import fcntl
import importlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from kernel.canonical import canonical
from kernel.hosting import Host
from market.complaints import FolderInUse
from market.front import Front
from market.ground import Ground
from market.postgres import stop_server
from market.roster import SERVICES
from market.starting import load_services
from market.trust_file import published_trust

HOST = "127.0.0.1"
OPERATOR_FILE = "operator.json"
TRUST_FILE = "trust.json"
START_SECONDS_MAX = 60


@dataclass
class Market:
    """A market that is open."""

    ground: Ground
    hosts: dict[str, Host]
    url: str
    operator: dict[str, str]

    @property
    def trust_path(self) -> Path:
        """The public keys of this market, to be pinned by whoever verifies."""
        return self.ground.data / TRUST_FILE

    async def settle(self, seconds: float = 30) -> None:
        """Wait until no outbox holds anything unsent and every consumer has read to the end."""
        ends_at = asyncio.get_running_loop().time() + seconds
        quiet = 0
        while quiet < 2:  # noqa: PLR2004 - twice in a row, since a reaction may tell something new
            waiting = [host for host in self.hosts.values() if not await host.worker.is_quiet()]
            quiet = 0 if waiting or any((await self.ground.bus.lags()).values()) else quiet + 1
            if asyncio.get_running_loop().time() > ends_at:
                return
            await asyncio.sleep(0.05)


def _lock(data: Path) -> TextIOWrapper:
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        message = f"another market runs on {data}; stop it first, or give another folder with --data"
        raise FolderInUse(message) from error
    return lock


def _lock_or_close(data: Path, door: socket.socket) -> TextIOWrapper:
    try:
        return _lock(data)
    except FolderInUse:
        door.close()
        raise


def stop_leftovers(data: Path) -> None:
    """A market that was killed leaves its PostgreSQL running; stop it, so that the folder can go."""
    _lock(data).close()
    folder = data / "postgres"
    if (folder / "postmaster.pid").exists():
        stop_server(folder)


def build_host(ground: Ground, name: str) -> Host:
    """One service on this ground."""
    given = ground.surroundings(name)
    return Host(importlib.import_module(f"{name}.bootstrap").build(given), given)


@asynccontextmanager
async def open_market(data: Path, *, port: int = 0, movable_clock: bool = False) -> AsyncIterator[Market]:
    """Open the market on a folder; port 0 takes any free one. Leaves nothing running behind."""
    door = _bound(port)
    lock = _lock_or_close(data, door)
    ground, _ = await asyncio.gather(Ground.open(data, movable_clock=movable_clock), asyncio.to_thread(load_services))
    tasks: list[asyncio.Task[None]] = []
    hosts: dict[str, Host] = {}
    try:
        hosts = {name: build_host(ground, name) for name in SERVICES}
        for host in hosts.values():  # one after the other: Alembic's context is one for the whole process
            await ground.migrate(host)
        await asyncio.gather(*(ground.prove(host) for host in hosts.values()))
        await asyncio.gather(*(ground.listen(host) for host in hosts.values()))
        operator = await _operator(ground.data, hosts["onboarding"])
        tasks += [asyncio.create_task(host.worker.run(), name=f"worker {name}") for name, host in hosts.items()]
        front = Front({name: host.service.app for name, host in hosts.items()})
        server = quiet_server(front, port)
        tasks.append(asyncio.create_task(server.serve(sockets=[door]), name="http"))
        await _started(server)
        market = Market(ground, hosts, f"http://{HOST}:{door.getsockname()[1]}", operator)
        await _write_trust(market)
        yield market
        server.should_exit = True
        await tasks.pop()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(host.close() for host in hosts.values()), return_exceptions=True)
        await ground.close()
        shutil.rmtree(ground.sockets, ignore_errors=True)
        door.close()
        lock.close()


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever runs the market."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def quiet_server(app: ASGIApp, port: int, host: str = HOST) -> uvicorn.Server:
    """An HTTP server that leaves signals alone and logs no requests."""
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, lifespan="off", timeout_keep_alive=60,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    return _Quiet(config)


def _bound(port: int) -> socket.socket:
    """The market's HTTP address, taken before anything is started."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((HOST, port))
    except OSError as error:
        door.close()
        message = f"port {port} is taken; give another with --port"
        raise FolderInUse(message) from error
    return door


async def _started(server: uvicorn.Server) -> None:
    async with asyncio.timeout(START_SECONDS_MAX):
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)


async def _operator(data: Path, onboarding: Host) -> dict[str, str]:
    """The first operator's credential: made at the first start, kept in a file that only the owner may read."""
    path = data / OPERATOR_FILE
    if not path.exists():
        made = {"client_id": f"cli_{secrets.token_hex(8)}", "client_secret": secrets.token_urlsafe(32)}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
    credential: dict[str, str] = json.loads(path.read_text())
    bootstrap = importlib.import_module("onboarding.bootstrap")
    await bootstrap.ensure_operator(onboarding.service.ports, credential["client_id"], credential["client_secret"])
    return credential


async def _write_trust(market: Market) -> None:
    """Keep the public keys that this market signs with in one file, which also is what verifiers pin."""
    trust = canonical(await asyncio.to_thread(published_trust, market.url))
    market.trust_path.write_bytes(trust)
