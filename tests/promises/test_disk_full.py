"""The disk runs full under the database, then under the files: work is refused, nothing is lost, all recovers alone."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.market.process import folder_for_a_market
from tests.promises.counts import keep_counts
from tests.promises.verdict import judge
from tests.promises.workload import Workload
from tests.promises.world import World, open_world

DATABASE_MEBIBYTES, FILES_MEBIBYTES = 700, 8
FULL_SECONDS = 8.0
NOTICED_SECONDS_MAX, POLL_SECONDS = 120.0, 0.2
LEFT_BYTES = 64 * 1024


def may_mount() -> bool:
    """Whether a disk of our own size can be had: by root, on Linux, where mounting is allowed."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """A disk of this size on the folder."""
    folder.mkdir(parents=True)
    asked = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(asked, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk of a fixed size can be had here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S607 - found by may_mount


@pytest.mark.promises
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not may_mount(), reason="a disk of a fixed size needs root and mount")
async def test_a_full_disk_refuses_work_and_loses_none() -> None:
    with folder_for_a_market() as data, ExitStack() as disks:
        disks.enter_context(disk(data.with_name("postgres"), DATABASE_MEBIBYTES))
        disks.enter_context(disk(data / "objects", FILES_MEBIBYTES))
        async with open_world(data, seed=3) as world, world.door() as door:
            workload = Workload(door, data.with_name("papers"), world.operator, seed=3)
            await workload.open()
            stopped = asyncio.Event()
            working = asyncio.create_task(workload.work(stopped))
            for folder in (data.with_name("postgres"), data / "objects"):
                await _full_for_a_while(folder, world, noticed=folder.name == "postgres")
            stopped.set()
            await working
            verdict = await judge(world, await workload.actors())
    keep_counts("promises", "disk full", verdict, workload.done.total(), ["database", "files"])
    assert verdict.violations == []
    assert workload.broken == []
    assert verdict.once_unknown > 0, "the disk was never full enough for anybody to notice"


async def _full_for_a_while(folder: Path, world: World, *, noticed: bool) -> None:
    """So many seconds; under the database, longer if nobody has come to feel it yet."""
    before, ends_at, is_felt = world.history.once_unknown, time.monotonic() + NOTICED_SECONDS_MAX, not noticed
    filler = folder / "filler"
    free = shutil.disk_usage(folder).free
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - LEFT_BYTES)
    await asyncio.sleep(FULL_SECONDS)  # how long the disk stays full; nothing is waited for
    while not is_felt and time.monotonic() < ends_at:
        is_felt = world.history.once_unknown > before
        await asyncio.sleep(POLL_SECONDS)
    filler.unlink()
    await world.postgres_stands()
