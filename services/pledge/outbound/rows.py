"""Dataclasses as rows and back: a field is the column of its name, what has an inside is JSON."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, Table
from sqlalchemy.dialects.postgresql import JSONB

from kernel.calendar import SHANGHAI

Kind = TypeVar("Kind")


class Rows(Generic[Kind]):
    """How one dataclass lies in one table."""

    def __init__(self, kind: type[Kind], table: Table) -> None:
        self.table = table
        self._kind = TypeAdapter(kind)
        self._names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type] # only dataclasses are given
        self._inside = {column.name for column in table.columns if isinstance(column.type, JSONB)}
        self.columns = [table.c[name] for name in self._names]

    def row(self, thing: Kind) -> dict[str, Any]:  # Any: column values
        """The thing's column values."""
        values = {name: getattr(thing, name) for name in self._names}
        if self._inside:
            written = self._kind.dump_python(thing, mode="json")
            values |= {name: written[name] for name in self._inside}
        return values

    def thing(self, row: RowMapping) -> Kind:
        """The thing that a row keeps; moments in Shanghai time."""
        return self._kind.validate_python({name: _local(row[name]) for name in self._names})

    def things(self, rows: Iterable[RowMapping]) -> list[Kind]:
        """The things that rows keep."""
        return [self.thing(row) for row in rows]


def _local(value: object) -> object:
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else value
