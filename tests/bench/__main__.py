"""Runs the measurements and prints one table: ``python -m tests.bench [--quick] [--json FILE] [PART …]``."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.bench import events, large_table, orders, purchases, races, underwriting, whole_market
from tests.bench.figures import Figure, show, write
from tests.bench.sizes import QUICK, WHOLE, Sizes
from tests.market.process import folder_for_a_market
from tools.survey import ROOT

PARTS: dict[str, Callable[[Path, Sizes], list[Figure]]] = {
    "market": whole_market.measure,
    "calls": underwriting.measure,
    "orders": orders.measure,
    "events": events.measure,
    "purchases": purchases.measure,
    "races": races.measure,
    "profile": large_table.measure,
}


def main() -> None:
    """Measure the parts named, or all; say how they did and keep the figures."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small amounts, the samples, one round")
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench.json", help="where the figures are kept")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    console, figures = Console(), list[Figure]()
    for part in asked.parts or PARTS:
        console.print(f"measuring: {part}")
        with folder_for_a_market() as folder:
            figures += PARTS[part](folder, QUICK if asked.quick else WHOLE)
    show(figures, console)
    write(figures, asked.json, quick=asked.quick)
    console.print(f"kept in {asked.json}")


if __name__ == "__main__":
    main()
