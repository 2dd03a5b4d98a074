"""Holds in PostgreSQL. Always locked in one order: the case's window, the hold, the accounts by name."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text

from kernel.calendar import end_of_day
from kernel.connection import Connection
from kernel.storage import refusing
from trading.domain.contracts import Contract
from trading.domain.holds import CASE_WINDOW_HOURS, Metered, Usage
from trading.domain.ledger import deposit_of
from trading.domain.statements import Day, Statement
from trading.outbound.storage.ledger import GUARDS


def _start_of(day: date) -> datetime:
    return end_of_day(date.fromordinal(day.toordinal() - 1))


class SqlUses:
    """See ``ports.Uses``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def hold_price(self, use_id: str, contract: Contract, at: datetime) -> None:
        """Hold a contract's price in one sum."""
        async with refusing(GUARDS, contract_id=contract.contract_id):
            await self._conn.execute(_HOLD_PRICE, {
                "use_id": use_id, "contract_id": contract.contract_id, "amount_fen": contract.price_fen, "at": at,
                "account": deposit_of(contract.buyer_party_id),
            })  # fmt: skip

    async def charge(self, metered: Sequence[Metered], at: datetime) -> int:
        """Turn open holds into charges, or covered uses."""
        return int(await self._conn.scalar(_CHARGE, {
            "uses": [each.use_id for each in metered], "moments": [each.used_at for each in metered],
            "digests": [each.version_digest for each in metered], "at": at,
        }) or 0)  # fmt: skip

    async def release(self, use_id: str, at: datetime) -> bool:
        """Give an open hold back, or hand it on to the earliest use it covered."""
        opener = await self._conn.scalar(_LOCK_WINDOW, {"use_id": use_id})
        hold = (await self._conn.execute(_LOCK_HOLD, {"use_id": use_id})).one_or_none()
        if hold is None or hold.state != "OPEN":
            return False
        heir = None
        # When a later use of the case opened a window of its own, that one pays for the case from then on.
        if hold.amount_fen and opener == use_id:
            heir = (await self._conn.execute(_HEIR, {"use_id": use_id})).one_or_none()
        if heir is None:
            await self._conn.execute(_RELEASE, {"use_id": use_id, "at": at})
            return True
        place = {"use_id": use_id, "heir": heir.use_id}
        await self._conn.execute(_GIVE_HEIR, place)
        await self._conn.execute(_GIVE_COVERED, place)
        await self._conn.execute(_LEAVE, {**place, "at": at})
        await self._conn.execute(_MOVE_WINDOW, {**place, "hours": CASE_WINDOW_HOURS})
        if heir.state == "COVERED":  # it was metered already: what is now held for it is owed
            await self.charge([Metered(heir.use_id, heir.used_at, heir.version_digest)], at)
        return True

    async def unknown(self, use_ids: Sequence[str]) -> Sequence[str]:
        """Which of the uses were never held for."""
        return list((await self._conn.scalars(_UNKNOWN, {"uses": list(use_ids)})).all())

    async def unbilled_days(self, statement: Statement, statement_id: str) -> Sequence[Day]:
        """Put the period's unbilled uses onto the statement; the sums of each day."""
        rows = await self._conn.execute(_BILL, {
            "statement_id": statement_id, "contract_id": statement.contract_id,
            "first": _start_of(statement.period_from), "end": end_of_day(statement.period_to),
        })  # fmt: skip
        return [Day(row.day, row.calls, row.covered, int(row.amount_fen)) for row in rows]

    async def open_in(self, contract_id: str, first: date, last: date) -> int:
        """How many holds made in these days are open."""
        values = {"contract_id": contract_id, "first": _start_of(first), "end": end_of_day(last)}
        return int(await self._conn.scalar(_OPEN_IN, values) or 0)

    async def usage(self, contract_id: str, statement_id: str = "") -> Usage:
        """All uses of a contract, or those of one statement, added up."""
        values = {"contract_id": contract_id, "statement_id": statement_id}
        row = (await self._conn.execute(_USAGE, values)).one()
        return Usage(row.calls, row.covered, int(row.charged_fen), row.open_holds, tuple(sorted(row.digests or ())))


_HOLD_PRICE = text("""
    WITH held AS (
        INSERT INTO holds (use_id, contract_id, account, mode, policy_case, amount_fen, covered_by, state, held_at)
        VALUES (:use_id, :contract_id, :account, 'order', '', :amount_fen, '', 'OPEN', :at)
        RETURNING account, amount_fen
    )
    UPDATE accounts SET held_fen = held_fen + held.amount_fen FROM held WHERE accounts.account = held.account""")
