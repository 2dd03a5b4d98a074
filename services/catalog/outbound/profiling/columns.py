"""One aggregate pass over a table: what each column holds."""

import math
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from catalog.outbound.profiling.opening import Opened, ask
from catalog.outbound.profiling.personal import NO, PATTERNS, counts

TYPE_SHARE_MIN = 0.9
COLUMNS_PER_PASS = 60
NUMBER_CHARACTERS_MAX = 30
# Hashes in hex such as 12e345… read as numbers beyond this, or as infinity.
NUMBER_MAX = 1e150


@dataclass
class Column:
    """What the pass found in one column."""

    name: str
    place: int
    rows: int
    filled: int
    distinct: int
    facts: dict[str, Any]  # Any: the numbers, dates and lengths as DuckDB gave them
    personal: dict[str, int] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """What nine tenths of the filled values are; a number that begins with a zero is a code."""
        least = self.filled * TYPE_SHARE_MIN
        if not self.filled:
            return "empty"
        if self.facts["dates"] >= least and self.facts["dates"] > self.facts["numbers"]:
            return "date"
        if self.facts["numbers"] >= least and not self.facts["codes"]:
            return "integer" if self.facts["integers"] == self.facts["numbers"] else "decimal"
        return "text"

    @property
    def conforming(self) -> int:
        """How many filled values are of the column's type."""
        kinds = {"date": self.facts["dates"], "integer": self.facts["integers"], "decimal": self.facts["numbers"]}
        return int(kinds.get(self.type, self.filled))


def look(connection: Backend, opened: Opened) -> list[Column]:
    """The columns in their order; one pass for every sixty of them."""
    found: list[Column] = []
    for start in range(0, len(opened.columns), COLUMNS_PER_PASS):
        found += _pass(connection, opened, start)
    return found


def _pass(connection: Backend, opened: Opened, start: int) -> list[Column]:
    names = opened.columns[start : start + COLUMNS_PER_PASS]
    typed = _typed(connection, opened, names, start)
    measures: dict[str, ir.Scalar] = {"rows": typed.count()}
    for place in range(len(names)):
        measures |= _measures(typed, place)
    row = ask(connection, str(ibis.to_sql(typed.aggregate(**measures), dialect="duckdb")))[0]
    return [_column(name, start + place, row, f"c{place}_") for place, name in enumerate(names)]


def _typed(connection: Backend, opened: Opened, names: tuple[str, ...], start: int) -> ir.Table:
    """Each column's text, length, number and date, in a view: what several figures need is computed once."""
    # Tables are named to Ibis with their schema, so that it need not ask the engine for it.
    table = ibis.table(dict.fromkeys(names, "string"), name=opened.table)
    casts: dict[str, ir.Value] = {}
    for place, name in enumerate(names):
        value = table[name]
        length = value.length()
        # A failing cast costs far more than a look at the first characters.
        is_number = value.ascii_str().between(ord("+"), ord("9")) & (length <= NUMBER_CHARACTERS_MAX)
        is_date = (length >= len("2026-1-1")) & value.substr(4, 1).isin(["-", "/"])
        casts |= {
            f"v{place}": value,
            f"l{place}": length,
            f"n{place}": is_number.ifelse(value.try_cast("float64"), ibis.null("float64")),
            f"d{place}": is_date.ifelse(value.try_cast("date"), ibis.null("date")),
        }
    view = f"{opened.table}_typed{start}"
    selected = table.select(**casts)
    ask(connection, f"CREATE TEMP VIEW {view} AS {ibis.to_sql(selected, dialect='duckdb')}")
    return ibis.table(selected.schema(), name=view)


def _measures(typed: ir.Table, place: int) -> dict[str, ir.Scalar]:
    value, length, date = typed[f"v{place}"], typed[f"l{place}"], typed[f"d{place}"]
    prefix = f"c{place}_"
    number = (typed[f"n{place}"].abs() < NUMBER_MAX).ifelse(typed[f"n{place}"], ibis.null("float64"))
    return {
        f"{prefix}filled": value.count(),
        f"{prefix}distinct": value.approx_nunique(),
        f"{prefix}shortest": length.min(),
        f"{prefix}longest": length.max(),
        f"{prefix}numbers": number.count(),
        f"{prefix}integers": (number % 1 == 0).sum(),
        f"{prefix}codes": value.startswith("0").ifelse(value.re_search("^0[0-9]"), NO).sum(),
        f"{prefix}least": number.min(),
        f"{prefix}most": number.max(),
        f"{prefix}mean": number.mean(),
        f"{prefix}deviation": number.std(),
        f"{prefix}dates": date.count(),
        f"{prefix}first": date.min(),
        f"{prefix}last": date.max(),
        **counts(value, length, f"{prefix}is_"),
    }


def _column(name: str, place: int, row: dict[str, Any], prefix: str) -> Column:  # Any: DuckDB's values
    facts = {key.removeprefix(prefix): value for key, value in row.items() if key.startswith(prefix)}
    personal = {pattern.kind: int(facts.pop(f"is_{pattern.kind}") or 0) for pattern in PATTERNS}
    for count in ("numbers", "integers", "codes", "dates"):
        facts[count] = int(facts[count] or 0)
    filled = int(facts.pop("filled"))
    distinct = min(int(facts.pop("distinct")), filled)
    return Column(name, place, int(row["rows"]), filled, distinct, facts, personal)


def rounded(value: float | None) -> float | None:
    """Nine significant digits: sums in parallel differ in the last ones from run to run."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.9g}")
