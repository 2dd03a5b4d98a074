"""Aggregates as rows: one mapping for all of them, since a row has the aggregate's own names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Column, Insert, RowMapping, Select, Table, bindparam, or_, select, text
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


@dataclass(frozen=True)
class _Mapped:
    """A table and its aggregate: the statements about one row, built once, and how a row is made."""

    adapter: TypeAdapter[Any]  # Any: an adapter of each aggregate's own type
    fields: Sequence[str]
    id: Column[Any]
    json: frozenset[str]
    deeper: Mapping[str, Any]  # Any: functions of the aggregate
    read: Select[Any]
    lock: Select[Any]
    add: Insert


@cache
def _mapped(table: Table, kind: Any) -> _Mapped:  # Any: a class of aggregates
    own_id = next(iter(table.primary_key.columns))
    read = select(table).where(own_id == bindparam("identity"))
    return _Mapped(
        TypeAdapter(kind), [each.name for each in fields(kind)], own_id,
        frozenset(column.name for column in table.columns if isinstance(column.type, JSONB)), _DEEPER.get(kind, {}),
        read, read.with_for_update(), table.insert(),
    )  # fmt: skip


def _value(value: object) -> object:
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else value


class SqlRows(Generic[Aggregate]):
    """A table of aggregates."""

    def __init__(self, conn: Connection, table: Table, kind: type[Aggregate], missing: type[NotFound]) -> None:
        self._conn, self._table, self._missing = conn, table, missing
        self._mapped = _mapped(table, kind)  # type: ignore[arg-type]  # tables and classes can be hashed
        self._id = self._mapped.id

    def _row(self, aggregate: Aggregate) -> dict[str, Any]:
        mapped = self._mapped
        row = mapped.adapter.dump_python(aggregate, mode="json", include=set(mapped.json))
        for column in self._table.columns:
            name = column.name
            if name in mapped.deeper:
                row[name] = mapped.deeper[name](aggregate)
            elif name not in mapped.json:
                row[name] = getattr(aggregate, name)
        return dict(row)

    def _aggregate(self, row: RowMapping) -> Aggregate:
        mapped = self._mapped
        aggregate: Aggregate = mapped.adapter.validate_python({name: _value(row[name]) for name in mapped.fields})
        return aggregate

    async def add(self, aggregate: Aggregate) -> None:
        """Keep a new one."""
        self._conn.later(self._mapped.add, self._row(aggregate))

    async def get(self, identity: str, *, lock: bool = False) -> Aggregate:
        """The one of this id; refused when there is none."""
        query = self._mapped.lock if lock else self._mapped.read
        row = (await self._conn.execute(query, {"identity": identity})).mappings().one_or_none()
        if row is None:
            raise self._missing(**{self._id.name: identity})
        return self._aggregate(row)

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
        return [self._aggregate(row) for row in (await self._conn.execute(query)).mappings()]

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
