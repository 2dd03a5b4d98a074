"""Onboarding's unit of work over PostgreSQL."""

from collections.abc import Callable

from kernel.database import Database
from kernel.sealing import Sealer
from kernel.work import Ticket, UnitOfWork
from onboarding.outbound.events import as_contract
from onboarding.outbound.storage.clock import SqlMarketClock
from onboarding.outbound.storage.doors import SqlDoors, SqlSessions
from onboarding.outbound.storage.keys import SqlPartyKeys, SqlSigningKeys
from onboarding.outbound.storage.members import SqlClients, SqlMembers
from onboarding.outbound.storage.outside_identities import SqlOutsideIdentities
from onboarding.outbound.storage.parties import SqlParties, SqlPeople
from onboarding.ports import (
    Clients,
    Doors,
    MarketClock,
    Members,
    OutsideIdentities,
    Parties,
    PartyKeys,
    People,
    Sessions,
    SigningKeys,
)  # fmt: skip


class SqlWork(UnitOfWork):
    """One transaction with all collections."""

    def __init__(self, database: Database, sealer: Sealer, ticket: Ticket = None) -> None:
        super().__init__(database, as_contract, ticket)
        self._sealer = sealer

    async def opened(self) -> None:
        """Hang the collections on the transaction."""
        self.parties: Parties = SqlParties(self.conn)
        self.people: People = SqlPeople(self.conn)
        self.members: Members = SqlMembers(self.conn)
        self.clients: Clients = SqlClients(self.conn)
        self.keys: PartyKeys = SqlPartyKeys(self.conn)
        self.outside_identities: OutsideIdentities = SqlOutsideIdentities(self.conn)
        self.sessions: Sessions = SqlSessions(self.conn)
        self.doors: Doors = SqlDoors(self.conn)
        self.signing_keys: SigningKeys = SqlSigningKeys(self.conn, self._sealer)
        self.market_clock: MarketClock = SqlMarketClock(self.conn)


def work_over(database: Database, sealer: Sealer) -> Callable[[Ticket], SqlWork]:
    """What the ports keep as ``work``."""

    def open_work(ticket: Ticket) -> SqlWork:
        return SqlWork(database, sealer, ticket)

    return open_work
