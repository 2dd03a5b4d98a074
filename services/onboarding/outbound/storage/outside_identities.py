"""Subjects of an outside provider and the members they are bound to."""

from collections.abc import Sequence

from sqlalchemy import Row, insert, select, update

from kernel.connection import Connection
from kernel.storage import refusing
from onboarding.domain.doors import IdentityAlreadyBound, IdentityUnknown
from onboarding.domain.outside_identity import OutsideIdentity
from onboarding.outbound.tables import outside_identity as table

CONSTRAINTS = {"one_member_per_subject": IdentityAlreadyBound}


class SqlOutsideIdentities:
    """See ``ports.OutsideIdentities``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, identity: OutsideIdentity) -> None:
        """See the port."""
        async with refusing(CONSTRAINTS):
            await self._conn.execute(insert(table).values(vars(identity)))

    async def live(self, issuer: str, subject: str) -> OutsideIdentity | None:
        """See the port."""
        own = (table.c.issuer == issuer, table.c.subject == subject, table.c.ended_at.is_(None))
        row = (await self._conn.execute(select(table).where(*own))).one_or_none()
        return _identity(row) if row else None

    async def of_party(self, party_id: str, identity_id: str) -> OutsideIdentity:
        """See the port."""
        own = (table.c.party_id == party_id, table.c.id == identity_id, table.c.ended_at.is_(None))
        row = (await self._conn.execute(select(table).where(*own))).one_or_none()
        if row is None:
            raise IdentityUnknown
        return _identity(row)

    async def end(self, identity: OutsideIdentity) -> None:
        """See the port."""
        live = (table.c.id == identity.id, table.c.ended_at.is_(None))
        if (await self._conn.execute(update(table).where(*live).values(ended_at=identity.ended_at))).rowcount != 1:
            raise IdentityUnknown

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[OutsideIdentity]:
        """See the port."""
        statement = select(table).where(table.c.party_id == party_id, table.c.id > after)
        return [_identity(row) for row in await self._conn.execute(statement.order_by(table.c.id).limit(limit))]


def _identity(row: Row[tuple[object, ...]]) -> OutsideIdentity:
    return OutsideIdentity(**row._mapping)  # noqa: SLF001 - columns have the fields' names
