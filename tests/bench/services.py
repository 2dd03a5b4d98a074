"""Databases and processes of single services, for measurements that need no whole market."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kernel.bus import PostgresBus
from kernel.grants import apply_grants, whole
from kernel.migrations import migrate
from market.postgres import Server
from tests.market.process import SOURCES
from tools.survey import ROOT


async def databases(server: Server, names: Sequence[str]) -> dict[str, str]:
    """A database for each service, as its migration leaves it; the addresses for the services' own roles."""
    await server.create(list(names))
    for name in names:
        owner = server.as_owner(name)
        try:
            await migrate(owner.engine, Path(importlib.import_module(name).__path__[0]) / "migrations")
            grants = importlib.import_module(f"{name}.outbound.tables").GRANTS
            await apply_grants(owner.engine, f"yaosu_{name}", whole(grants))
            await PostgresBus(owner).create()
        finally:
            await owner.close()
    return {name: server.url_of(name) for name in names}


@contextmanager
def processes(module: str, asked: Sequence[Mapping[str, object]]) -> Iterator[None]:
    """A process of the module for each of these, which are told to it on its standard input; ended after the block."""
    running: list[subprocess.Popen[str]] = []
    try:
        for each in asked:
            process = subprocess.Popen(
                [sys.executable, "-m", module], stdin=subprocess.PIPE, cwd=ROOT, text=True,
                env={"PYTHONPATH": ":".join(map(str, SOURCES)), "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
            running.append(process)
            assert process.stdin is not None
            process.stdin.write(json.dumps(each) + "\n")
            process.stdin.close()
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
