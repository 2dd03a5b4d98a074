"""What runs inside a room: a fresh Python that loads one version for one contract, locks itself, and answers.

It is started by path in isolated mode with an empty environment, and imports nothing of ours. Lines of JSON come in
and go out: the first loads and locks, each further one names one of the questions below. No SQL comes in. Names of
columns are those of the product's specification, quoted; values are parameters.
"""
# long: a room is one file, since it imports nothing of ours

import hashlib
import json
import os
import resource
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable
from datetime import date
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
NO_DAY = -(2**31)  # in place of a day that is not there
FIRST_ORDINAL = date(1970, 1, 1).toordinal()
KEY_BYTES = 16
ROWS_AT_ONCE = 20_000
INDEX_COLUMNS = "{'row_token': 'VARCHAR', 'subject_token': 'VARCHAR', 'identity_pseudonym': 'VARCHAR'}"


class People:
    """Everybody who may be asked about, packed: some hundred bytes a person, found in microseconds.

    DuckDB takes longer to plan a question about one row than to find it.
    """

    def __init__(self) -> None:
        self._keys = bytearray()
        self._deceased = bytearray()
        self._pseudonyms = bytearray()
        self._ends = array("Q")
        self._days = array("i")
        self._days_each = 0

    def add(self, rows: list[tuple[Any, ...]]) -> None:
        """Rows of key, pseudonym, whether deceased, and days since 1970; in the order of their keys."""
        for key, pseudonym, deceased, *days in rows:
            self._keys += key
            self._deceased.append(deceased)
            self._pseudonyms += pseudonym.encode()
            self._ends.append(len(self._pseudonyms))
            self._days.extend(days)
            self._days_each = len(days)

    def find(self, token: str) -> tuple[str, bool, list[str | None]] | None:
        """Pseudonym, whether deceased, and days; nothing when there is nobody of this token."""
        key = key_of(token)
        place = bisect_left(range(len(self._ends)), key, key=self._key)
        if self._key(place) != key:
            return None
        begins = self._ends[place - 1] if place else 0
        pseudonym = self._pseudonyms[begins : self._ends[place]].decode()
        days = self._days[place * self._days_each : (place + 1) * self._days_each]
        return pseudonym, self._deceased[place] > 0, [None if day == NO_DAY else iso(day) for day in days]

    def _key(self, place: int) -> bytes:
        return bytes(self._keys[place * KEY_BYTES : (place + 1) * KEY_BYTES])


def key_of(token: str) -> bytes:
    """What a person's row is found by; also DuckDB computes it."""
    return hashlib.sha256(token.encode()).digest()[:KEY_BYTES]


def iso(day: int) -> str:
    """A day, from its number since 1970."""
    return date.fromordinal(FIRST_ORDINAL + day).isoformat()


class Room:
    """One version under one contract, in memory; of each diagnosis only its group's last active day."""

    def __init__(self) -> None:
        self._db = duckdb.connect(":memory:")
        self._persons = People()
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
        self._pack_persons()
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

    def _pack_persons(self) -> None:
        names = ["any_day", *(f"g{place}" for place in range(len(self._groups)))]
        days = ", ".join(f"coalesce(date_diff('day', DATE '1970-01-01', {name}), {NO_DAY})" for name in names)
        rows = self._db.execute(f"""
            SELECT unhex(left(sha256(subject_token), {2 * KEY_BYTES})) AS key, coalesce(identity_pseudonym, ''),
                   deceased, {days}
            FROM persons ORDER BY key""")  # noqa: S608 - see above
        while packed := rows.fetchmany(ROWS_AT_ONCE):
            self._persons.add(packed)
        self._run("DROP TABLE persons")

    def person(self, ask: Ask) -> list[Any] | None:
        """One person by token: pseudonym, whether deceased, last active day of anything and of each group."""
        found = self._persons.find(ask["token"])
        if found is None:
            return None
        pseudonym, deceased, (any_day, *by_group) = found
        return [pseudonym, deceased, any_day, dict(zip(self._groups, by_group, strict=True))]

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
