"""The PostgreSQL of a market outlives a killed market, is joined by the next one, and is stopped by the last."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from market.postgres import PostgresDoesNotStart, name_of, start_postgres
from tests.market.process import environment

DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from market.postgres import start_postgres
asyncio.run(start_postgres(Path(sys.argv[1]), b"tests"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_with_its_server_running(folder: Path) -> int:
    """Let a process start a server on the folder and be killed; the server's process id."""
    subprocess.run(
        [sys.executable, "-c", DIES, str(folder)], env=environment(folder.parent.with_name("home")), check=False
    )
    return int((folder / "postmaster.pid").read_text().split()[0])


async def test_a_server_left_behind_is_joined_and_stopped_by_the_next(data: Path) -> None:
    left = killed_with_its_server_running(data / "postgres")
    assert name_of(left) == "postgres"

    server = await start_postgres(data / "postgres", b"tests")
    connection = await server.connect()
    assert await connection.fetchval("SHOW max_connections") == "200"
    await connection.close()
    server.close()

    assert not name_of(left)

    # After a crash of the machine, the pid file names whatever runs under that number now: here, this test.
    (data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server = await start_postgres(data / "postgres", b"tests")
    await (await server.connect()).close()
    server.close()


async def test_a_first_start_leaves_no_server_behind(data: Path) -> None:
    server = await start_postgres(data / "postgres", b"tests")
    running = int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    assert name_of(running) == "postgres"
    server.close()
    assert not name_of(running)


async def test_a_server_that_cannot_start_is_named_in_one_sentence(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.postgres.START_SECONDS_MAX", 0.0)
    folder = data / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    with pytest.raises(PostgresDoesNotStart, match="its log says why"):
        await asyncio.wait_for(start_postgres(folder, b"tests"), 60)
