"""Accounts and postings in PostgreSQL. Accounts are locked by name, so that no two steps wait for each other."""

from datetime import datetime

from sqlalchemy import text

from kernel.connection import Connection
from kernel.storage import refusing
from trading.domain.ledger import Transaction, is_guarded, sums_to_zero
from trading.domain.refusals import DepositExhausted

GUARDS = {"guarded_account_covers": DepositExhausted, "hold_has_account": DepositExhausted}


class SqlLedger:
    """See ``ports.Ledger``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def open(self, *accounts: str) -> None:
        """Have these accounts."""
        for account in sorted(accounts):
            await self._conn.execute(_OPEN, {"account": account, "guarded": is_guarded(account)})

    async def post(self, transaction: Transaction, at: datetime) -> bool:
        """Post it, unless its source was posted before."""
        if not sums_to_zero(transaction.postings):
            message = f"{transaction.source_id} does not sum to zero"
            raise ValueError(message)
        values = {
            "source_type": transaction.source_type, "source_id": transaction.source_id, "step": transaction.step,
            "at": at, "accounts": [each.account for each in transaction.postings],
            "amounts": [each.amount_fen for each in transaction.postings],
        }  # fmt: skip
        async with refusing(GUARDS):
            await self._conn.execute(_LOCK, {"accounts": values["accounts"]})
            return bool(await self._conn.scalar(_POST, values))

    async def balance(self, account: str) -> tuple[int, int]:
        """Posted and held, in fen."""
        row = (await self._conn.execute(_BALANCE, {"account": account})).one_or_none()
        return (row.posted_fen, row.held_fen) if row else (0, 0)

    async def posted_for(self, source_type: str, source_id: str, step: str) -> int:
        """How much one step moved, in fen."""
        values = {"source_type": source_type, "source_id": source_id, "step": step}
        return int(await self._conn.scalar(_MOVED, values) or 0)

    async def tell_exhausted(self, account: str) -> bool:
        """Mark the account as short; whether it was not so marked."""
        await self.open(account)
        return bool(await self._conn.scalar(_EXHAUSTED, {"account": account}))


_OPEN = text("INSERT INTO accounts (account, guarded) VALUES (:account, :guarded) ON CONFLICT DO NOTHING")
_LOCK = text("SELECT 1 FROM accounts WHERE account = ANY(CAST(:accounts AS text[])) ORDER BY account FOR UPDATE")
_POST = text("""
    WITH fresh AS (
        INSERT INTO ledger_transactions (source_type, source_id, step, posted_at)
        VALUES (:source_type, :source_id, :step, :at) ON CONFLICT DO NOTHING RETURNING transaction_id
    ), lines AS (
        SELECT * FROM unnest(CAST(:accounts AS text[]), CAST(:amounts AS bigint[])) AS line(account, amount_fen)
    ), posted AS (
        INSERT INTO postings (transaction_id, account, amount_fen)
        SELECT transaction_id, account, amount_fen FROM fresh, lines
    ), sums AS (
        UPDATE accounts SET posted_fen = posted_fen + lines.amount_fen,
               exhausted_told = exhausted_told AND lines.amount_fen < 0
        FROM lines, fresh WHERE accounts.account = lines.account RETURNING 1
    )
    SELECT count(*) FROM fresh""")
_BALANCE = text("SELECT posted_fen, held_fen FROM accounts WHERE account = :account")
_MOVED = text("""
    SELECT sum(amount_fen) FROM postings JOIN ledger_transactions USING (transaction_id)
    WHERE source_type = :source_type AND source_id = :source_id AND step = :step AND amount_fen > 0""")
_EXHAUSTED = text("""
    UPDATE accounts SET exhausted_told = true WHERE account = :account AND NOT exhausted_told RETURNING true""")
