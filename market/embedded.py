"""The whole market in one process: every service's app, gRPC server and worker."""

import asyncio
import importlib
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from kernel.hosting import Host
from market.doors import HOST, bound, has_started, lock_folder, lock_or_close, quiet_server
from market.files import TRUST_FILE
from market.first_operator import first_operator
from market.front import Front
from market.ground import Ground
from market.health import Ask, ask_all
from market.postgres import stop_server
from market.roster import SERVICES
from market.starting import load_services
from market.trust_file import keep_trust


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


def stop_leftovers(data: Path) -> None:
    """A market that was killed leaves its PostgreSQL running; stop it, so that the folder can go."""
    lock_folder(data).close()
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
    door = bound(port)
    lock = lock_or_close(data, door)
    ground, _ = await asyncio.gather(Ground.open(data, movable_clock=movable_clock), asyncio.to_thread(load_services))
    tasks: list[asyncio.Task[None]] = []
    hosts: dict[str, Host] = {}
    try:
        hosts = {name: build_host(ground, name) for name in SERVICES}
        for host in hosts.values():  # one after the other: Alembic's context is one for the whole process
            await ground.migrate(host)
        await asyncio.gather(*(ground.prove(host) for host in hosts.values()))
        await asyncio.gather(*(ground.listen(host) for host in hosts.values()))
        operator = await first_operator(ground.data, hosts["onboarding"])
        workers = {name: asyncio.create_task(host.worker.run(), name=f"worker {name}") for name, host in hosts.items()}
        tasks += workers.values()
        asks = {name: _asks(host, workers[name]) for name, host in hosts.items()}
        front = Front({name: host.service.app for name, host in hosts.items()}, partial(ask_all, asks))
        server = quiet_server(front, port)
        tasks.append(asyncio.create_task(server.serve(sockets=[door]), name="http"))
        await has_started(server)
        market = Market(ground, hosts, f"http://{HOST}:{door.getsockname()[1]}", operator)
        await keep_trust(data, market.url)
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


def _asks(host: Host, worker: "asyncio.Task[None]") -> Ask:
    """Whether a service's database answers and its worker runs."""

    async def ask() -> Mapping[str, Any]:  # Any: JSON values
        async with host.given.database.transaction() as conn:
            await conn.execute(text("SELECT 1"))
        if worker.done():
            message = "its worker has ended"
            raise RuntimeError(message)
        return {}

    return ask
