"""Rights' unit of work over PostgreSQL, with every collection on it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from kernel.database import Database
from kernel.outbox import AsContract
from kernel.sealing import Sealer
from kernel.work import Ticket, UnitOfWork
from rights.outbound.storage.certificates import SqlCertificates, SqlIssuerKeys
from rights.outbound.storage.contents import SqlAssets, SqlContents, SqlReports
from rights.outbound.storage.registrations import SqlObjections, SqlRegistrations
from rights.outbound.storage.registry import SqlRegistry
from rights.ports import (
    Assets,
    Certificates,
    Contents,
    IssuerKeys,
    Objections,
    Registrations,
    Registry,
    Reports,
    Work,
)  # fmt: skip


class SqlWork(UnitOfWork):
    """One transaction of rights."""

    sealer: Sealer

    async def opened(self) -> None:
        """Hang the collections on it."""
        conn = self.conn
        self.registrations: Registrations = SqlRegistrations(conn)
        self.objections: Objections = SqlObjections(conn)
        self.certificates: Certificates = SqlCertificates(conn)
        self.issuer_keys: IssuerKeys = SqlIssuerKeys(conn, self.sealer)
        self.registry: Registry = SqlRegistry(conn)
        self.contents: Contents = SqlContents(conn)
        self.assets: Assets = SqlAssets(conn)
        self.reports: Reports = SqlReports(conn)


def opener(
    database: Database, as_contract: AsContract, sealer: Sealer
) -> Callable[..., AbstractAsyncContextManager[Work]]:
    """What ``Registering.work`` is: called with a ticket (or nothing) it gives a new unit of work."""

    def open_work(ticket: Ticket = None) -> AbstractAsyncContextManager[Work]:
        work = SqlWork(database, as_contract, ticket)
        work.sealer = sealer
        return work

    return open_work


__all__ = ["SqlWork", "opener"]
