"""Quality counted on the real bytes: of b items checked, a meet the rule; rules after GB/T 36344."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ibis.backends.duckdb import Backend

from catalog.outbound.profiling.columns import Column
from catalog.outbound.profiling.opening import Opened, ask, quoted

# Estimates of distinct values err by some 5 %; what they propose is then counted exactly.
KEY_ESTIMATE_MIN, KEY_SHARE_MIN = 0.9, 0.99
KEYS_MAX = 4
MOSTLY_FILLED = 0.95
EARLIEST = date(1900, 1, 1)
REFERENCE_ROOM = 2.2
_WHEN = r"([ _-]?(date|time|month|on|at))?$"
_STARTS = re.compile(rf"^(start|begin|from|onset|birth|admission){_WHEN}|开始|起始|出生|入院", re.IGNORECASE)
_STOPS = re.compile(rf"^(stop|end|to|until|abated|death|discharge){_WHEN}|结束|终止|死亡|出院", re.IGNORECASE)
_NO_KEY = {"date", "decimal", "empty"}
Json = dict[str, Any]  # Any: JSON values


@dataclass
class Reference:
    """A column whose values should stand among another file's keys."""

    column: str
    target: str
    filled: int
    found: int


@dataclass
class Seen:
    """One file, with what both looks at it found."""

    opened: Opened
    columns: list[Column]
    duplicate_rows: int = 0
    complete_rows: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)
    ordered: int = 0
    order_checked: int = 0
    references: list[Reference] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows the file has."""
        return self.columns[0].rows


def second_look(connection: Backend, seen: Sequence[Seen], as_of: date) -> None:
    """What needs to know the columns' types first: duplicates, keys, complete rows, dates, order, references."""
    for file in seen:
        file.keys = _keys(file)
        _count(connection, file, as_of)
    for child in seen:
        child.references = [
            reference for parent in seen if parent is not child for reference in _references(connection, child, parent)
        ]


def _keys(file: Seen) -> dict[str, int]:
    """Candidates: filled in every row, and by estimate nearly all different."""
    likely = [
        column
        for column in file.columns
        if column.filled == file.rows and column.type not in _NO_KEY and column.distinct >= file.rows * KEY_ESTIMATE_MIN
    ]
    named = sorted(likely, key=lambda column: (not column.name.lower().endswith("id"), column.place))
    return {column.name: 0 for column in named[:KEYS_MAX]}


def _count(connection: Backend, file: Seen, as_of: date) -> None:
    table = file.opened.table
    row_hash = "hash(" + ", ".join(quoted(column.name) for column in file.columns) + ")"
    mostly = [quoted(column.name) for column in file.columns if column.filled >= file.rows * MOSTLY_FILLED]
    measures = {
        "complete": f"count(*) FILTER (WHERE {' AND '.join(f'{name} IS NOT NULL' for name in mostly) or 'true'})",
        **_date_measures(file, as_of),
        **_order_measure(file),
    }
    row = ask(connection, f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in measures.items())} FROM {table}")[0]  # noqa: S608 - quoted
    file.complete_rows = row["complete"]
    file.dates = {column.name: row.get(f"d{column.place}", 0) for column in file.columns if column.type == "date"}
    file.ordered, file.order_checked = row.get("ordered", 0), row.get("paired", 0)
    distinct = ask(connection, f"SELECT count(*) AS n FROM (SELECT DISTINCT {row_hash} FROM {table})")[0]["n"]  # noqa: S608 - quoted
    file.duplicate_rows = file.rows - distinct
    for key in list(file.keys):
        different = f"SELECT count(*) AS n FROM (SELECT DISTINCT {quoted(key)} FROM {table})"  # noqa: S608 - quoted
        file.keys[key] = ask(connection, different)[0]["n"]
        if file.keys[key] < file.rows * KEY_SHARE_MIN:
            del file.keys[key]


def _as_date(name: str) -> str:
    return f"TRY_CAST({quoted(name)} AS DATE)"


def _date_measures(file: Seen, as_of: date) -> dict[str, str]:
    between = f"BETWEEN DATE '{EARLIEST}' AND DATE '{as_of}'"
    return {
        f"d{column.place}": f"count(*) FILTER (WHERE {_as_date(column.name)} {between})"
        for column in file.columns
        if column.type == "date"
    }


