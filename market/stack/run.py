"""The stack: real servers, every service's API and worker in a process of its own, one port before them all."""

import asyncio
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from market.complaints import Complaint
from market.doors import HOST, bound, has_started, lock_or_close, quiet_server
from market.files import SERVERS_FILE, STACK_FILE
from market.front import Front
from market.health import Ask, PartHealth, ask_all
from market.roster import SERVICES
from market.stack.asking import asks, get
from market.stack.forked import COMPLAINED, Task
from market.stack.forwarding import Forwarder
from market.stack.logbook import Logbook
from market.stack.metrics import merged
from market.stack.supervisor import Kept
from market.trust_file import keep_trust

SERVERS, MIGRATION = "servers", "migration"
START_SECONDS_MAX = 180.0
SERVERS_SECONDS_MAX = 900.0  # the first time, Kafka's jars are fetched
POLL_SECONDS = 0.1


class StackDoesNotStart(Complaint):
    """A part of the stack does not come up; what it wrote says why."""


class OtherKindOfMarket(Complaint):
    """The folder holds a market of the other kind: its events and files lie where this kind does not look."""


@dataclass
class Stack:
    """Processes, how each is asked whether it is well, and where they write."""

    data: Path
    logbook: Logbook
    services: Sequence[str]
    ports: dict[str, int]
    sockets: Path
    parts: dict[str, Kept] = field(default_factory=dict)
    url: str = ""
    _keeping: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, task: Task) -> None:
        """Keep a process running from here on."""
        part = self.parts[task.name] = Kept(task, self.logbook.hears(task.name))
        self._keeping.append(asyncio.create_task(part.keep(), name=task.name))

    async def health(self) -> dict[str, PartHealth]:
        """What each part says when it is asked."""
        found = await ask_all({name: self._asks(name) for name in self.ports})
        return {name: PartHealth(one.is_ready, {**one.told, **self._told(name)}) for name, one in found.items()}

    def _told(self, name: str) -> dict[str, int | None]:
        part = self.parts.get(name)
        return {"pid": part.pid, "starts": part.starts, "port": self.ports[name]} if part else {}

    def _asks(self, name: str) -> Ask:
        service, _, kind = name.partition(" ")
        return asks(self.ports[name], f"/{service}/v1/health" if kind == "api" else "/health")

    async def numbers(self) -> str:
        """Prometheus text of all processes that answer."""
        paths = {f"{name} api": f"/{name}/v1/metrics" for name in self.services}
        paths |= {f"{name} worker": "/metrics" for name in self.services}
        found = await asyncio.gather(
            *(get(self.ports[name], path) for name, path in paths.items()), return_exceptions=True
        )
        return merged({name: one[1].decode() for name, one in zip(paths, found, strict=True) if isinstance(one, tuple)})

    async def are_well(self, names: Sequence[str], seconds: float = START_SECONDS_MAX) -> None:
        """Return once all these parts are; one that gives up with a complaint ends the waiting."""
        ends_at = asyncio.get_running_loop().time() + seconds
        while True:
            health = await ask_all({name: self._asks(name) for name in names})
            missing = [name for name, part in health.items() if not part.is_ready]
            if not missing:
                return
            for name in missing:
                if self.parts[name].last_code == COMPLAINED or asyncio.get_running_loop().time() > ends_at:
                    message = (
                        f"{name} does not start: {self.logbook.last_line(name)} (its log: {self.logbook.path(name)})"
                    )
                    raise StackDoesNotStart(message)
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """End the services first, then the servers under them."""
        await asyncio.gather(*(part.stop() for name, part in self.parts.items() if name != SERVERS))
        if SERVERS in self.parts:
            await self.parts[SERVERS].stop()
        await asyncio.gather(*self._keeping, return_exceptions=True)


