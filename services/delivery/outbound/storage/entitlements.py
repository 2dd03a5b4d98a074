"""Entitlements and what stands against them, in PostgreSQL."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from delivery.domain.entitlement import Entitlement
from delivery.outbound.storage.rows import ENTITLEMENT, entitlement_of
from delivery.outbound.tables import entitlements, impediments
from kernel.connection import Connection


class SqlEntitlements:
    """See ``ports.Entitlements``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, entitlement: Entitlement) -> None:
        """See the port."""
        values = asdict(entitlement)
        del values["suspended_for"]
        values["deliveries"] = list(entitlement.deliveries)
        await self._conn.execute(insert(entitlements).values(values).on_conflict_do_nothing())

    async def find(self, contract_id: str) -> Entitlement | None:
        """See the port."""
        found = await self._all(select(*ENTITLEMENT).where(entitlements.c.contract_id == contract_id))
        return found[0] if found else None

    async def seen_by(self, party_id: str | None, limit: int, after: str) -> list[Entitlement]:
        """See the port."""
        query = select(*ENTITLEMENT).where(entitlements.c.contract_id > after)
        if party_id is not None:
            columns = (
                entitlements.c.buyer_party_id,
                entitlements.c.provider_party_id,
                entitlements.c.supplier_party_id,
            )
            query = query.where(or_(*(column == party_id for column in columns)))
        return await self._all(query.order_by(entitlements.c.contract_id).limit(limit))

    async def end(self, contract_id: str, at: datetime, reason: str) -> None:
        """See the port."""
        own = entitlements.c.contract_id == contract_id
        await self._conn.execute(
            update(entitlements).where(own, entitlements.c.ended_at.is_(None)).values(ended_at=at, ended_reason=reason)
        )

    async def end_authorised(self, authorisation_id: str, at: datetime) -> None:
        """See the port."""
        resting = (entitlements.c.authorisation_id == authorisation_id, entitlements.c.ended_at.is_(None))
        await self._conn.execute(
            update(entitlements).where(*resting).values(ended_at=at, ended_reason="authorisation_ended")
        )

    async def impede(self, about: str, source: str, reason: str) -> None:
        """See the port."""
        values = {"about": about, "source": source, "reason": reason}
        statement = insert(impediments).values(values)
        await self._conn.execute(
            statement.on_conflict_do_update(index_elements=["about", "source"], set_={"reason": reason})
        )

    async def clear(self, about: str, source: str, reason: str) -> None:
        """See the port."""
        meant = or_(impediments.c.source == source, impediments.c.reason == reason)
        await self._conn.execute(delete(impediments).where(impediments.c.about == about, meant))

    async def following(self, dataset_id: str) -> list[Entitlement]:
        """See the port."""
        latest = entitlements.c.version_selector == "latest_conforming"
        return await self._all(select(*ENTITLEMENT).where(entitlements.c.dataset_id == dataset_id, latest))

    async def serve(self, contract_id: str, version_id: str) -> None:
        """See the port."""
        own = entitlements.c.contract_id == contract_id
        await self._conn.execute(update(entitlements).where(own).values(version_id=version_id))

    async def _all(self, query: "Select[tuple[object, ...]]") -> list[Entitlement]:
        return [entitlement_of(row) for row in (await self._conn.execute(query)).mappings()]
