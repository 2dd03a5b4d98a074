"""Trading's unit of work over PostgreSQL, with every collection on it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from kernel.database import Database
from kernel.outbox import AsContract
from kernel.sealing import Sealer
from kernel.work import Ticket, UnitOfWork
from trading.domain import refusals
from trading.domain.contracts import Order
from trading.domain.listings import Listing
from trading.domain.payments import TopUp
from trading.domain.settlements import Settlement
from trading.domain.statements import Statement
from trading.outbound import tables
from trading.outbound.storage.certificates import SqlCertificates, SqlIssuerKeys
from trading.outbound.storage.contracts import SqlContracts
from trading.outbound.storage.ledger import SqlLedger
from trading.outbound.storage.rows import SqlRows
from trading.outbound.storage.uses import SqlUses
from trading.ports import Certificates, Contracts, IssuerKeys, Ledger, Rows, Uses, Work


class SqlWork(UnitOfWork):
    """One transaction of trading."""

    sealer: Sealer

    async def opened(self) -> None:
        """Hang the collections on it."""
        conn = self.conn
        self.listings: Rows[Listing] = SqlRows(conn, tables.listings, Listing, refusals.ListingNotFound)
        self.orders: Rows[Order] = SqlRows(conn, tables.orders, Order, refusals.OrderNotFound)
        self.contracts: Contracts = SqlContracts(conn)
        self.top_ups: Rows[TopUp] = SqlRows(conn, tables.top_ups, TopUp, refusals.TopUpNotFound)
        self.statements: Rows[Statement] = SqlRows(conn, tables.statements, Statement, refusals.StatementNotFound)
        self.settlements: Rows[Settlement] = SqlRows(conn, tables.settlements, Settlement, refusals.SettlementNotFound)
        self.certificates: Certificates = SqlCertificates(conn)
        self.issuer_keys: IssuerKeys = SqlIssuerKeys(conn, self.sealer)
        self.ledger: Ledger = SqlLedger(conn)
        self.uses: Uses = SqlUses(conn)


def opener(
    database: Database, as_contract: AsContract, sealer: Sealer
) -> Callable[..., AbstractAsyncContextManager[Work]]:
    """What ``Trading.work`` is: called with a ticket (or nothing) it gives a new unit of work."""

    def open_work(ticket: Ticket = None, *, reads_first: bool = False) -> AbstractAsyncContextManager[Work]:
        work = SqlWork(database, as_contract, ticket, reads_first=reads_first)
        work.sealer = sealer
        return work

    return open_work


__all__ = ["SqlWork", "opener"]
