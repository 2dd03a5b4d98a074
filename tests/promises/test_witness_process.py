"""A witness beside a real market: it follows the log over a crash, its word can be demanded, a rollback is refused."""

import asyncio
import random
from pathlib import Path

import pytest

from market.witnessing import COSIGNED_FILE, VKEY_FILE
from tests.market.process import folder_for_a_market, run
from tests.promises.workload import Workload
from tests.promises.world import World, open_world

FOUND_OUT = 1


@pytest.mark.promises
@pytest.mark.timeout(600)
async def test_a_witness_follows_a_market_and_refuses_its_rollback() -> None:
    with folder_for_a_market() as data:
        async with open_world(data, seed=8) as world, world.door() as door:
            workload = Workload(door, data.with_name("papers"), world.operator, seed=8)
            await workload.open()
            asset = await workload.publish("designer", random.Random(8))  # noqa: S311 - any table
            certificate = workload.folder / "documents" / "certificates" / f"{asset.certificate}.tlog-proof"
            store = data.with_name("witness")
            assert (await _look(world, store)).returncode == 0
            await world.kill_market()
            await world.start_market()
            await world.answers()
            await workload.publish("designer", random.Random(9))  # noqa: S311 - as above
            looked = await _look(world, store)
            assert looked.returncode == 0, looked
            await _demand(world, store, certificate)

            await _roll_back(world)
            refused = await _look(world, store)
            assert refused.returncode == FOUND_OUT, refused
            assert "log-shrank" in refused.stdout


async def _roll_back(world: World) -> None:
    """What only whoever runs the server can do: past the triggers that keep the log append-only."""
    connection = await world.server.connect("yaosu_evidence")
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("DELETE FROM checkpoints WHERE size > 2")
    finally:
        await connection.close()


async def _look(world: World, store: Path):
    return await asyncio.to_thread(
        run, world.market.home, "witness", "--market", world.market.url, "--store", str(store), "--name",
        "witness.example", "--trust", str(world.data / "trust.json"), "--every-seconds", "0",
    )  # fmt: skip


async def _demand(world: World, store: Path, certificate: Path) -> None:
    trust, proof = ("--trust", str(world.data / "trust.json")), store / "proof"
    fetched = await asyncio.to_thread(
        run, world.market.home, "witnessed", str(certificate), "--market", world.market.url, "--checkpoint",
        str(store / COSIGNED_FILE), "--out", str(proof), *trust,
    )  # fmt: skip
    assert fetched.returncode == 0, fetched
    demanded = ("verify", str(certificate), *trust, "--require-witness", (store / VKEY_FILE).read_text().strip())
    assert (await asyncio.to_thread(run, world.market.home, *demanded)).returncode == 1
    verified = await asyncio.to_thread(run, world.market.home, *demanded, "--cosigned", str(proof))
    assert verified.returncode == 0, verified