@asynccontextmanager
async def open_stack(
    data: Path, logbook: Logbook, *, port: int = 0, services: Sequence[str] = SERVICES, without: Sequence[str] = ()
) -> AsyncIterator[Stack]:
    """Start everything and hand it over once all is well; leaves nothing running behind."""
    async with AsyncExitStack() as exits:
        door = bound(port)
        exits.callback(door.close)
        exits.callback(lock_or_close(data, door).close)
        _claim(data, without)
        sockets = Path(tempfile.mkdtemp(prefix="yaosu-"))  # short, since a socket's path has 107 bytes at most
        exits.callback(shutil.rmtree, sockets, ignore_errors=True)
        names = [SERVERS, *(f"{name} {kind}" for name in services for kind in ("api", "worker"))]
        ports = dict(zip(names, _free_ports(len(names)), strict=True))
        stack = Stack(data, logbook, services, ports, sockets)
        exits.push_async_callback(stack.stop)
        forwarders = {name: Forwarder(HOST, stack.ports[f"{name} api"]) for name in services}
        server = quiet_server(Front(forwarders, stack.health, stack.numbers), port)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        exits.push_async_callback(_end, server, serving, forwarders)
        await has_started(server)
        stack.url = f"http://{HOST}:{door.getsockname()[1]}"
        await _bring_up(stack, without)
        yield stack


async def _bring_up(stack: Stack, without: Sequence[str]) -> None:
    stack.start(Task(SERVERS, "market.stack.servers.hold_servers", (stack.data, without, stack.ports[SERVERS]), {}))
    await stack.are_well([SERVERS], SERVERS_SECONDS_MAX)
    peers = ",".join(f"{name}=unix:{stack.sockets / name}.sock" for name in SERVICES)
    told = json.loads((stack.data / SERVERS_FILE).read_text())
    await _migrate(stack, told["for_migrations"])
    environment = {**told["for_services"], "YAOSU_PEERS": peers}
    for name in stack.services:
        for kind, work in (("api", "serve_one"), ("worker", "work_one")):
            part = f"{name} {kind}"
            stack.start(Task(part, f"market.processes.{work}", (name, stack.data, stack.ports[part]), environment))
    await stack.are_well(list(stack.ports))
    if set(stack.services) == set(SERVICES):
        await keep_trust(stack.data, stack.url)


async def _migrate(stack: Stack, environment: Mapping[str, str]) -> None:
    heard = stack.logbook.hears(MIGRATION)
    task = Task(MIGRATION, "market.processes.migrate", (list(stack.services), stack.data), environment)
    process = Kept(task, heard)
    try:
        code = await process.once()
    finally:
        await process.stop()
    if code:
        message = f"the databases cannot be brought to date: {stack.logbook.last_line(MIGRATION)}"
        raise StackDoesNotStart(message)


def _claim(data: Path, without: Sequence[str]) -> None:
    """A folder stays a market of one kind, on the servers that it was made with."""
    made = {"format": 1, "without": sorted(without)}
    if (data / STACK_FILE).exists():
        if json.loads((data / STACK_FILE).read_bytes()) != made:
            message = f"{data} was made with other servers; say --without as then, or give another folder with --data"
            raise OtherKindOfMarket(message)
        return
    if (data / "postgres").exists() or (data / "keys").exists():
        message = f"{data} holds an embedded market (make up); give another folder with --data"
        raise OtherKindOfMarket(message)
    (data / STACK_FILE).write_text(json.dumps(made))


def _free_ports(number: int) -> list[int]:
    """Ports that nobody uses now; held together until all are found, so that they differ."""
    doors = [socket.socket() for _ in range(number)]
    try:
        for door in doors:
            door.bind((HOST, 0))
        return [int(door.getsockname()[1]) for door in doors]
    finally:
        for door in doors:
            door.close()


async def _end(server: uvicorn.Server, serving: asyncio.Task[None], forwarders: Mapping[str, Forwarder]) -> None:
    server.should_exit = True
    await serving
    for forwarder in forwarders.values():
        forwarder.close()
