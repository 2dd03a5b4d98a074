"""What runs inside a room: a fresh Python that loads one version for one contract, locks itself, and answers.

It is started by path in isolated mode with an empty environment, and imports nothing of ours. Lines of JSON come in
and go out: the first loads and locks, each further one names one of the questions below. No SQL comes in. Names of
columns are those of the product's specification, quoted; values are parameters.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

Ask = dict[str, Any]  # Any: JSON values
SETTINGS = (
    ("autoinstall_known_extensions", "false"),
    ("autoload_known_extensions", "false"),
    ("allow_community_extensions", "false"),
    ("allow_persistent_secrets", "false"),
    ("python_enable_replacements", "false"),
    ("enable_external_access", "false"),
    ("lock_configuration", "true"),
)
DIMENSIONS = ("gender", "birth_decade", "region")
FOR_EVER = "DATE '9999-12-31'"
INDEX_COLUMNS = "{'row_token': 'VARCHAR', 'subject_token': 'VARCHAR', 'identity_pseudonym': 'VARCHAR'}"


class Room:
    """One version under one contract, in memory; of each diagnosis only its group's last active day."""

    def __init__(self) -> None:
        self._db = duckdb.connect(":memory:")
        self._groups: list[str] = []
        self._cpu_seconds = 0

    def load(self, ask: Ask) -> Ask:
        """Read the files, derive one row a person, then lock."""
        self._db.execute(f"SET threads = {int(ask['threads'])}")
        self._db.execute(f"SET memory_limit = '{int(ask['memory_bytes'])}B'")
        self._db.execute("SET temp_directory = ''")
        self._db.execute("SET preserve_insertion_order = false")
        self._groups = sorted(ask["groups"])
        self._run(
            f"CREATE TABLE subjects AS SELECT * FROM read_csv(?, columns = {INDEX_COLUMNS}, header = false)",  # noqa: S608 - see above
            ask["index_path"],
        )
        self._load_diagnoses(ask["diagnoses"], ask["groups"], ask["diagnoses_path"])
        self._load_people(ask["people"], ask["people_path"])
        self._db.execute("CREATE INDEX person_by_token ON persons (subject_token)")
        first, last = self._db.execute("SELECT first_day, last_day FROM extent").fetchone() or (None, None)
        self._cpu_seconds = int(ask["cpu_seconds"])
        lock(self._db, int(ask["room_bytes"]))
        return {"records_from": _day(first), "records_to": _day(last)}

    def _run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, list(values)).fetchall()

    def _load_diagnoses(self, named: dict[str, str], groups: dict[str, list[str]], path: str) -> None:
        abated = _last_day(_name(named["abated"])) if named["abated"] else "NULL::DATE"
        self._run(
            f"""
            CREATE TABLE episodes AS
            SELECT {_name(named["token"])} AS row_token, {_name(named["code"])}::VARCHAR AS code,
                   {_first_day(_name(named["onset"]))} AS onset, {abated} AS abated
            FROM read_parquet(?)""",  # noqa: S608 - see above
            path,
        )
        self._run("""
            CREATE TABLE extent AS
            SELECT min(onset) AS first_day, greatest(max(onset), max(abated)) AS last_day FROM episodes""")
        last_active = f"max(coalesce(abated, {FOR_EVER}))"
        each = "".join(
            f", {last_active} FILTER (code IN ({_texts(groups[group])})) AS g{place}"
            for place, group in enumerate(self._groups)
        )
        self._run(f"""
            CREATE TABLE histories AS
            SELECT row_token, {last_active} AS any_day{each} FROM episodes GROUP BY row_token""")  # noqa: S608 - see above
        self._run("DROP TABLE episodes")

    def _load_people(self, named: dict[str, str], path: str) -> None:
        """``persons``: a row an identity number, to be asked by token. ``people``: a row a record, to be counted."""
        token = f"p.{_name(named['token'])}"
        column = {key: f"p.{_name(named[key])}::VARCHAR" if named[key] else "NULL::VARCHAR" for key in named}
        decade = f"(try_cast(left({column['birth_year']}, 4) AS INTEGER) // 10 * 10)::VARCHAR"
        days = [f"g{place}" for place in range(len(self._groups))]
        self._run(
            f"""
            CREATE TABLE records AS
            SELECT coalesce(s.subject_token, 'row:' || {token}) AS subject_token, s.identity_pseudonym,
                   lower(trim(coalesce({column["deceased"]}, ''))) NOT IN ('', 'false', 'f', '0', 'no', 'n')
                       AS deceased, {column["gender"]} AS gender, {decade} AS birth_decade,
                   {", ".join([f"{column['region']} AS region", "any_day", *days])}
            FROM read_parquet(?) p LEFT JOIN subjects s ON s.row_token = {token}
            LEFT JOIN histories h ON h.row_token = {token}""",  # noqa: S608 - see above
            path,
        )
        latest = ", ".join(f"max({day}) AS {day}" for day in ("any_day", *days))
        self._run(f"""
            CREATE TABLE persons AS
            SELECT subject_token, any_value(identity_pseudonym) AS identity_pseudonym, bool_or(deceased) AS deceased,
                   {latest}
            FROM records GROUP BY subject_token""")  # noqa: S608 - see above
        self._run(f"""
            CREATE TABLE people AS
            SELECT hash(subject_token) AS person, {", ".join([*DIMENSIONS, *days])} FROM records""")  # noqa: S608 - see above
        for spent in ("records", "histories", "subjects"):
            self._run(f"DROP TABLE {spent}")

    def person(self, ask: Ask) -> list[Any] | None:
        """One person by token: pseudonym, whether deceased, last active day of anything and of each group."""
        days = "".join(f", g{place}" for place in range(len(self._groups)))
        found = self._run(
            f"SELECT identity_pseudonym, deceased, any_day{days} FROM persons WHERE subject_token = ?",  # noqa: S608 - see above
            ask["token"],
        )
        if not found:
            return None
        pseudonym, deceased, any_day, *by_group = found[0]
        last_days = {group: _day(day) for group, day in zip(self._groups, by_group, strict=True)}
        return [pseudonym, bool(deceased), _day(any_day), last_days]

    def cells(self, _ask: Ask) -> list[Any]:
        """The finest division into the dimensions, with the distinct persons of each cell."""
        rows = self._run(f"SELECT {', '.join(DIMENSIONS)}, count(DISTINCT person) FROM people GROUP BY ALL")  # noqa: S608 - see above
        return [[dict(zip(DIMENSIONS, row, strict=False)), row[-1]] for row in rows]

    def cohort(self, ask: Ask) -> list[Any]:
        """Distinct persons by group, and those of them who were active in each disease group after the first day."""
        by = [name for name in DIMENSIONS if name in ask["group_by"]]
        filters = [name for name in DIMENSIONS if name in ask["filters"]]
        where = " AND ".join(["true", *(f"{name} IN (SELECT unnest(?::VARCHAR[]))" for name in filters)])
        having = "".join(
            f", count(DISTINCT person) FILTER (g{place} > CAST(? AS DATE))" for place in range(len(self._groups))
        )
        rows = self._run(
            f"SELECT {''.join(f'{name}, ' for name in by)}count(DISTINCT person){having} FROM people "  # noqa: S608 - see above
            f"WHERE {where}" + (f" GROUP BY {', '.join(by)} ORDER BY ALL" if by else ""),
            *([ask["first_day"]] * len(self._groups)), *(ask["filters"][name] for name in filters),
        )  # fmt: skip
        return [
            [dict(zip(by, row, strict=False)), row[len(by)], dict(zip(self._groups, row[len(by) + 1 :], strict=True))]
            for row in rows
        ]

    def allow_time(self) -> None:
        """Let the next question use so many seconds of processor time and no more."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        until = int(usage.ru_utime + usage.ru_stime) + 1 + self._cpu_seconds
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def lock(db: duckdb.DuckDBPyConnection, room_bytes: int) -> None:
    """From here on the engine takes no file and no setting, and the process gets no file, socket, child or core."""
    for name, value in SETTINGS:
        db.execute(f"SET {name} = {value}")
    for name, value in SETTINGS:
        told = db.execute("SELECT current_setting(?)", [name]).fetchone()
        if told is None or str(told[0]).lower() != value:
            message = f"{name} is {told}"
            raise RuntimeError(message)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memory = pages * os.sysconf("SC_PAGE_SIZE") + room_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for none in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(none, (0, 0))
    # A new descriptor takes the lowest free number: once that is the limit, nothing can be opened at all.
    lowest_free = os.dup(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + 1, lowest_free + 1))


def _name(column: str) -> str:
    quoted = column.replace('"', '""')
    return f'"{quoted}"'


def _texts(values: list[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _first_day(column: str) -> str:
    """A day from a date, a time, a month (its first day) or a year (likewise); anything else ends the loading."""
    text = f"nullif(trim({column}::VARCHAR), '')"
    whole = f"CASE length({text}) WHEN 4 THEN {text} || '-01-01' WHEN 7 THEN {text} || '-01' ELSE left({text}, 10) END"
    return f"CAST({whole} AS DATE)"


def _last_day(column: str) -> str:
    """As above, and of a month or a year the last day; empty stays empty."""
    text = f"nullif(trim({column}::VARCHAR), '')"
    return (
        f"CASE length({text}) WHEN 4 THEN CAST({text} || '-12-31' AS DATE) "
        f"WHEN 7 THEN last_day(CAST({text} || '-01' AS DATE)) ELSE CAST(left({text}, 10) AS DATE) END"
    )


def _day(day: object) -> str | None:
    return None if day is None else str(day)[:10]


def main() -> None:
    """Answer until the other end closes."""
    room = Room()
    questions: dict[str, Callable[[Ask], Any]] = {  # Any: JSON values
        "load": room.load, "person": room.person, "cells": room.cells, "cohort": room.cohort,
    }  # fmt: skip
    for line in sys.stdin.buffer:
        ask = json.loads(line)
        answer: Ask
        try:
            if ask["question"] != "load":
                room.allow_time()
            answer = {"answer": questions[ask["question"]](ask)}
        except Exception as error:  # noqa: BLE001 - what went wrong is told by its kind; a message could hold values
            answer = {"failed": type(error).__name__}
        sys.stdout.buffer.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
