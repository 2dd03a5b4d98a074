"""Carries a recipe out with DuckDB: the same sources, recipe and key give the same bytes."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from ibis.backends.duckdb import Backend

from catalog.domain.identity import token
from catalog.domain.recipe import Recipe, Step, TableRecipe, columns_after
from catalog.domain.refusals import IdentifiersRemain, RecipeRefused
from catalog.outbound.profiling.elements import element_rows, open_model
from catalog.outbound.profiling.opening import Opened, ask, engine, literal, open_files, quoted

BATCH = 100_000


class Kitchen:
    """One derivation under way."""

    def __init__(self, connection: Backend, files: Mapping[str, Opened], key: bytes, as_of: date) -> None:
        self._connection, self._files, self._key, self._as_of = connection, files, key, as_of
        self._views = 0

    def make(self, table: TableRecipe, to: Path) -> None:
        """Write one table of the result, its rows sorted: their order tells nothing of the source."""
        columns_after(table, {name: file.columns for name, file in self._files.items()})
        opened = self._files[table.source]
        current, columns = opened.table, list(opened.columns)
        for step in table.steps:
            current, columns = self._step(current, columns, step)
        cells = ", ".join(quoted(column) for column in columns)
        result = f"SELECT {cells} FROM {current} ORDER BY ALL"  # noqa: S608 - quoted
        ask(self._connection, f"COPY ({result}) TO {literal(str(to))} (FORMAT parquet, COMPRESSION zstd)")

    def _step(self, current: str, columns: list[str], step: Step) -> tuple[str, list[str]]:
        members = step.members
        if step.does == "drop":
            columns = [column for column in columns if column not in members["columns"]]
            return self._view(current, {column: quoted(column) for column in columns})
        if step.does == "keep":
            return self._view(current, {column: quoted(column) for column in members["columns"]})
        if step.does == "filter":
            return self._view(current, {column: quoted(column) for column in columns}, _condition(members))
        if step.does == "join":
            return self._join(current, columns, members)
        if step.does == "tokenise":
            current, value = self._tokenised(current, members["column"])
        else:
            value = quoted(members["column"])
            value = value if step.does == "rename" else _generalised(value, members, self._as_of)
        return self._view(current, {
            members["into"] if column == members["column"] else column:
            value if column == members["column"] else quoted(column)
            for column in columns
        })  # fmt: skip

    def _view(self, current: str, cells: Mapping[str, str], condition: str = "true") -> tuple[str, list[str]]:
        self._views += 1
        name = f"s{self._views}"
        selected = ", ".join(f"{value} AS {quoted(column)}" for column, value in cells.items())
        ask(self._connection, f"CREATE TEMP TABLE {name} AS SELECT {selected} FROM {current} WHERE {condition}")  # noqa: S608 - quoted
        return name, list(cells)

    def _join(self, current: str, columns: list[str], members: Mapping[str, Any]) -> tuple[str, list[str]]:
        other, matches = self._files[members["with"]].table, quoted(members["matches"])
        twice = f"SELECT 1 FROM {other} WHERE {matches} IS NOT NULL GROUP BY {matches} HAVING count(*) > 1 LIMIT 1"  # noqa: S608 - quoted
        if ask(self._connection, twice):
            raise RecipeRefused(where=f"join with {members['with']}", why="several of its rows match one")
        cells = {column: f"a.{quoted(column)}" for column in columns}
        cells |= {column: f"b.{quoted(column)}" for column in members["columns"]}
        met = f"a.{quoted(members['column'])} = b.{matches}"
        return self._view(f"{current} AS a LEFT JOIN {other} AS b ON {met}", cells)

    def _tokenised(self, current: str, column: str) -> tuple[str, str]:
        """Each distinct value is tokenised once, outside SQL."""
        self._views += 1
        tokens, value, made = f"k{self._views}", f"value of k{self._views}", f"token of k{self._views}"
        ask(self._connection, f"CREATE TEMP TABLE {tokens} ({quoted(value)} VARCHAR, {quoted(made)} VARCHAR)")
        name = quoted(column)
        different = f"SELECT DISTINCT {name} AS v FROM {current} WHERE {name} IS NOT NULL ORDER BY 1"  # noqa: S608 - quoted
        values = ask(self._connection, different)
        for start in range(0, len(values), BATCH):
            batch = [row["v"] for row in values[start : start + BATCH]]
            arrow = pa.table({value: batch, made: [token(self._key, text) for text in batch]})
            self._connection.con.register("arriving", arrow)
            ask(self._connection, f"INSERT INTO {tokens} SELECT {quoted(value)}, {quoted(made)} FROM arriving")  # noqa: S608 - our own names
            self._connection.con.unregister("arriving")
        joined = f"{current} LEFT JOIN {tokens} ON {tokens}.{quoted(value)} = {current}.{quoted(column)}"
        return joined, quoted(made)


def derive(
    sources: Mapping[str, Path], recipe: Recipe, key: bytes, as_of: date, to: Path, *,
    memory_limit: str = "2GB", threads: int = 1,
) -> dict[str, Path]:  # fmt: skip
    """Write each table of the recipe as Parquet into a folder.

    One thread: several would write the rows in groups of their own, and the bytes would differ from run to run.
    """
    with engine(memory_limit, threads) as connection:
        files = {opened.name: opened for opened in open_sources(connection, sources)}
        kitchen = Kitchen(connection, files, key, as_of)
        written = {}
        for table in recipe.tables:
            written[f"{table.name}.parquet"] = to / f"{table.name}.parquet"
            kitchen.make(table, written[f"{table.name}.parquet"])
        return written


def refuse_identifiers(profile: Mapping[str, Any]) -> None:  # Any: the JSON of a profile
    """Refuse a result whose profile shows direct identifiers."""
    columns = [f"{entry['file']}.{entry['column']}" for entry in profile["personal"] if entry["weight"] == "direct"]
    if columns:
        raise IdentifiersRemain(columns=sorted(set(columns)))


def open_sources(connection: Backend, sources: Mapping[str, Path]) -> list[Opened]:
    """Tables as they are; a model as the table of its elements."""
    tables = {name: path for name, path in sources.items() if not name.lower().endswith(".ifc")}
    opened = open_files(connection, tables)
    for place, (name, path) in enumerate(sorted(sources.items())):
        if name in tables:
            continue
        rows = element_rows(open_model(name, path))
        columns = ("global_id", "class", "name", "type", "storey", "material")
        arrow = pa.table({column: pa.array([row[i] for row in rows], pa.string()) for i, column in enumerate(columns)})
        connection.con.register("arriving", arrow)
        ask(connection, f"CREATE TABLE m{place} AS SELECT {', '.join(map(quoted, columns))} FROM arriving")  # noqa: S608 - our own names
        connection.con.unregister("arriving")
        opened.append(Opened(name, f"m{place}", columns))
    return opened


def _condition(members: Mapping[str, Any]) -> str:
    column, kind = quoted(members["column"]), members["is"]
    if kind in {"equals", "differs"}:
        return f"{column} IS {'NOT ' if kind == 'equals' else ''}DISTINCT FROM {literal(members['value'])}"
    if kind == "in":
        return f"{column} IN ({', '.join(map(literal, members['values']))})"
    return f"{column} IS {'NOT ' if kind == 'filled' else ''}NULL"


def _generalised(value: str, members: Mapping[str, Any], as_of: date) -> str:
    day, number = f"TRY_CAST({value} AS DATE)", f"TRY_CAST({value} AS DOUBLE)"
    width = members.get("width", 1)
    kinds: dict[str, Callable[[], str]] = {
        "year": lambda: f"strftime({day}, '%Y')",
        "month": lambda: f"strftime({day}, '%Y-%m')",
        "presence": lambda: f"CASE WHEN {value} IS NULL THEN 'false' ELSE 'true' END",
        "prefix": lambda: f"left({value}, {members['length']})",
        "band": lambda: _band(f"floor({number} / {width}) * {width}", width),
        "age_band": lambda: _band(f"floor(date_sub('year', {day}, DATE '{as_of}') / {width}) * {width}", width),
    }
    return kinds[members["to"]]()


def _band(lower: str, width: int) -> str:
    return f"CAST(CAST({lower} AS BIGINT) AS VARCHAR) || '-' || CAST(CAST({lower} AS BIGINT) + {width - 1} AS VARCHAR)"
