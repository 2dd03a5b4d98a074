"""Runs every measurement and prints one table: ``python -m tests.bench [PART …]``; parts: demo, calls, profile."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.bench import large_table, underwriting
from tests.bench.figures import Figure, against, show
from tests.bench.opening import opened_market, yaosu
from tools.survey import ROOT

WARM_START_SECONDS = 5.0
DEMO_SECONDS = 90.0
STARTS = 3
SHARED = ROOT.parent / "shared" / "data"
REAL = {
    "patients": SHARED / "medical" / "patients.csv",
    "conditions": SHARED / "medical" / "conditions.csv",
    "bim": SHARED / "bim" / "duplex-apartment.ifc",
}
INVENTED = {
    "patients": ROOT / "samples" / "sample-persons.csv",
    "conditions": ROOT / "samples" / "sample-diagnoses.csv",
    "bim": ROOT / "samples" / "sample-house.ifc",
}


def inputs() -> tuple[str, dict[str, Path]]:
    """The real inputs where they are, else the invented ones."""
    return ("real inputs", REAL) if all(path.exists() for path in REAL.values()) else ("samples", INVENTED)


def demo(folder: Path) -> list[Figure]:
    """The whole demo as a newcomer runs it, then starts of the market on what it left."""
    name, files = inputs()
    options = [part for option, path in files.items() for part in (f"--{option}", str(path))]
    began = time.perf_counter()
    subprocess.run(yaosu("demo", "--data", str(folder), *options), stdout=subprocess.DEVNULL, check=True)
    figures = [against(f"demo on the {name}", time.perf_counter() - began, "s", target=DEMO_SECONDS)]
    starts = []
    for _ in range(STARTS):
        with opened_market(folder) as opened:
            starts.append(opened.seconds)
    return [*figures, against(f"warm start to first answer, slowest of {STARTS}", max(starts), "s",
                              target=WARM_START_SECONDS)]  # fmt: skip


def calls(folder: Path) -> list[Figure]:
    """Underwriting calls on a market of their own."""
    _, files = inputs()
    with opened_market(folder) as opened:
        return asyncio.run(underwriting.measure(opened.url, folder, files["patients"], files["conditions"]))


PARTS: dict[str, Callable[[Path], list[Figure]]] = {"demo": demo, "calls": calls, "profile": large_table.measure}


def main() -> None:
    """Measure the parts named, or all, and say how they did."""
    console = Console()
    figures: list[Figure] = []
    for part in sys.argv[1:] or PARTS:
        console.print(f"measuring: {part}")
        with tempfile.TemporaryDirectory(prefix="yaosu-bench-", ignore_cleanup_errors=True) as folder:
            # PostgreSQL runs under a user of its own when started by root, who must be able to enter.
            Path(folder).chmod(0o755)
            figures += PARTS[part](Path(folder) / "market")
    show(figures, console)


if __name__ == "__main__":
    main()
