"""Catalog's collections in PostgreSQL, hung on one transaction."""

from datetime import datetime

from sqlalchemy import insert, select

from catalog.outbound.storage.authorisations import SqlAuthorisations
from catalog.outbound.storage.datasets import SqlDatasets, SqlDerivations
from catalog.outbound.storage.products import SqlProducts
from catalog.outbound.storage.search import SqlEntries
from catalog.outbound.storage.uploads import SqlUploads
from catalog.outbound.storage.versions import SqlVersions
from catalog.outbound.tables import identity_keys
from kernel.connection import Connection
from kernel.work import UnitOfWork


class SqlIdentityKeys:
    """See ``ports.IdentityKeys``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def get(self) -> tuple[bytes, datetime] | None:
        """See the port."""
        query = select(identity_keys.c.sealed_key, identity_keys.c.deposited_at)
        row = (await self._conn.execute(query)).one_or_none()
        return (row.sealed_key, row.deposited_at) if row else None

    async def add(self, party_id: str, sealed: bytes, at: datetime) -> None:
        """See the port."""
        values = {"party_id": party_id, "sealed_key": sealed, "deposited_at": at}
        await self._conn.execute(insert(identity_keys).values(values))


class SqlWork(UnitOfWork):
    """One transaction with all of catalog's collections."""

    async def opened(self) -> None:
        """Hang them on it."""
        self.authorisations = SqlAuthorisations(self.conn)
        self.datasets, self.derivations = SqlDatasets(self.conn), SqlDerivations(self.conn)
        self.versions, self.products = SqlVersions(self.conn), SqlProducts(self.conn)
        self.uploads = SqlUploads(self.conn)
        self.entries, self.identity_keys = SqlEntries(self.conn), SqlIdentityKeys(self.conn)
