"""Holding for a use in one statement and one round trip: every call of data waits for it.

The statement relies on three things. A case's window is an upsert, which sees the newest row even when it had to
wait for another call of the same case. The deposit is guarded by its own CHECK, so too little money breaks the whole
statement and leaves nothing. A use id that is taken inserts nothing, and the second look finds what it led to.
"""

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.database import Database
from trading.domain.holds import CASE_WINDOW_HOURS, Held, Use
from trading.outbound.storage.ledger import GUARDS

LOOKS_MAX = 3


class SqlHotHolds:
    """See ``ports.HotHolds``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, use: Use) -> Held:
        """Hold the price of one use. Idempotent by use id."""
        held = await self._look(use)
        for _ in range(LOOKS_MAX - 1):  # the same use id came twice at once: the other one holds, so look again
            if held.amount_fen is not None or held.short or not (held.found and held.in_force and held.paid):
                break
            if held.barred:
                break
            held = await self._look(use)
        return held

    async def _look(self, use: Use) -> Held:
        values = {
            "use_id": use.use_id, "contract_id": use.contract_id, "mode": use.mode, "policy_case": use.policy_case,
            "hours": CASE_WINDOW_HOURS,
        }  # fmt: skip
        try:
            async with self._database.statement() as conn:
                row = (await conn.execute(_HOLD, values)).one()
        except IntegrityError as error:
            if getattr(getattr(error.orig, "__cause__", None), "constraint_name", None) not in GUARDS:
                raise
            return Held(None, None, found=True, in_force=True, paid=True, barred=False, short=True)
        amount = row.known_fen if row.known_fen is not None else row.held_fen
        return Held(
            amount, row.known_contract, found=row.in_force is not None, in_force=bool(row.in_force),
            paid=bool(row.paid), barred=bool(row.barred), short=False,
        )  # fmt: skip


_HOLD = text("""
    WITH moment AS (
        SELECT now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0') AS at
    ), known AS (
        SELECT contract_id, amount_fen FROM holds WHERE use_id = CAST(:use_id AS text)
    ), terms AS (
        SELECT c.contract_id, c.order_id, c.billing, c.price_fen, 'deposit:' || c.buyer_party_id AS account, m.at,
               c.state = 'IN_FORCE' AND c.starts_at <= m.at AND m.at < c.ends_at AS in_force,
               c.billing = 'per_call' OR o.state IN ('PAID', 'DELIVERED', 'ACCEPTED', 'SETTLED') AS paid,
               EXISTS (SELECT FROM barred_parties WHERE party_id = c.buyer_party_id) AS barred
        FROM contracts c JOIN orders o USING (order_id), moment m WHERE c.contract_id = CAST(:contract_id AS text)
    ), free AS (
        SELECT * FROM terms WHERE in_force AND paid AND NOT barred AND NOT EXISTS (SELECT FROM known)
    ), cover AS (
        INSERT INTO case_windows AS w (contract_id, policy_case, use_id, until_at)
        SELECT contract_id, CAST(:policy_case AS text), CAST(:use_id AS text),
               at + make_interval(hours => CAST(:hours AS integer))
        FROM free WHERE CAST(:policy_case AS text) <> '' AND billing = 'per_call'
        ON CONFLICT (contract_id, policy_case) DO UPDATE SET
            use_id = CASE WHEN w.until_at <= (SELECT at FROM moment) THEN excluded.use_id ELSE w.use_id END,
            until_at = CASE WHEN w.until_at <= (SELECT at FROM moment) THEN excluded.until_at ELSE w.until_at END
        RETURNING use_id
    ), priced AS (
        SELECT free.*, CASE WHEN billing = 'fixed' THEN order_id
                            WHEN cover.use_id <> CAST(:use_id AS text) THEN cover.use_id ELSE '' END AS covered_by
        FROM free LEFT JOIN cover ON true
    ), held AS (
        INSERT INTO holds (use_id, contract_id, account, mode, policy_case, amount_fen, covered_by, state, held_at)
        SELECT CAST(:use_id AS text), contract_id, account, CAST(:mode AS text), CAST(:policy_case AS text),
               CASE WHEN covered_by = '' THEN price_fen ELSE 0 END, covered_by, 'OPEN', at
        FROM priced ON CONFLICT DO NOTHING RETURNING account, amount_fen
    ), taken AS (
        UPDATE accounts SET held_fen = held_fen + held.amount_fen FROM held
        WHERE accounts.account = held.account AND held.amount_fen > 0
    )
    SELECT (SELECT contract_id FROM known) AS known_contract, (SELECT amount_fen FROM known) AS known_fen,
           (SELECT amount_fen FROM held) AS held_fen, terms.in_force, terms.paid, terms.barred
    FROM (SELECT 1) AS one LEFT JOIN terms ON true""")
