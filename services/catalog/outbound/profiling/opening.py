"""Opens files as DuckDB tables in which every value is text, or says why they are no tables."""

import csv
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from catalog.domain.refusals import FileNotATable

COLUMNS_MAX = 2000
_LINE = re.compile(r"[Ll]ine:? (\d+)")


@dataclass(frozen=True)
class Opened:
    """One file as a table of text."""

    name: str
    table: str
    columns: tuple[str, ...]


@contextmanager
def engine(memory_limit: str = "2GB", threads: int = 2) -> Iterator[Backend]:
    """An in-memory DuckDB that spills into a folder of its own and reads nothing by itself."""
    with tempfile.TemporaryDirectory(prefix="duckdb-") as folder:
        connection = ibis.duckdb.connect(
            ":memory:", threads=threads, memory_limit=memory_limit, temp_directory=folder,
            autoinstall_known_extensions=False, autoload_known_extensions=False,
        )  # fmt: skip
        try:
            yield connection
        finally:
            connection.disconnect()


def open_files(connection: Backend, paths: Mapping[str, Path]) -> list[Opened]:
    """Load each named file; ``FileNotATable`` names the line where a file stops being a table, never its content."""
    return [_open(connection, name, path, f"t{place}") for place, (name, path) in enumerate(sorted(paths.items()))]


def ask(connection: Backend, sql: str) -> list[dict[str, Any]]:  # Any: DuckDB's values
    """The rows of a query, by column; read to the end, since a connection holds one open result at a time."""
    cursor = connection.raw_sql(sql)
    rows = cursor.fetchall()
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def _open(connection: Backend, name: str, path: Path, table: str) -> Opened:
    try:
        columns, reading = _parquet(connection, path) if name.lower().endswith(".parquet") else _csv(name, path)
        ask(connection, f"CREATE TABLE {table} AS SELECT {reading}")
    except (duckdb.Error, UnicodeDecodeError, csv.Error) as error:
        # DuckDB's words quote the row, which may hold a person's data; only the line's number is told.
        line = _LINE.search(str(error))
        facts = {"file": name, "line": int(line.group(1))} if line else {"file": name}
        raise FileNotATable(**facts, why=_why(error)) from None
    if not ask(connection, f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608 - our own name
        raise FileNotATable(file=name, why="it has no row beneath its header")
    return Opened(name, table, tuple(columns))


def _why(error: Exception) -> str:
    words = str(error)
    if "Expected Number of Columns" in words or "columns" in words.lower():
        return "a row has another number of cells than the header"
    if "unterminated" in words.lower() or "quote" in words.lower():
        return "a quoted cell does not end"
    if "utf" in words.lower() or isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return "it cannot be read as a table"


def _parquet(connection: Backend, path: Path) -> tuple[list[str], str]:
    source = f"read_parquet({literal(str(path))})"
    described = ask(connection, f"DESCRIBE SELECT * FROM {source}")  # noqa: S608 - quoted
    columns = checked_names(path.name, [str(row["column_name"]) for row in described])
    cells = ", ".join(_cell(column) for column in columns)
    return columns, f"{cells} FROM {source}"


def _csv(name: str, path: Path) -> tuple[list[str], str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file, strict=True), [])
    columns = checked_names(name, [column.strip() for column in header])
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    cells = ", ".join(_cell(column) for column in columns)
    source = (
        f"read_csv({literal(str(path))}, header=true, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', strict_mode=true, null_padding=false, encoding='utf-8', columns={{{types}}})"
    )
    return columns, f"{cells} FROM {source}"


def _cell(column: str) -> str:
    """Text without spaces around it; what is empty is absent."""
    return f"nullif(trim(CAST({quoted(column)} AS VARCHAR)), '') AS {quoted(column)}"


def checked_names(name: str, columns: list[str]) -> list[str]:
    """Header names: none empty, none twice (case aside, as SQL sees it), not too many."""
    if not columns or not all(columns):
        raise FileNotATable(file=name, line=1, why="the header has a column without a name")
    if len({column.casefold() for column in columns}) != len(columns):
        raise FileNotATable(file=name, line=1, why="the header has a name twice")
    if len(columns) > COLUMNS_MAX:
        raise FileNotATable(file=name, line=1, why=f"it has more than {COLUMNS_MAX} columns")
    return columns
