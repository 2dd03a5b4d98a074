"""The profile of a generated table, beside SQL written by hand for that table, which comes to the same figures."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from catalog.outbound.profiling import profile_table
from tests.bench.figures import Figure
from tests.bench.sizes import Sizes

RATIO_MIN = 0.5
AS_OF = date(2026, 9, 1)
THREADS, MEMORY = 2, "2GB"
FILE = "people.csv"
Row = dict[str, Any]  # Any: DuckDB's values, or the profile's


def measure(folder: Path, sizes: Sizes) -> list[Figure]:
    """Generate; let both take turns; compare what they found and how long they took."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / FILE
    _generate(table, sizes.rows)
    by_hand, ours = list[float](), list[float]()
    for _ in range(sizes.rounds):
        seconds, figures = _timed(lambda: _by_hand(table))
        by_hand.append(seconds)
        seconds, profile = _timed(
            lambda: profile_table({FILE: table}, as_of=AS_OF, memory_limit=MEMORY, threads=THREADS)
        )
        ours.append(seconds)
        _same(figures, profile)
    what = f"{sizes.rows:,} rows, median of {sizes.rounds}"
    ratio = median(by_hand) / median(ours)
    return [
        Figure("sql_by_hand_seconds", f"hand-written SQL over {what}", median(by_hand), "s"),
        Figure("profile_seconds", f"profile of {what}", median(ours), "s"),
        Figure("sql_by_hand_to_profile", "hand-written SQL / profile", ratio, "×", target=RATIO_MIN, at_least=True),
    ]


def _timed(work: Callable[[], Row]) -> tuple[float, Row]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def _generate(path: Path, rows: int) -> None:
    """Invented people: twelve columns of text, numbers, dates, codes and gaps."""
    duckdb.sql(f"""
        COPY (
            SELECT 'P' || lpad(i::VARCHAR, 9, '0') AS person,
                   chr((19968 + hash(i) % 5000)::INTEGER) || chr((19968 + hash(i * 7) % 5000)::INTEGER) AS name,
                   '999-' || lpad((i % 90 + 10)::VARCHAR, 2, '0') || '-' || lpad((i % 9000)::VARCHAR, 4, '0') AS number,
                   '1' || (30 + i % 70) || lpad((hash(i) % 100000000)::VARCHAR, 8, '0') AS mobile,
                   CASE WHEN i % 11 > 0 THEN 'p' || i || '@example.org' END AS email,
                   ['青岛市', '济南市', '烟台市', '潍坊市'][1 + i % 4] AS city,
                   (DATE '1940-01-01' + ((hash(i) % 28000)::INTEGER))::VARCHAR AS birthdate,
                   round((hash(i * 3) % 100000000) / 100.0, 2)::VARCHAR AS amount,
                   (hash(i * 5) % 1000)::VARCHAR AS visits,
                   lpad((i % 700)::VARCHAR, 6, '0') AS ward,
                   ['M', 'F'][1 + i % 2] AS gender,
                   CASE WHEN i % 3 = 0 THEN 'note ' || (i % 5000) END AS remark
            FROM range({rows}) AS t(i)
        ) TO '{path}' (HEADER, DELIMITER ',')""")  # noqa: S608 - our own numbers and path


COLUMNS = ("person", "name", "number", "mobile", "email", "city", "birthdate", "amount", "visits", "ward", "gender",
           "remark")  # fmt: skip
