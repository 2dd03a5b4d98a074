"""Contracts in PostgreSQL, and which of them want something done by themselves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from kernel.connection import Connection
from trading.domain.contracts import Contract
from trading.domain.refusals import ContractNotFound
from trading.outbound import tables
from trading.outbound.storage.rows import SqlRows


class SqlContracts(SqlRows[Contract]):
    """See ``ports.Contracts``."""

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn, tables.contracts, Contract, ContractNotFound)

    async def to_end(self, at: datetime) -> Sequence[str]:
        """Ids of some that stand and whose term is over."""
        return list((await self._conn.scalars(_TO_END, {"at": at})).all())

    async def to_give_back(self) -> Sequence[str]:
        """Ids of some that ended while their exclusive grant is still out."""
        return list((await self._conn.scalars(_TO_GIVE_BACK)).all())


_TO_END = text("""
    SELECT contract_id FROM contracts WHERE state = 'IN_FORCE' AND ends_at <= :at ORDER BY ends_at LIMIT 50""")
_TO_GIVE_BACK = text("""
    SELECT contract_id FROM contracts WHERE state = 'ENDED' AND grant_state = 'CONFIRMED'
    ORDER BY contract_id LIMIT 50""")
