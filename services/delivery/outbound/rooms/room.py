"""One room as its owner sees it: a process of its own, asked over pipes, killed when it is late."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from pathlib import Path
from typing import Any

import structlog

from delivery.domain.refusals import RoomUnavailable, VersionNotConforming

PROGRAM = Path(__file__).with_name("process.py")
LINE_BYTES_MAX = 64 * 1024 * 1024
# Failures of this machine, not of the version: DuckDB's and Python's names for a file or memory not to be had.
OURS_TO_MEND = {"IOException", "OutOfMemoryException", "MemoryError", "OSError"}
log = structlog.get_logger()


class RoomLost(Exception):  # noqa: N818 - not an error of the caller: another room is opened
    """The process died or was late, and was killed."""


class Room:
    """A running process. Questions may be asked by many at once; answers come in the order of questions."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise RoomLost
        self._process, self._asking, self._answers = process, process.stdin, process.stdout
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._reader = asyncio.create_task(self._read())
        self.lost = False

    @classmethod
    async def start(cls) -> "Room":
        """A fresh Python in a session of its own, without any of our environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-B", str(PROGRAM),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"}, cwd="/", start_new_session=True, limit=LINE_BYTES_MAX,
        )  # fmt: skip
        return cls(process)

    @property
    def pid(self) -> int:
        """The process, for whoever watches it."""
        return self._process.pid

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._waiting)

    async def ask(self, question: str, timeout_seconds: float, **facts: Any) -> Any:  # Any: JSON values
        """The answer; a room that is late is killed with everybody who waits in it."""
        if self.lost:
            raise RoomLost
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._asking.write(json.dumps({"question": question, **facts}).encode() + b"\n")
        try:
            async with asyncio.timeout(timeout_seconds):
                told = await answer
        except TimeoutError:
            log.warning("room killed", question=question, timeout_seconds=timeout_seconds)
            self.kill()
            raise RoomLost from None
        if "failed" in told:
            log.error("room could not answer", question=question, failed=told["failed"])
            if question == "load" and told["failed"] not in OURS_TO_MEND:
                raise VersionNotConforming(problem=told["failed"])
            raise RoomUnavailable
        return told["answer"]

    async def _read(self) -> None:
        try:
            while line := await self._answers.readline():
                answer = self._waiting.popleft()
                if not answer.done():
                    answer.set_result(json.loads(line))
        except (OSError, ValueError, IndexError) as error:
            log.error("room speaks out of turn", error=str(error))  # noqa: TRY400 - a trace could hold an answer
        self.kill()
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(RoomLost())

    def kill(self) -> None:
        """End the process and whatever it started."""
        self.lost = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End it and wait until it is gone."""
        self.kill()
        self._asking.close()
        await asyncio.gather(self._process.wait(), self._reader, return_exceptions=True)
