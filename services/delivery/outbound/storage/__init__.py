"""Delivery's collections in PostgreSQL, and the unit of work they hang on."""

from delivery.outbound.storage.cohorts import SqlCohorts
from delivery.outbound.storage.consents import SqlConsents
from delivery.outbound.storage.entitlements import SqlEntitlements
from delivery.outbound.storage.file_links import SqlFileLinks
from delivery.outbound.storage.uses import SqlUses
from delivery.ports import Cohorts, Consents, Entitlements, FileLinks, Uses
from kernel.work import UnitOfWork

__all__ = ["SqlWork"]


class SqlWork(UnitOfWork):
    """One transaction of delivery."""

    async def opened(self) -> None:
        """Hang the collections on the transaction."""
        self.entitlements: Entitlements = SqlEntitlements(self.conn)
        self.consents: Consents = SqlConsents(self.conn)
        self.uses: Uses = SqlUses(self.conn)
        self.cohorts: Cohorts = SqlCohorts(self.conn)
        self.file_links: FileLinks = SqlFileLinks(self.conn)
