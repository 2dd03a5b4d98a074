"""Keeps processes running: starts them, hears what they write, starts them again when they end, ends them all."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from market.stack.forked import COMPLAINED, Task, run_forked

READ_BYTES = 64 * 1024
LINE_BYTES_MAX = 64 * 1024
BACK_OFF_SECONDS = (0.1, 10.0)  # the first wait, which doubles, and the longest
LASTED_SECONDS = 30.0  # a process that lived so long is started again at once
STOP_SECONDS_MAX = 15.0
LAST_WORDS_SECONDS = 1.0
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["market.stack.seed"])


@dataclass
class Kept:
    """One process that is kept running; each line that it writes is handed to ``heard``."""

    task: Task
    heard: Callable[[str], None]
    starts: int = 0
    last_code: int | None = None
    _process: ForkServerProcess | None = None
    _is_wanted: bool = True
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._process.pid if self._process is not None and self.last_code is None else None

    async def keep(self) -> None:
        """Run it until ``stop``; between two runs wait a little longer each time, unless it had lasted."""
        delay, longest = BACK_OFF_SECONDS
        while self._is_wanted:
            began = time.monotonic()
            code = await self.once()
            if not self._is_wanted:
                return
            delay = BACK_OFF_SECONDS[0] if time.monotonic() - began > LASTED_SECONDS else delay
            self.heard(f"ended with {code}; it is started again in {delay:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), delay)
            delay = min(delay * 2, longest)

    async def once(self) -> int:
        """Run it to its end; its exit code, or the signal that ended it with a minus before it."""
        reading, writing = _processes.Pipe(duplex=False)
        process = _processes.Process(target=run_forked, args=(self.task, writing), name=self.task.name)
        try:
            # In a thread, since the first of all waits until everything is loaded.
            await asyncio.to_thread(process.start)
        except (OSError, EOFError) as error:  # nothing can be forked from what did not load
            self.heard(f"cannot be started: {error or 'what it needs does not load'}")
            self.last_code = COMPLAINED
            return COMPLAINED
        finally:
            writing.close()
        self.starts, self.last_code, self._process = self.starts + 1, None, process
        if not self._is_wanted:
            process.terminate()
        hearing = asyncio.create_task(self._hear(reading))
        await _readable(process.sentinel)
        process.join()
        # What it had started itself may hold the pipe open a little longer than it lived.
        await asyncio.wait([hearing], timeout=LAST_WORDS_SECONDS)
        hearing.cancel()
        code = process.exitcode or 0
        self.last_code = code
        return code

    async def _hear(self, pipe: "Connection[bytes, bytes]") -> None:
        rest = b""
        while True:
            await _readable(pipe.fileno())
            data = os.read(pipe.fileno(), READ_BYTES)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._say(line)
            if not data or len(rest) > LINE_BYTES_MAX:
                self._say(rest)
                rest = b""
            if not data:
                return

    def _say(self, line: bytes) -> None:
        if line.strip():
            self.heard(line.decode(errors="replace").rstrip())

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        self._is_wanted = False
        self._wake.set()
        process = self._process
        if process is None or not process.is_alive():
            return
        process.terminate()
        try:
            await asyncio.wait_for(_readable(process.sentinel), STOP_SECONDS_MAX)
        except TimeoutError:
            self.heard(f"did not end within {STOP_SECONDS_MAX:.0f} s and was killed")
            process.kill()


async def _readable(descriptor: int) -> None:
    """Return when there is something to read, or nothing will ever be."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    own = os.dup(descriptor)  # a descriptor has one reader at most, and two may wait for the same process
    loop.add_reader(own, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(own)
        os.close(own)
