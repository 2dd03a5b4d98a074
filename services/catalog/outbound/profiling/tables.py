"""The profile of a table's real bytes: columns, personal data, duplicates, and the counts for a quality report."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from ibis.backends.duckdb import Backend

from catalog.outbound.profiling.columns import Column, look, rounded
from catalog.outbound.profiling.opening import Opened, ask, engine, literal, open_files, quoted
from catalog.outbound.profiling.personal import DIRECT, NAME_SHARE_MIN, PATTERNS, called, confirmed
from catalog.outbound.profiling.quality import Seen, figures, second_look

TOP_VALUES = 5
TOP_DISTINCT_MAX = 200
PATTERN_SHARE_MIN = 0.5
DISTINCT_METHOD = {"method": "HyperLogLog (DuckDB approx_count_distinct)", "relative_error_typical_ppm": 50_000}
Json = dict[str, Any]  # Any: JSON values


def profile_table(
    paths: Mapping[str, Path] | Sequence[Path], *, as_of: date | None = None, memory_limit: str = "2GB",
    threads: int = 2,
) -> Json:  # fmt: skip
    """The profile of the files of one version: ``{name: path}``, or paths that name themselves."""
    named = dict(paths) if isinstance(paths, Mapping) else {path.name: path for path in paths}
    with engine(memory_limit, threads) as connection:
        return profile_opened(connection, open_files(connection, named), as_of or date.today())  # noqa: DTZ011 - a bench's default; the service gives business time


def profile_opened(connection: Backend, files: Sequence[Opened], as_of: date) -> Json:
    """The profile of tables that are open already."""
    seen = [Seen(opened, look(connection, opened)) for opened in files]
    personal = [entry for file in seen for entry in _personal(connection, file)]
    second_look(connection, seen, as_of)
    return {
        "kind": "table",
        "engine": f"duckdb {duckdb.__version__}",
        "as_of": as_of.isoformat(),
        "rows": sum(file.rows for file in seen),
        "distinct": DISTINCT_METHOD,
        "files": [_file(connection, file, personal) for file in seen],
        "personal": personal,
        "quality": figures(seen, personal),
    }


def _file(connection: Backend, file: Seen, personal: list[Json]) -> Json:
    hidden = {entry["column"] for entry in personal if entry["file"] == file.opened.name}
    tops = _tops(connection, file, hidden)
    return {
        "name": file.opened.name,
        "rows": file.rows,
        "duplicate_rows": file.duplicate_rows,
        "keys": [{"column": key, "distinct": distinct} for key, distinct in file.keys.items()],
        "columns": [_column(column, tops.get(column.name), column.name in hidden) for column in file.columns],
    }


def _column(column: Column, top: list[Json] | None, hidden: bool) -> Json:  # noqa: FBT001 - one of the column's facts
    facts: Json = {
        "name": column.name, "type": column.type, "filled": column.filled, "empty": column.rows - column.filled,
        "distinct_approx": column.distinct, "conforming": column.conforming,
        "length_min": column.facts["shortest"], "length_max": column.facts["longest"],
    }  # fmt: skip
    if hidden:
        return {**facts, "personal": True}
    if column.type in {"integer", "decimal"}:
        facts |= {
            "min": rounded(column.facts["least"]), "max": rounded(column.facts["most"]),
            "mean": rounded(column.facts["mean"]), "deviation": rounded(column.facts["deviation"]),
        }  # fmt: skip
    if column.type == "date":
        facts |= {"min": column.facts["first"].isoformat(), "max": column.facts["last"].isoformat()}
    return {**facts, "top": top} if top is not None else facts


def _tops(connection: Backend, file: Seen, hidden: set[str]) -> dict[str, list[Json]]:
    few = [
        column.name for column in file.columns if 0 < column.distinct <= TOP_DISTINCT_MAX and column.name not in hidden
    ]
    if not few:
        return {}
    parts = [
        f"(SELECT {literal(name)} AS col, {quoted(name)} AS value, count(*) AS times FROM {file.opened.table} "  # noqa: S608 - quoted
        f"WHERE {quoted(name)} IS NOT NULL GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT {TOP_VALUES})"
        for name in few
    ]
    tops: dict[str, list[Json]] = {name: [] for name in few}
    for row in ask(connection, " UNION ALL ".join(parts)):
        tops[row["col"]].append({"value": row["value"], "count": row["times"]})
    return tops


def _personal(connection: Backend, file: Seen) -> list[Json]:
    """What is personal, by form (check digits confirmed on the real values) and by the columns' names."""
    confirming = {
        f"{column.place}_{pattern.kind}": confirmed(pattern, quoted(column.name))
        for column in file.columns
        for pattern in PATTERNS
        if pattern.check and column.personal[pattern.kind]
    }
    if confirming:
        measures = ", ".join(f'{sql} AS "{name}"' for name, sql in confirming.items())
        counted = ask(connection, f"SELECT {measures} FROM {file.opened.table}")[0]  # noqa: S608 - quoted
        for column in file.columns:
            for pattern in PATTERNS:
                if f"{column.place}_{pattern.kind}" in counted:
                    column.personal[pattern.kind] = int(counted[f"{column.place}_{pattern.kind}"])
    return [entry for column in file.columns for entry in _entries(file.opened.name, column)]


# These two are sure by their form alone; the others also fit codes, so half of a column must look like them.
_SURE = {"id_card", "email", "us_ssn"}


def _entries(file: str, column: Column) -> list[Json]:
    place = {"file": file, "column": column.name, "checked": column.filled}
    entries = []
    by_name = called(column.name)
    for pattern in PATTERNS:
        matched = column.personal[pattern.kind]
        share = NAME_SHARE_MIN if pattern.kind == "name" else PATTERN_SHARE_MIN
        is_sure = pattern.kind in _SURE or matched >= column.filled * share
        if matched and is_sure and not (by_name and pattern.kind not in _SURE and by_name[0] != pattern.kind):
            entries.append({**place, "kind": pattern.kind, "weight": DIRECT, "basis": "pattern", "matched": matched})
    known = {"id_card" if entry["kind"] == "us_ssn" else entry["kind"] for entry in entries}
    if by_name and by_name[0] not in known and column.filled:
        kind, weight = by_name
        entries.append({**place, "kind": kind, "weight": weight, "basis": "column_name", "matched": column.filled})
    return entries
