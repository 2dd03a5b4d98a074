"""Near-copy sketches: bottom-k of what a table's rows and cells are, and of what a model's elements are."""

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ifcopenshell
from ibis.backends.duckdb import Backend

from catalog.domain.sketch import SKETCH_SIZE
from catalog.outbound.profiling.elements import content_digests, instance_digests, open_model, rooted
from catalog.outbound.profiling.opening import Opened, ask, engine, open_files, quoted

LIMBS = 4
MODULUS = 1 << 256
Json = dict[str, Any]  # Any: JSON values


def sketch_table(paths: Mapping[str, Path], *, memory_limit: str = "2GB", threads: int = 2) -> Json:
    """The sketch of the files of one version."""
    with engine(memory_limit, threads) as connection:
        return sketch_opened(connection, open_files(connection, paths))


def sketch_opened(connection: Backend, files: Iterable[Opened]) -> Json:
    """The sketch of tables that are open already."""
    return _whole("table", [_table_part(connection, file) for file in files])


def _table_part(connection: Backend, file: Opened) -> Json:
    # A row is its cells in any order and by any column names, so neither shuffling nor renaming hides a copy.
    cells = ", ".join(_normalised(column) for column in file.columns)
    row = f"array_to_string(list_sort(list_filter([{cells}], lambda c: c <> '')), chr(31))"
    rows = f"(SELECT sha256({row}) AS h FROM {file.table})"  # noqa: S608 - quoted
    limbs = ", ".join(
        f"sum(CAST('0x' || substr(h, {1 + place * 16}, 16) AS UBIGINT)) AS limb{place}" for place in range(LIMBS)
    )
    summed = ask(connection, f"SELECT count(*) AS n, {limbs} FROM {rows}")[0]  # noqa: S608 - quoted
    least = ask(connection, f"SELECT DISTINCT substr(h, 1, 16) AS h FROM {rows} ORDER BY 1 LIMIT {SKETCH_SIZE}")  # noqa: S608 - quoted
    total = sum(int(summed[f"limb{place}"]) << (64 * (LIMBS - 1 - place)) for place in range(LIMBS))
    return {
        "name": file.name, "size": summed["n"], "multiset": f"{total % MODULUS:064x}",
        "minhash": [row["h"] for row in least], "cells": _cells(connection, file),
    }  # fmt: skip


def _cells(connection: Backend, file: Opened) -> list[str]:
    least: set[str] = set()
    for column in file.columns:
        values = f"SELECT DISTINCT {_normalised(column)} AS v FROM {file.table} WHERE {quoted(column)} IS NOT NULL"  # noqa: S608 - quoted
        found = ask(connection, f"SELECT substr(sha256(v), 1, 16) AS h FROM ({values}) ORDER BY 1 LIMIT {SKETCH_SIZE}")  # noqa: S608 - quoted
        least |= {row["h"] for row in found}
    return sorted(least)[:SKETCH_SIZE]


def _normalised(column: str) -> str:
    """Case and the writing of numbers do not matter: 1334.8799999999999 and 1334.88 are one, so are 7 and 7.0."""
    name = quoted(column)
    number = f"TRY_CAST({name} AS DOUBLE)"
    may_be = f"contains({name}, '.') AND length({name}) <= 30 AND ascii({name}) BETWEEN 43 AND 57"
    written = f"lower(nfc_normalize(coalesce({name}, '')))"
    return f"CASE WHEN {may_be} AND {number} IS NOT NULL THEN printf('%.12g', {number}) ELSE {written} END"


def sketch_model(paths: Mapping[str, Path]) -> Json:
    """The sketch of the IFC files of one version."""
    return sketch_models({name: open_model(name, path) for name, path in paths.items()})


def sketch_models(models: Mapping[str, ifcopenshell.file]) -> Json:
    """The sketch of models that are open already."""
    return _whole("bim", [_model_part(name, model) for name, model in sorted(models.items())])


def _model_part(name: str, model: ifcopenshell.file) -> Json:
    total = size = 0
    for digest in instance_digests(model):
        total += int.from_bytes(digest, "big")
        size += 1
    return {
        "name": name, "size": size, "multiset": f"{total % MODULUS:064x}",
        "minhash": _bottom(hashlib.sha256(str(root.GlobalId).encode()).digest() for root in rooted(model)),
        "cells": _bottom(content_digests(model)),
    }  # fmt: skip


def _bottom(digests: Iterable[bytes]) -> list[str]:
    return [digest.hex() for digest in heapq.nsmallest(SKETCH_SIZE, {digest[:8] for digest in digests})]


def _whole(kind: str, parts: list[Json]) -> Json:
    """The files together, beside each alone."""
    total = sum(int(part["multiset"], 16) for part in parts) % MODULUS
    return {
        "kind": kind, "size": sum(part["size"] for part in parts), "multiset": f"{total:064x}",
        "minhash": sorted({digest for part in parts for digest in part["minhash"]})[:SKETCH_SIZE],
        "cells": sorted({digest for part in parts for digest in part["cells"]})[:SKETCH_SIZE],
        "parts": parts,
    }  # fmt: skip
