"""What a start does not load: engines that only a worker process needs, and tools of one command."""

import os
import subprocess
import sys

from market.roster import SERVICES
from tests.market.process import SOURCES

# Each of these takes from a tenth of a second to several seconds to import, and some of them 100 MB.
HEAVY = {"alembic", "duckdb", "httpx", "ibis", "ifcopenshell", "kafka", "minio", "numpy", "pandas", "polars", "pyarrow"}


def test_a_market_starts_without_the_engines_that_its_worker_processes_use() -> None:
    imports = ", ".join(["sys", "market.command", "market.embedded", *(f"{name}.bootstrap" for name in SERVICES)])
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {imports}; print(*sys.modules)"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, SOURCES))},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert HEAVY & set(loaded) == set()
