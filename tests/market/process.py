"""A market in a process of its own, as an operator would start it; it can be stopped, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from market.embedded import stop_leftovers
from tools.survey import ROOT

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02
TAIL_CHARACTERS = 4000
SOURCES = (ROOT, ROOT / "services", ROOT / "generated")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def yaosu(*arguments: str) -> list[str]:
    """The command as it is installed beside this Python."""
    return [sys.executable, "-m", "market.command", *arguments]


def environment(home: Path) -> dict[str, str]:
    """Sources to import, and a home of its own, so that no trust file of the user is touched."""
    home.mkdir(parents=True, exist_ok=True)
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, SOURCES)), "HOME": str(home), "XDG_CONFIG_HOME": str(home),
        "YAOSU_MOVABLE_CLOCK": "1", "YAOSU_LOG_LEVEL": "INFO",
    }  # fmt: skip


def run(home: Path, *arguments: str, seconds: float = PATIENCE_SECONDS) -> "subprocess.CompletedProcess[str]":
    """One command to its end, in the folder that holds its home."""
    return subprocess.run(
        yaosu(*arguments),
        env=environment(home),
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def folder_for_a_market() -> Iterator[Path]:
    """A folder to put a market into, with nothing left running at the end.

    pytest's own folders will not do: where root runs the tests, PostgreSQL runs under a user of its own, and every
    pytest that starts bars that user anew from what lies in them.
    """
    with tempfile.TemporaryDirectory(prefix="yaosu-market-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "market"
        try:
            yield data
        finally:
            stop_leftovers(data)


@dataclass
class Process:
    """``yaosu up`` (or another command that stays) and what it wrote."""

    arguments: list[str]
    home: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    _running: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @classmethod
    def market(cls, data: Path) -> "Process":
        """The whole market on the folder."""
        port = free_port()
        return cls(["up", "--data", str(data), "--port", str(port)], data.with_name(f"{data.name}-home"), port)

    @classmethod
    def stack(cls, data: Path) -> "Process":
        """The same market as processes of their own: each service's API and worker."""
        port = free_port()
        return cls(["stack", "--data", str(data), "--port", str(port)], data.with_name(f"{data.name}-home"), port)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def written(self) -> str:
        """The end of what it wrote, over all its runs."""
        log = self.home / "log"
        return log.read_text(errors="replace")[-TAIL_CHARACTERS:] if log.exists() else ""

    def start(self) -> None:
        """Start it; do not wait."""
        with (self.home_made() / "log").open("ab") as log:
            self._running = subprocess.Popen(
                yaosu(*self.arguments), env=environment(self.home) | self.settings, stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

    def home_made(self) -> Path:
        """Its home."""
        self.home.mkdir(parents=True, exist_ok=True)
        return self.home

    def answers(self, path: str, seconds: float = PATIENCE_SECONDS) -> float:
        """Wait until the path answers 200; how long that took."""
        began = time.perf_counter()
        with httpx.Client() as http:
            while time.perf_counter() - began < seconds and self.lives():
                try:
                    if http.get(f"{self.url}{path}").status_code == httpx.codes.OK:
                        return time.perf_counter() - began
                except httpx.TransportError:
                    pass
                self._wait_a_little()
        message = f"{self.url}{path} does not answer; {' '.join(self.arguments)} wrote: {self.written}"
        raise TimeoutError(message)

    def shows(self, line: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until its numbers for Prometheus hold the line."""
        ends_at = time.perf_counter() + seconds
        while line not in httpx.get(f"{self.url}/metrics").raise_for_status().text:
            if time.perf_counter() > ends_at:
                message = f"{' '.join(self.arguments)} does not show {line}; it wrote: {self.written}"
                raise TimeoutError(message)
            self._wait_a_little()

    def says(self, words: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until it has written the words."""
        ends_at = time.perf_counter() + seconds
        while words not in self.written:
            if time.perf_counter() > ends_at or not self.lives():
                message = f"{' '.join(self.arguments)} does not say {words}; it wrote: {self.written}"
                raise TimeoutError(message)
            self._wait_a_little()

    def _wait_a_little(self) -> None:
        try:
            self.process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            return

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process that was started last."""
        assert self._running is not None, "start it first"
        return self._running

    def lives(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    def kill(self) -> None:
        """End it as a power cut would; PostgreSQL survives."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def kill_all(self) -> None:
        """End it and all that it started, at once."""
        whole = psutil.Process(self.process.pid)
        doomed = [whole, *whole.children(recursive=True)]
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(PATIENCE_SECONDS)
        psutil.wait_procs(doomed, PATIENCE_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)
