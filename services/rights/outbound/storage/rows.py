"""Aggregates as rows: one mapping for all of them, since a row has the aggregate's own names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Select, Table, select
from sqlalchemy.dialects.postgresql import JSONB

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from kernel.refusals import NotFound
from kernel.storage import change
from rights.domain.registration import Registration
from rights.ports import Wanted

Aggregate = TypeVar("Aggregate")
# Columns that are looked for and lie deeper in the aggregate.
_DEEPER: Mapping[type, Mapping[str, Callable[[Any], Any]]] = {  # Any: functions of the aggregate
    Registration: {
        "asset_id": lambda registration: registration.subject.asset_id,
        "version_id": lambda registration: registration.subject.version_id,
        "lineage_root": lambda registration: registration.subject.lineage_root,
    },
}


@cache
def _adapter_of(kind: Any) -> TypeAdapter[Any]:  # Any: an adapter of each aggregate's own type
    return TypeAdapter(kind)


def in_shanghai(value: object) -> object:
    """Moments are told in Shanghai time."""
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else value


class SqlRows(Generic[Aggregate]):
    """A table of aggregates."""

    def __init__(self, conn: Connection, table: Table, kind: type[Aggregate], missing: type[NotFound]) -> None:
        self._conn, self._table, self._kind, self._missing = conn, table, kind, missing
        self._id = next(iter(table.primary_key.columns))
        # A class can be hashed, which mypy does not know of a type variable's.
        self._adapter = _adapter_of(kind)  # type: ignore[arg-type]  # see above
        self._fields = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # every aggregate is a dataclass

    def _row(self, aggregate: Aggregate) -> dict[str, Any]:
        written = self._adapter.dump_python(aggregate, mode="json")
        deeper = _DEEPER.get(self._kind, {})
        row = {}
        for column in self._table.columns:
            if column.name in deeper:
                row[column.name] = deeper[column.name](aggregate)
            elif isinstance(column.type, JSONB):
                row[column.name] = written[column.name]
            else:
                row[column.name] = getattr(aggregate, column.name)
        return row

    def _aggregate(self, row: Mapping[str, Any]) -> Aggregate:
        aggregate: Aggregate = self._adapter.validate_python({name: in_shanghai(row[name]) for name in self._fields})
        return aggregate

    async def add(self, aggregate: Aggregate) -> None:
        """Keep a new one."""
        await self._conn.execute(self._table.insert().values(self._row(aggregate)))

    async def get(self, identity: str, *, lock: bool = False) -> Aggregate:
        """The one of this id; refused when there is none."""
        query = select(self._table).where(self._id == identity)
        row = (await self._conn.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
        if row is None:
            raise self._missing(**{self._id.name: identity})
        return self._aggregate(dict(row))

    async def save(self, aggregate: Any) -> None:  # Any: an aggregate carries its version
        """Keep its changes; refused when somebody else changed it meanwhile."""
        values = self._row(aggregate)
        values.pop("version")
        key = {self._id.name: values.pop(self._id.name)}
        await change(self._conn, self._table, key=key, version=aggregate.version, values=values)
        aggregate.version += 1

    def _narrowed(self, query: Select[Any], wanted: Wanted) -> Select[Any]:
        """For collections that know more conditions."""
        del wanted
        return query

    async def list(self, wanted: Wanted) -> Sequence[Aggregate]:
        """The newest first."""
        query = select(self._table).order_by(self._id.desc()).limit(wanted.limit)
        if wanted.after:
            query = query.where(self._id < wanted.after)
        for name, value in (wanted.equal or {}).items():
            query = query.where(self._table.c[name] == value)
        rows = (await self._conn.execute(self._narrowed(query, wanted))).mappings()
        return [self._aggregate(dict(row)) for row in rows]
