"""A server program that ends with whoever started it, however that ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

STOP_SECONDS_MAX = 20.0
_WITH_ITS_PARENT = """
import ctypes
import os, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: SIGKILL; kept across exec
    if os.getppid() != parent:
        sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Program(Protocol):
    """A server program, in a process or in a container of its own."""

    def start(self) -> None:
        """Start it; do not wait until it answers."""

    @property
    def lives(self) -> bool:
        """Whether it runs."""

    @property
    def last_words(self) -> str:
        """The end of what it wrote."""

    def stop(self, patience_seconds: float = STOP_SECONDS_MAX) -> None:
        """Ask it to end, and end it when it does not."""

    def kill(self) -> None:
        """End it at once, as a crash would."""


class Tethered:
    """One program; what it writes goes to a file. Start it from a thread that stays: Linux ties it to that thread."""

    def __init__(self, command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self._command, self._log, self._environment = list(command), log, environment
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; do not wait."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603 - a command of ours
                [sys.executable, "-I", "-S", "-c", _WITH_ITS_PARENT, str(os.getpid()), *self._command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self._environment,
                start_new_session=True,
            )  # fmt: skip

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._running.pid if self._running else 0

    @property
    def last_words(self) -> str:
        """The end of what it wrote."""
        return self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""

    def stop(self, patience_seconds: float = STOP_SECONDS_MAX) -> None:
        """Ask it to end, and end it when it does not."""
        self._end(signal.SIGTERM, patience_seconds)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL, STOP_SECONDS_MAX)

    def _end(self, number: int, patience_seconds: float) -> None:
        if self._running is None:
            return
        if self.lives:
            self._running.send_signal(number)
        try:
            self._running.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
