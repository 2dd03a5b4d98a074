"""Authorisations and ceiling prices in PostgreSQL."""

from typing import Any

from sqlalchemy import Row, insert, select

from catalog.domain.authorisation import Authorisation, AuthorisationState, CeilingPrice, PriceUnit
from catalog.domain.refusals import AuthorisationNotFound
from catalog.domain.themes import Theme
from catalog.outbound.tables import authorisations, ceiling_prices
from kernel.connection import Connection
from kernel.storage import change


class SqlAuthorisations:
    """See ``ports.Authorisations``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, authorisation: Authorisation) -> None:
        """See the port."""
        values = {**vars(authorisation), "supplier_party_ids": list(authorisation.supplier_party_ids)}
        await self._conn.execute(insert(authorisations).values(values))

    async def get(self, authorisation_id: str) -> Authorisation:
        """See the port."""
        query = select(authorisations).where(authorisations.c.id == authorisation_id)
        row = (await self._conn.execute(query)).one_or_none()
        if row is None:
            raise AuthorisationNotFound(authorisation_id=authorisation_id)
        return _authorisation(row)

    async def save(self, authorisation: Authorisation) -> None:
        """See the port."""
        values = {
            "state": authorisation.state, "ended_at": authorisation.ended_at, "end_reason": authorisation.end_reason,
        }  # fmt: skip
        await change(
            self._conn, authorisations, key={"id": authorisation.id}, version=authorisation.version, values=values
        )

    async def page(self, limit: int, after: str) -> list[Authorisation]:
        """See the port."""
        query = select(authorisations).order_by(authorisations.c.id.desc()).limit(limit)
        if after:
            query = query.where(authorisations.c.id < after)
        return [_authorisation(row) for row in await self._conn.execute(query)]

    async def add_ceiling(self, ceiling: CeilingPrice) -> None:
        """See the port; who set it is kept beside it, for the checker."""
        authorisation = await self.get(ceiling.authorisation_id)
        values = {**vars(ceiling), "set_by": authorisation.implementing_body_id}
        await self._conn.execute(insert(ceiling_prices).values(values))

    async def ceilings(self, authorisation_id: str, limit: int, after: str) -> list[CeilingPrice]:
        """See the port."""
        query = (
            select(ceiling_prices).where(ceiling_prices.c.authorisation_id == authorisation_id)
            .order_by(ceiling_prices.c.id.desc()).limit(limit)
        )  # fmt: skip
        if after:
            query = query.where(ceiling_prices.c.id < after)
        return [
            CeilingPrice(row.id, row.authorisation_id, row.product_id, row.ceiling_price_fen, PriceUnit(row.unit),
                         row.basis, row.set_at)
            for row in await self._conn.execute(query)
        ]  # fmt: skip


def _authorisation(row: Row[Any]) -> Authorisation:  # Any: a table's columns are typed by the table
    return Authorisation(
        id=row.id, implementing_body_id=row.implementing_body_id, operator_party_id=row.operator_party_id,
        supplier_party_ids=tuple(row.supplier_party_ids), scope=row.scope, scenario=row.scenario,
        theme=Theme(row.theme), starts_on=row.starts_on, ends_on=row.ends_on, granted_at=row.granted_at,
        state=AuthorisationState(row.state), ended_at=row.ended_at, end_reason=row.end_reason, version=row.version,
    )  # fmt: skip
