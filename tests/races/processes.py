"""Several processes of the same services: a stack, second APIs beside it, and callers who come by either."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from market.demo.client import Actor, Door
from market.files import SERVERS_FILE
from market.roster import SERVICES
from tests.market.process import Process, free_port
from tests.promises.stack_world import StackWorld, open_stack_world
from tests.promises.workload import Workload

TWICE = ("trading", "rights", "pledge")
CONNECTIONS = 32
TIMEOUT_SECONDS = 60.0


class Besides(httpx.AsyncHTTPTransport):
    """Goes to the second process of a service that has one."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        super().__init__(limits=httpx.Limits(max_connections=CONNECTIONS))
        self._ports = ports

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on."""
        port = self._ports.get(request.url.path.split("/")[1])
        if port is not None:
            request.url = request.url.copy_with(port=port)
        return await super().handle_async_request(request)


@dataclass
class Several:
    """The tenants, and for each a twin who comes by the other processes."""

    world: StackWorld
    workload: Workload
    other: Door

    def both(self, *names: str) -> list[Actor]:
        """Each of these people by one door, then each by the other."""
        ones = [self.workload.stage[name] for name in names]
        others = [copy.copy(one) for one in ones]
        for actor in others:
            actor.door = self.other
        return ones + others


@asynccontextmanager
async def several(data: Path, seed: int) -> AsyncIterator[Several]:
    """Start everything; the cast is admitted."""
    folder = data.with_name("tmp")
    folder.mkdir(mode=0o700)
    async with AsyncExitStack() as stack:
        # Where the stack makes its sockets, so that the second processes find the others.
        world = await stack.enter_async_context(open_stack_world(data, seed, {"TMPDIR": str(folder)}))
        (sockets,) = folder.glob("yaosu-*")
        ports = {}
        for name in TWICE:
            second = _second(world, name, sockets)
            stack.callback(second.kill)
            second.start()
            ports[name] = second.port
            await asyncio.to_thread(second.answers, f"/{name}/v1/health", TIMEOUT_SECONDS * 2)
        door = await stack.enter_async_context(world.door())
        other = await stack.enter_async_context(world.door(lambda _line: Besides(ports)))
        workload = Workload(door, data.with_name("papers"), world.operator, seed)
        await workload.open(medical=False)
        yield Several(world, workload, other)


def _second(world: StackWorld, name: str, sockets: Path) -> Process:
    port = free_port()
    process = Process(
        ["serve", name, "--data", str(world.data), "--port", str(port)], world.data.with_name(f"second-{name}"), port
    )
    told = json.loads((world.data / SERVERS_FILE).read_text())["for_services"]
    peers = ",".join(f"{one}=unix:{sockets / one}.sock" for one in SERVICES)
    process.settings |= {**world.market.settings, **told, "YAOSU_PEERS": peers}
    process.settings["YAOSU_GRPC_LISTEN"] = f"unix:{sockets / name}-2.sock"
    return process
