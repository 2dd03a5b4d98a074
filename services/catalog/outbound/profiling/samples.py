"""A few rows to look at; where persons are concerned, only the shape of each value is shown."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ibis.backends.duckdb import Backend

from catalog.outbound.profiling.opening import Opened, ask

ROWS = 10
_DIGIT, _HAN, _HAN_KEPT = re.compile(r"\d"), re.compile(r"[一-鿿]"), re.compile(r"[^\W\d_某]")
CELL_CHARACTERS_MAX = 80
Json = dict[str, Any]  # Any: JSON values


def sample_of(connection: Backend, files: Iterable[Opened], profile: Mapping[str, Any], *, persons: bool) -> list[Json]:
    """The first rows of each file; all cells masked when the data is about persons, else the personal columns."""
    hidden = {(entry["file"], entry["column"]) for entry in profile["personal"]}
    samples = []
    for file in files:
        rows = ask(connection, f"SELECT * FROM {file.table} LIMIT {ROWS}")  # noqa: S608 - our own name; the sample shows all columns
        masked = [persons or (file.name, column) in hidden for column in file.columns]
        samples.append({
            "name": file.name,
            "columns": list(file.columns),
            "rows": [
                [shape(value) if is_masked else value and value[:CELL_CHARACTERS_MAX]
                 for value, is_masked in zip(row.values(), masked, strict=True)]
                for row in rows
            ],
        })  # fmt: skip
    return samples


def shape(value: str | None) -> str | None:
    """Letters as x, digits as 9, Chinese characters as 某."""
    if value is None:
        return None
    cut = value[:CELL_CHARACTERS_MAX]
    return _DIGIT.sub("9", _HAN_KEPT.sub("x", _HAN.sub("某", cut)))
