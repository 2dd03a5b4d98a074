"""Aggregates as rows: one mapping for all of them, since a row has the aggregate's own names."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Table, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from kernel.refusals import NotFound
from kernel.storage import change
from trading.domain.listings import Listing
from trading.ports import Wanted

Aggregate = TypeVar("Aggregate")
# Columns that are looked for and lie deeper in the aggregate.
_DEEPER: Mapping[type, Mapping[str, Any]] = {  # Any: functions of the aggregate
    Listing: {
        "product_id": lambda listing: listing.product.product_id,
        "product_name": lambda listing: listing.product.name,
        "lineage_root": lambda listing: listing.product.lineage_root,
        "authorisation_id": lambda listing: listing.product.authorisation_id,
    },
}


@cache
def _adapter_of(kind: Any) -> TypeAdapter[Any]:  # Any: an adapter of each aggregate's own type
    return TypeAdapter(kind)


def _value(value: object) -> object:
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else value


class SqlRows(Generic[Aggregate]):
    """A table of aggregates."""

    def __init__(self, conn: Connection, table: Table, kind: type[Aggregate], missing: type[NotFound]) -> None:
        self._conn, self._table, self._kind, self._missing = conn, table, kind, missing
        self._id = next(iter(table.primary_key.columns))
        self._adapter = _adapter_of(kind)  # type: ignore[arg-type]  # a class can be hashed
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
        aggregate: Aggregate = self._adapter.validate_python({name: _value(row[name]) for name in self._fields})
        return aggregate

    async def add(self, aggregate: Aggregate) -> None:
        """Keep a new one."""
        self._conn.later(self._table.insert(), self._row(aggregate))

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
        await self._conn.execute(
            text(f"UPDATE {self._table.name} SET touched_at = now() WHERE {self._id.name} = :id"),  # noqa: S608 - our names
            {"id": key[self._id.name]},
        )
        aggregate.version += 1

    async def list(self, wanted: Wanted) -> Sequence[Aggregate]:
        """The newest first."""
        columns = self._table.c
        query = select(self._table).order_by(self._id.desc()).limit(wanted.limit)
        if wanted.after:
            query = query.where(self._id < wanted.after)
        for name, value in (wanted.equal or {}).items():
            query = query.where(columns[name] == value)
        if wanted.party_id:
            mine = (columns.provider_party_id == wanted.party_id, columns.buyer_party_id == wanted.party_id)
            query = query.where(or_(*mine))
        if wanted.words:
            query = query.where(columns.product_name.icontains(wanted.words, autoescape=True))
        return [self._aggregate(dict(row)) for row in (await self._conn.execute(query)).mappings()]

    async def lying(self, states: Sequence[str], seconds: float, limit: int = 50) -> Sequence[str]:
        """Ids of those untouched in one of the states for so many seconds of machine time."""
        query = (
            select(self._id)
            .where(self._table.c.state.in_(states))
            .where(text("touched_at <= now() - make_interval(secs => :seconds)").bindparams(seconds=float(seconds)))
            .order_by(text("touched_at"))
            .limit(limit)
        )
        return list((await self._conn.scalars(query)).all())