def _order_measure(file: Seen) -> dict[str, str]:
    dated = [column.name for column in file.columns if column.type == "date"]
    start = next((name for name in dated if _STARTS.search(name)), None)
    stop = next((name for name in dated if _STOPS.search(name)), None)
    if not start or not stop:
        return {}
    both = f"{_as_date(start)} IS NOT NULL AND {_as_date(stop)} IS NOT NULL"
    return {
        "paired": f"count(*) FILTER (WHERE {both})",
        "ordered": f"count(*) FILTER (WHERE {_as_date(start)} <= {_as_date(stop)})",
    }


def _references(connection: Backend, child: Seen, parent: Seen) -> list[Reference]:
    """A column refers to a key of the other file when its values are as long and at least half of them stand there."""
    found = []
    for key, distinct in parent.keys.items():
        of_key = next(column for column in parent.columns if column.name == key)
        for column in child.columns:
            if not _may_refer(column, of_key, distinct):
                continue
            name, wanted = quoted(column.name), f"SELECT {quoted(key)} FROM {parent.opened.table}"  # noqa: S608 - quoted
            counted = f"SELECT count(*) FILTER (WHERE {name} IN ({wanted})) AS hits FROM {child.opened.table}"  # noqa: S608 - quoted
            hits = ask(connection, counted)[0]["hits"]
            if hits * 2 >= column.filled:
                found.append(Reference(column.name, f"{parent.opened.name}.{key}", column.filled, hits))
    return found


def _may_refer(column: Column, key: Column, distinct: int) -> bool:
    """Cheap to ask before the values are compared; estimates of distinct values err by some 5 %."""
    if column.type in _NO_KEY or column.type != key.type or column.distinct > distinct * REFERENCE_ROOM:
        return False
    return bool(column.facts["shortest"] >= key.facts["shortest"] and column.facts["longest"] <= key.facts["longest"])


def figures(seen: Sequence[Seen], personal: Sequence[Json]) -> list[Json]:
    """All rules over all files, as integer pairs."""
    exposed = {(entry["file"], entry["column"]) for entry in personal if entry["weight"] == "direct"}
    result = [rule("files_readable", "accessibility", "reachable", "*", len(seen), len(seen))]
    for file in seen:
        result += [entry for entry in _of_file(file, exposed) if entry["b"]]
    return result


def _of_file(file: Seen, exposed: set[tuple[str, str]]) -> list[Json]:
    name, columns = file.opened.name, file.columns
    dated = [column for column in columns if column.type == "date"]
    typed = [column for column in columns if column.type in {"date", "integer", "decimal"}]
    open_columns = sum(1 for column in columns if (name, column.name) not in exposed)
    valid = sum(file.dates.values())
    pairs = [
        rule("columns_named", "normativity", "metadata", name, len(columns), len(columns)),
        rule("columns_free_of_identifiers", "normativity", "security rules", name, open_columns, len(columns)),
        rule("elements_filled", "completeness", "element completeness", name,
             sum(column.filled for column in columns), file.rows * len(columns)),
        rule("records_complete", "completeness", "record completeness", name, file.complete_rows, file.rows),
        rule("values_conform", "accuracy", "format conformity", name,
             sum(column.conforming for column in typed), sum(column.filled for column in typed)),
        rule("keys_unique", "accuracy", "uniqueness", name, sum(file.keys.values()), file.rows * len(file.keys)),
        rule("rows_repeated", "accuracy", "duplicate rate", name, file.duplicate_rows, file.rows, lower=True),
        rule("dates_valid", "accuracy", "content correctness", name, valid, sum(column.filled for column in dated)),
        rule("periods_ordered", "timeliness", "order in time", name, file.ordered, file.order_checked),
    ]  # fmt: skip
    return pairs + [
        rule("references_found", "consistency", "related-data consistency",
             f"{name}.{reference.column} → {reference.target}", reference.found, reference.filled)
        for reference in file.references
    ]  # fmt: skip


def rule(name: str, dimension: str, indicator: str, scope: str, a: int, b: int, *, lower: bool = False) -> Json:
    """One rule: ``a`` items meet it of ``b`` that were checked."""
    return {
        "rule": name, "dimension": dimension, "indicator": indicator, "scope": scope, "a": int(a), "b": int(b),
        "lower_is_better": lower,
    }  # fmt: skip
