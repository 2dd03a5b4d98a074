"""What a measurement came to, and how durations are told."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the result; the target is empty where nothing was promised."""

    what: str
    came_to: str
    target: str = ""
    met: bool | None = None


def against(what: str, value: float, unit: str, *, target: float) -> Figure:
    """A value that should not be more than the target."""
    return Figure(what, f"{value:.2f} {unit}", f"≤ {target:g} {unit}", value <= target)


def share_of(values: Sequence[float], share: float) -> float:
    """The value below which this share of all lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spread(what: str, seconds: Sequence[float], elapsed: float) -> Figure:
    """How many a second, with the middle and the slowest hundredth in milliseconds."""
    middle, slow = share_of(seconds, 0.5) * 1000, share_of(seconds, 0.99) * 1000
    return Figure(what, f"{len(seconds) / elapsed:,.0f}/s, p50 {middle:.1f} ms, p99 {slow:.1f} ms")


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print all of them as a table."""
    table = Table("Measured", "Came to", "Target", "")
    for figure in figures:
        mark = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[figure.met]
        table.add_row(figure.what, figure.came_to, figure.target, mark)
    console.print(table)