NUMBERS = ("mobile", "amount", "visits")
DATES = ("birthdate",)
ALWAYS_FILLED = tuple(column for column in COLUMNS if column not in {"email", "remark"})
KEYS = ("person", "mobile")
FEW_VALUES = ("city",)
FORMS = {
    "id_card": (18, 18, "^[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]$"),
    "us_ssn": (11, 11, "^[0-9]{3}-[0-9]{2}-[0-9]{4}$"),
    "mobile": (11, 16, r"^(\+?86[ -]?)?1[3-9][0-9]{9}$"),
    "email": (6, 254, r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"),
    "bank_card": (16, 19, "^(4|5[1-5]|62|35|34|37|9)[0-9]{14,18}$"),
    "passport": (9, 9, "^(E[A-HJ-NP-Z0-9]|[DGPS])[0-9]{7,8}$"),
    "plate": (7, 8, "^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}$"),
    "name": (2, 4, r"^[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许邓冯韩曹][\x{4e00}-\x{9fff}]{1,3}$"),
}


def _by_hand(path: Path) -> Row:
    """What somebody writes who knows DuckDB and this table; cells come as text, since some may be malformed."""
    cells = ", ".join(f"nullif(trim({column}), '') AS {column}" for column in COLUMNS)
    types = ", ".join(f"'{column}': 'VARCHAR'" for column in COLUMNS)
    with duckdb.connect(":memory:", config={"threads": THREADS, "memory_limit": MEMORY}) as connection:

        def ask(sql: str) -> Row:
            cursor = connection.execute(sql)
            row = cursor.fetchone()
            assert row is not None
            return dict(zip([column[0] for column in cursor.description or ()], row, strict=True))

        connection.execute(
            f"CREATE TABLE t AS SELECT {cells} FROM read_csv('{path}', header=true, auto_detect=false, delim=',', "  # noqa: S608 - our own names
            f"quote='\"', escape='\"', columns={{{types}}})"
        )
        found = ask(f"SELECT {', '.join(_measures())} FROM {_cast()}")  # noqa: S608 - our own names
        found |= ask(f"SELECT count(*) AS different FROM (SELECT DISTINCT hash({', '.join(COLUMNS)}) FROM t)")  # noqa: S608 - as above
        for column in KEYS:
            found |= ask(f"SELECT count(*) AS {column}_exactly FROM (SELECT DISTINCT {column} FROM t)")  # noqa: S608 - as above
        for column in FEW_VALUES:
            tops = f"SELECT {column}, count(*) FROM t WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"  # noqa: S608 - as above
            found[f"{column}_tops"] = connection.execute(tops).fetchall()
        return found


def _cast() -> str:
    numbers = [f"try_cast({column} AS DOUBLE) AS {column}_number" for column in NUMBERS]
    dates = [f"try_cast({column} AS DATE) AS {column}_date" for column in DATES]
    lengths = [f"length({column}) AS {column}_length" for column in COLUMNS]
    return f"(SELECT {', '.join([*COLUMNS, *numbers, *dates, *lengths])} FROM t)"  # noqa: S608 - our own names


def _measures() -> list[str]:
    filled = " AND ".join(f"{column} IS NOT NULL" for column in ALWAYS_FILLED)
    measures = ["count(*) AS all_rows", f"count(*) FILTER (WHERE {filled}) AS complete"]
    for c in COLUMNS:
        measures += [
            f"count({c}) AS {c}_filled", f"approx_count_distinct({c}) AS {c}_distinct",
            f"min({c}_length) AS {c}_shortest", f"max({c}_length) AS {c}_longest",
        ]  # fmt: skip
        for kind, (least, most, form) in FORMS.items():
            # CASE, since AND would try the expression on every value.
            is_form = f"CASE WHEN {c}_length BETWEEN {least} AND {most} THEN regexp_matches({c}, '{form}') END"
            measures.append(f"coalesce(sum({is_form}), 0) AS {c}_is_{kind}")
    for c in NUMBERS:
        n = f"{c}_number"
        measures += [
            f"count({n}) AS {c}_numbers", f"count(*) FILTER (WHERE {n} % 1 = 0) AS {c}_integers",
            f"min({n}) AS {c}_least", f"max({n}) AS {c}_most", f"avg({n}) AS {c}_mean",
            f"stddev_samp({n}) AS {c}_deviation",
        ]  # fmt: skip
    for c in DATES:
        valid = f"{c}_date BETWEEN DATE '1900-01-01' AND DATE '{AS_OF}'"
        measures += [
            f"count({c}_date) AS {c}_dates", f"min({c}_date) AS {c}_first", f"max({c}_date) AS {c}_last",
            f"count(*) FILTER (WHERE {valid}) AS {c}_valid",
        ]  # fmt: skip
    return measures


def _same(by_hand: Row, profile: Row) -> None:
    """A faster profile that finds something else would be no faster profile."""
    file = profile["files"][0]
    assert file["rows"] == by_hand["all_rows"]
    assert file["duplicate_rows"] == by_hand["all_rows"] - by_hand["different"]
    keys = {key["column"]: key["distinct"] for key in file["keys"]}
    assert {column: keys[column] for column in KEYS} == {column: by_hand[f"{column}_exactly"] for column in KEYS}
    quality = {rule["rule"]: rule["a"] for rule in profile["quality"]}
    assert quality["records_complete"] == by_hand["complete"]
    assert quality["dates_valid"] == by_hand["birthdate_valid"]
    for column in file["columns"]:
        name = column["name"]
        found = {key: by_hand[f"{name}_{key}"] for key in ("filled", "shortest", "longest")}
        assert found == {"filled": column["filled"], "shortest": column["length_min"], "longest": column["length_max"]}
        if column["type"] in {"integer", "decimal"} and not column.get("personal"):
            assert abs(column["mean"] - by_hand[f"{name}_mean"]) < 1e-6 * abs(column["mean"])
    tops = {c: [(top["value"], top["count"]) for top in _column(file, c)["top"]] for c in FEW_VALUES}
    assert tops == {c: by_hand[f"{c}_tops"] for c in FEW_VALUES}
    matched = {(entry["column"], entry["kind"]): entry["matched"] for entry in profile["personal"]
               if entry["basis"] == "pattern"}  # fmt: skip
    for (column_name, kind), number in matched.items():
        assert kind == "name" or by_hand[f"{column_name}_is_{kind}"] == number, (column_name, kind)


def _column(file: Row, name: str) -> Row:
    return next(column for column in file["columns"] if column["name"] == name)
