"""What every process of a market has: its folder and port to itself, an HTTP server behind it, and an end."""

import asyncio
import fcntl
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from market.complaints import FolderInUse

HOST = "127.0.0.1"
START_SECONDS_MAX = 60


def lock_folder(data: Path) -> TextIOWrapper:
    """Hold the folder, for as long as what is returned stays open."""
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        message = f"another market runs on {data}; stop it first, or give another folder with --data"
        raise FolderInUse(message) from error
    return lock


def lock_or_close(data: Path, door: socket.socket) -> TextIOWrapper:
    """Hold the folder, or let go of the port too."""
    try:
        return lock_folder(data)
    except FolderInUse:
        door.close()
        raise


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever runs the market."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def quiet_server(app: ASGIApp, port: int, host: str = HOST, *, behind_proxy: bool = False) -> uvicorn.Server:
    """An HTTP server that leaves signals alone, logs no requests, and believes forwarded names only behind a proxy."""
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, lifespan="off", timeout_keep_alive=60,
        timeout_graceful_shutdown=5, proxy_headers=behind_proxy,
    )  # fmt: skip
    return _Quiet(config)


def bound(port: int) -> socket.socket:
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


async def has_started(server: uvicorn.Server) -> None:
    """Return once it answers."""
    async with asyncio.timeout(START_SECONDS_MAX):
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)


def told_to_stop() -> asyncio.Event:
    """Set by a signal; made first, so that a process which is told to stop while it starts also ends cleanly."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
