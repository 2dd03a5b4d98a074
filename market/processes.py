"""One service in a process of its own: its servers, its worker, or its migration."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from kernel.worker_view import WorkerView
from market.doors import HOST, quiet_server, told_to_stop
from market.embedded import build_host
from market.first_operator import first_operator
from market.ground import Ground
from market.starting import end_start

ADDRESSES_SETTING = "YAOSU_PEERS"
log = structlog.get_logger()


def _addresses() -> dict[str, str]:
    """``YAOSU_PEERS``: ``rights=127.0.0.1:9003,catalog=unix:/run/x.sock``; else sockets in the data folder."""
    pairs = [pair for pair in os.environ.get(ADDRESSES_SETTING, "").split(",") if pair]
    return dict(pair.split("=", 1) for pair in pairs)


async def _ground(name: str, data: Path) -> Ground:
    movable = os.environ.get("YAOSU_MOVABLE_CLOCK") == "1"
    return await Ground.open(
        data, movable_clock=movable, sockets=data / "sockets", addresses=_addresses(), service=name
    )


async def serve_one(name: str, data: Path, port: int, at: str = HOST) -> None:
    """HTTP and gRPC until the process is told to stop."""
    stopped = told_to_stop()
    ground = await _ground(name, data)
    host = build_host(ground, name)
    await ground.prove(host)
    await ground.listen(host)
    server = quiet_server(host.service.app, port, at, behind_proxy=True)
    serving = asyncio.create_task(server.serve())
    end_start()
    log.info("serving", service=name, port=port)
    try:
        await stopped.wait()
        server.should_exit = True
        await serving
    finally:
        await host.close()
        await ground.close()


async def work_one(name: str, data: Path, port: int = 0, at: str = HOST) -> None:
    """Relay, reactions and jobs until the process is told to stop; on the port, if any, its health and numbers."""
    stopped = told_to_stop()
    ground = await _ground(name, data)
    host = build_host(ground, name)
    await ground.prove(host)
    working = asyncio.create_task(host.worker.run())
    server = quiet_server(WorkerView(host.worker), port, at)
    showing = asyncio.create_task(server.serve()) if port else None
    end_start()
    log.info("working", service=name)
    try:
        await stopped.wait()
    finally:
        if showing is not None:
            server.should_exit = True
            await showing
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await host.close()
        await ground.close()


async def migrate(names: Sequence[str], data: Path) -> None:
    """The services' databases at their newest form; with onboarding's, the first operator."""
    ground = await _ground(names[0] if len(names) == 1 else "", data)
    try:
        for name in names:
            host = build_host(ground, name)
            try:
                await ground.migrate(host)
                if name == "onboarding":
                    await first_operator(data, host)
            finally:
                await host.close()
    finally:
        await ground.close()
