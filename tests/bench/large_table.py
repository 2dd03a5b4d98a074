"""The profile of a generated table of a million rows, beside hand-written DuckDB SQL for the same figures."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from catalog.outbound.profiling import profile_table
from tests.bench.figures import Figure

ROWS = 1_000_000
RATIO_MIN = 0.5
Figures = tuple[Any, ...]  # Any: DuckDB's values, or the profile


def measure(folder: Path) -> list[Figure]:
    """Generate, profile by both, compare."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "people.csv"
    _generate(table)
    by_hand, figures_by_hand = _timed(lambda: _by_hand(table))
    ours, _ = _timed(lambda: (profile_table({"people.csv": table}, as_of=date(2026, 9, 1)),))
    ratio = by_hand / ours
    return [
        Figure(f"hand-written SQL over {ROWS:,} rows ({len(figures_by_hand)} figures)", f"{by_hand:.2f} s"),
        Figure("profile of the same table", f"{ours:.2f} s"),
        Figure("hand-written SQL / profile", f"{ratio:.2f}", f"≥ {RATIO_MIN}", ratio >= RATIO_MIN),
    ]


def _timed(work: Callable[[], Figures]) -> tuple[float, Figures]:
    began = time.perf_counter()
    figures = work()
    return time.perf_counter() - began, figures


def _generate(path: Path) -> None:
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
            FROM range({ROWS}) AS t(i)
        ) TO '{path}' (HEADER, DELIMITER ',')""")  # noqa: S608 - our own numbers and path


def _by_hand(path: Path) -> Figures:
    """What somebody writes who knows DuckDB and this table: typed columns, one scan, forms only where text stands."""
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "2GB"}) as connection:
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in _TYPES.items())
        connection.execute(f"CREATE TABLE t AS FROM read_csv('{path}', header=true, columns={{{types}}})")
        measures = ", ".join(_MEASURES[kind].replace("{v}", name) for name, kind in _TYPES.items())
        forms = ", ".join(
            f"count(*) FILTER (WHERE length({name}) BETWEEN {least} AND {most} AND regexp_matches({name}, '{form}'))"
            for name, kind in _TYPES.items()
            for least, most, form in _FORMS
            if kind == "VARCHAR"
        )
        row = connection.execute(f"SELECT count(*), {measures}, {forms} FROM t").fetchone()  # noqa: S608 - our own names
        repeated = connection.execute("SELECT count(*) - count(DISTINCT hash(t)) FROM t").fetchone()
        return (*(row or ()), *(repeated or ()))


_TYPES = {
    "person": "VARCHAR", "name": "VARCHAR", "number": "VARCHAR", "mobile": "VARCHAR", "email": "VARCHAR",
    "city": "VARCHAR", "birthdate": "DATE", "amount": "DOUBLE", "visits": "INTEGER", "ward": "VARCHAR",
    "gender": "VARCHAR", "remark": "VARCHAR",
}  # fmt: skip
_NUMBER = "count({v}), approx_count_distinct({v}), min({v}), max({v}), avg({v}), stddev_samp({v})"
_MEASURES = {
    "VARCHAR": "count({v}), approx_count_distinct({v}), min(length({v})), max(length({v}))",
    "DATE": "count({v}), approx_count_distinct({v}), min({v}), max({v})",
    "DOUBLE": _NUMBER,
    "INTEGER": _NUMBER,
}
_FORMS = (
    (18, 18, "^[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]$"),
    (11, 11, "^[0-9]{3}-[0-9]{2}-[0-9]{4}$"),
    (11, 16, r"^(\+?86[ -]?)?1[3-9][0-9]{9}$"),
    (6, 254, r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"),
    (16, 19, "^(4|5[1-5]|62|35|34|37|9)[0-9]{14,18}$"),
    (9, 9, "^(E[A-HJ-NP-Z0-9]|[DGPS])[0-9]{7,8}$"),
    (7, 8, "^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}$"),
    (2, 4, r"^[\x{4e00}-\x{9fff}]{2,4}$"),
)