_CHARGE = text("""
    WITH metered AS (
        SELECT m.use_id, m.used_at, m.version_digest
        FROM unnest(CAST(:uses AS text[]), CAST(:moments AS timestamptz[]), CAST(:digests AS text[]))
             AS m(use_id, used_at, version_digest)
    ), open AS MATERIALIZED (
        SELECT use_id FROM holds WHERE use_id = ANY(CAST(:uses AS text[])) AND state = 'OPEN'
        ORDER BY use_id FOR UPDATE
    ), hold AS (
        UPDATE holds SET state = CASE WHEN amount_fen > 0 THEN 'CHARGED' ELSE 'COVERED' END,
               used_at = metered.used_at, version_digest = metered.version_digest, resolved_at = :at
        FROM metered JOIN open USING (use_id)
        WHERE holds.use_id = metered.use_id AND holds.state = 'OPEN'
        RETURNING holds.use_id, holds.contract_id, holds.account, holds.amount_fen
    ), lines AS (
        SELECT use_id, account, -amount_fen AS amount_fen, amount_fen AS unheld_fen FROM hold WHERE amount_fen > 0
        UNION ALL
        SELECT use_id, 'revenue:' || contract_id, amount_fen, 0 FROM hold WHERE amount_fen > 0
    ), locked AS MATERIALIZED (
        SELECT account FROM accounts WHERE account IN (SELECT account FROM lines) ORDER BY account FOR UPDATE
    ), fresh AS (
        INSERT INTO ledger_transactions (source_type, source_id, step, posted_at)
        SELECT 'use', use_id, 'charged', :at FROM hold WHERE amount_fen > 0 RETURNING transaction_id, source_id
    ), posted AS (
        INSERT INTO postings (transaction_id, account, amount_fen)
        SELECT transaction_id, account, amount_fen FROM fresh JOIN lines ON lines.use_id = fresh.source_id
    ), moved AS (
        SELECT account, sum(amount_fen)::bigint AS amount_fen, sum(unheld_fen)::bigint AS unheld_fen
        FROM lines JOIN locked USING (account) GROUP BY account
    ), sums AS (
        UPDATE accounts SET posted_fen = posted_fen + moved.amount_fen, held_fen = held_fen - moved.unheld_fen
        FROM moved WHERE accounts.account = moved.account
    )
    SELECT count(*) FROM hold""")
_LOCK_WINDOW = text("""
    SELECT case_windows.use_id FROM case_windows JOIN holds USING (contract_id, policy_case)
    WHERE holds.use_id = :use_id FOR UPDATE OF case_windows""")
_LOCK_HOLD = text("SELECT state, amount_fen FROM holds WHERE use_id = :use_id FOR UPDATE")
_HEIR = text("""
    SELECT use_id, state, used_at, version_digest FROM holds
    WHERE covered_by = :use_id AND state IN ('OPEN', 'COVERED') AND statement_id IS NULL
    ORDER BY held_at, use_id LIMIT 1 FOR UPDATE""")
_RELEASE = text("""
    WITH hold AS (
        UPDATE holds SET state = 'RELEASED', resolved_at = :at WHERE use_id = :use_id
        RETURNING account, amount_fen, use_id, contract_id, policy_case
    ), window_gone AS (
        DELETE FROM case_windows USING hold
        WHERE case_windows.use_id = hold.use_id AND case_windows.contract_id = hold.contract_id
          AND case_windows.policy_case = hold.policy_case
    )
    UPDATE accounts SET held_fen = held_fen - hold.amount_fen FROM hold
    WHERE accounts.account = hold.account AND hold.amount_fen > 0""")
_GIVE_HEIR = text("""
    UPDATE holds SET amount_fen = given.amount_fen, covered_by = '', state = 'OPEN', resolved_at = NULL
    FROM holds AS given WHERE holds.use_id = :heir AND given.use_id = :use_id""")
_GIVE_COVERED = text("UPDATE holds SET covered_by = :heir WHERE covered_by = :use_id AND use_id <> :heir")
_LEAVE = text("""
    UPDATE holds SET state = 'RELEASED', resolved_at = :at, amount_fen = 0, covered_by = :heir
    WHERE use_id = :use_id""")
_MOVE_WINDOW = text("""
    UPDATE case_windows SET use_id = :heir, until_at = heir.held_at + make_interval(hours => :hours)
    FROM holds AS heir WHERE heir.use_id = :heir AND case_windows.use_id = :use_id
      AND case_windows.contract_id = heir.contract_id AND case_windows.policy_case = heir.policy_case""")
_UNKNOWN = text("""
    SELECT asked.use_id FROM unnest(CAST(:uses AS text[])) AS asked(use_id)
    WHERE NOT EXISTS (SELECT FROM holds WHERE holds.use_id = asked.use_id)""")
_BILL = text("""
    WITH billed AS (
        UPDATE holds SET statement_id = :statement_id
        WHERE contract_id = :contract_id AND statement_id IS NULL AND state IN ('CHARGED', 'COVERED')
          AND used_at >= :first AND used_at < :end
        RETURNING state, amount_fen, used_at
    )
    SELECT CAST(used_at AT TIME ZONE 'Asia/Shanghai' AS date) AS day,
           count(*) FILTER (WHERE state = 'CHARGED') AS calls, count(*) FILTER (WHERE state = 'COVERED') AS covered,
           COALESCE(sum(amount_fen) FILTER (WHERE state = 'CHARGED'), 0) AS amount_fen
    FROM billed GROUP BY day ORDER BY day""")
_OPEN_IN = text("""
    SELECT count(*) FROM holds
    WHERE contract_id = :contract_id AND state = 'OPEN' AND held_at >= :first AND held_at < :end""")
_USAGE = text("""
    SELECT count(*) FILTER (WHERE state = 'CHARGED') AS calls, count(*) FILTER (WHERE state = 'COVERED') AS covered,
           COALESCE(sum(amount_fen) FILTER (WHERE state = 'CHARGED'), 0) AS charged_fen,
           count(*) FILTER (WHERE state = 'OPEN') AS open_holds,
           array_agg(DISTINCT version_digest) FILTER (WHERE version_digest <> '') AS digests
    FROM holds
    WHERE contract_id = :contract_id
      AND (CAST(:statement_id AS text) = '' OR statement_id = CAST(:statement_id AS text))""")
