"""A market in a process of its own, as an operator would start it, and the time until it answers."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Opened:
    """Where the market answers, and how long it took to the first answer."""

    url: str
    seconds: float


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def yaosu(*arguments: str) -> list[str]:
    """The command as it is installed beside this Python."""
    return [sys.executable, "-m", "market.command", *arguments]


@contextmanager
def opened_market(data: Path) -> Iterator[Opened]:
    """``yaosu up`` on the folder, until the block ends."""
    port = free_port()
    environment = os.environ | {"YAOSU_MOVABLE_CLOCK": "1", "YAOSU_LOG_LEVEL": "ERROR"}
    began = time.perf_counter()
    process = subprocess.Popen(
        yaosu("up", "--data", str(data), "--port", str(port)), env=environment, stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield Opened(url, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    with httpx.Client() as http:
        while time.monotonic() < ends_at and process.poll() is None:
            try:
                if http.get(f"{url}/evidence/v1/checkpoint").status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return
            except httpx.TransportError:
                pass
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    message = f"the market on {url} does not answer"
    raise TimeoutError(message)
