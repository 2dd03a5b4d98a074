"""What a measurement came to, and how figures are told: a table for people, JSON for whoever compares runs."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One figure; ``target`` is unset where nothing was promised."""

    name: str
    what: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is met; nothing fails when it is not, since machines differ."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def share_of(values: Sequence[float], share: float) -> float:
    """The value below which this share of all lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print all of them as a table."""
    table = Table("Measured 测量", "Came to 结果", "Target 目标", "")
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        target = "" if figure.target is None else f"{sign} {figure.target:g} {figure.unit}"
        mark = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[figure.met]
        table.add_row(figure.what, f"{figure.value:,.2f} {figure.unit}", target, mark)
    console.print(table)


def write(figures: Sequence[Figure], path: Path, *, quick: bool) -> None:
    """Keep them, with what they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processors": os.cpu_count(), "platform": platform.platform(), "python": sys.version.partition(" ")[0]}
    measured = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "quick": quick,
        "figures": [{**asdict(figure), "met": figure.met} for figure in figures],
    }  # fmt: skip
    path.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
