"""The worker processes as catalog sees them: kept warm, limited in number, time and memory, killed when late."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from catalog.domain.refusals import FOUND_IN_BYTES
from catalog.ports import Look, WorkerFailed
from kernel.refusals import Refusal

ANSWER_BYTES_MAX = 256 * 1024 * 1024
MEBIBYTE = 1024 * 1024
Json = dict[str, Any]  # Any: JSON values
log = structlog.get_logger()


class Workshop:
    """Each task goes to one process; a process that failed is not used again."""

    def __init__(self, *, processes: int, memory_mib: int, deadline_seconds: float, tasks_per_process: int) -> None:
        self._slots = asyncio.Semaphore(processes)
        self._limits = {"memory_limit": f"{memory_mib}MiB", "threads": 2}
        # DuckDB keeps its own limit; the process gets room beside it for libraries and maps.
        self._address_bytes = (memory_mib * 2 + 4096) * MEBIBYTE
        self._deadline_seconds, self._tasks_per_process = deadline_seconds, tasks_per_process
        self._idle: list[tuple[asyncio.subprocess.Process, int]] = []

    async def look(
        self, form: str, files: Mapping[str, Path], as_of: date, *, subject: Mapping[str, str] | None,
        persons: bool, governed: bool,
    ) -> Look:  # fmt: skip
        """Profile, sketch and sample of a version's files."""
        task = {"do": "look", "form": form, "files": _texts(files), "as_of": as_of.isoformat(), "subject": subject,
                "persons": persons, "governed": governed}  # fmt: skip
        found = await self._one(task)
        return Look(found["profile"], found["sketch"], found["sample"])

    async def derive(
        self, files: Mapping[str, Path], recipe: Mapping[str, Any], key: bytes, as_of: date, to: Path
    ) -> Mapping[str, Path]:
        """Carry a recipe out into a folder."""
        task = {"do": "derive", "files": _texts(files), "recipe": recipe, "key": key.hex(), "as_of": as_of.isoformat(),
                "to": str(to)}  # fmt: skip
        made = await self._one(task)
        return {name: Path(path) for name, path in made["files"].items()}

    async def index(
        self, name: str, path: Path, columns: tuple[str, str], keys: Sequence[bytes]
    ) -> AsyncIterator[list[tuple[str, str, str]]]:
        """Batches of (row token, subject token, identity pseudonym)."""
        task = {"do": "index", "name": name, "path": str(path), "key_column": columns[0], "identity_column": columns[1],
                "keys": [key.hex() for key in keys]}  # fmt: skip
        async for part in self._do(task):
            yield [(row, subject, person) for row, subject, person in part["entries"]]

    async def _one(self, task: Json) -> Json:
        parts = [part async for part in self._do(task)]
        return parts[0]

    async def _do(self, task: Json) -> AsyncIterator[Json]:
        async with self._slots:
            process, done = self._idle.pop() if self._idle else (await self._start(), 0)
            is_sound = False
            try:
                async for part in self._talk(process, {**task, **self._limits}):
                    yield part
                is_sound = True
            except Refusal:
                is_sound = True
                raise
            except (TimeoutError, OSError, ValueError) as error:
                raise WorkerFailed(type(error).__name__) from error
            finally:
                if is_sound and done + 1 < self._tasks_per_process:
                    self._idle.append((process, done + 1))
                else:
                    await _end(process)

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "catalog.outbound.tasks", str(self._address_bytes),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=environment, limit=ANSWER_BYTES_MAX, start_new_session=True,
        )  # fmt: skip

    async def _talk(self, process: asyncio.subprocess.Process, task: Json) -> AsyncIterator[Json]:
        if process.stdin is None or process.stdout is None:
            raise WorkerFailed
        late_at = asyncio.get_running_loop().time() + self._deadline_seconds
        process.stdin.write(json.dumps(task).encode() + b"\n")
        await process.stdin.drain()
        while True:
            left = late_at - asyncio.get_running_loop().time()
            line = await asyncio.wait_for(process.stdout.readline(), max(left, 0))
            if not line:
                raise WorkerFailed
            answer = json.loads(line)
            if "part" in answer:
                yield answer["part"]
            elif "refusal" in answer:
                raise FOUND_IN_BYTES[answer["refusal"]](**answer["facts"])
            elif "failed" in answer:
                log.warning("task failed", task=task["do"], cause=answer["failed"])
                raise WorkerFailed(answer["failed"])
            else:
                return

    async def close(self) -> None:
        """End the idle processes."""
        while self._idle:
            await _end(self._idle.pop()[0])


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()


def _texts(files: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in files.items()}
