"""Checkers of the money promises over live data; each names the test that plants a violation of it."""

from kernel.audit import Checker, none_of

PLANTED = "tests/trading/test_audit.py::test_each_money_checker_reports_what_was_planted"
# A settlement that no callback and no question has brought to its end for this long is a finding.
CLEARING_MINUTES = 60

CHECKERS = [
    Checker(
        "M1", "Every transaction's postings sum to zero, and so does the whole ledger", f"{PLANTED}[M1]",
        none_of("""
            SELECT transaction_id, COALESCE(sum(amount_fen), 0) AS sum_fen, count(posting_id) AS postings
            FROM ledger_transactions LEFT JOIN postings USING (transaction_id)
            GROUP BY transaction_id HAVING COALESCE(sum(amount_fen), 1) <> 0"""),
    ),
    Checker(
        "M2", "Every account's stored balance is the sum of its postings, and its holds are the open ones",
        f"{PLANTED}[M2]",
        none_of("""
            SELECT account, posted_fen, held_fen, sums.posted, open.held FROM accounts,
            LATERAL (SELECT COALESCE(sum(amount_fen), 0) AS posted FROM postings p
                     WHERE p.account = accounts.account) sums,
            LATERAL (SELECT COALESCE(sum(amount_fen), 0) AS held FROM holds h
                     WHERE h.account = accounts.account AND state = 'OPEN') open
            WHERE posted_fen <> sums.posted OR held_fen <> open.held"""),
    ),
    Checker(
        "M3", "No guarded account is overdrawn, holds included", f"{PLANTED}[M3]",
        none_of("""
            SELECT account, posted_fen, held_fen FROM accounts
            WHERE (account <> 'supervised' AND posted_fen - held_fen < 0) OR guarded <> (account <> 'supervised')"""),
    ),
    Checker(
        "M4", "Postings and transactions cannot be changed: their triggers stand and are enabled", f"{PLANTED}[M4]",
        none_of("""
            SELECT wanted.name AS missing FROM (VALUES ('postings_stay'), ('ledger_transactions_stay'),
                ('postings_balance'), ('transaction_balances')) AS wanted(name)
            WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = wanted.name AND tgenabled IN ('O', 'A'))"""),
    ),
    Checker(
        "M5", "One business step has at most one effect: each charge, split, receipt and payment is posted once",
        f"{PLANTED}[M5]",
        none_of("""
            SELECT source_type, source_id, step, count(*) FROM ledger_transactions
            GROUP BY source_type, source_id, step HAVING count(*) > 1
            UNION ALL
            SELECT 'hold', h.use_id, 'charged, not posted so', h.amount_fen FROM holds h WHERE state = 'CHARGED'
            AND NOT EXISTS (SELECT FROM ledger_transactions t JOIN postings p USING (transaction_id)
                WHERE t.source_type = 'use' AND t.source_id = h.use_id AND p.amount_fen = h.amount_fen)
            UNION ALL
            SELECT 'use', t.source_id, 'posted, not charged', 0 FROM ledger_transactions t WHERE t.source_type = 'use'
            AND NOT EXISTS (SELECT FROM holds h WHERE h.use_id = t.source_id AND h.state = 'CHARGED')"""),
    ),
    Checker(
        "M8", "Every hold is resolved once, and one charge stands for each policy case in 24 hours", f"{PLANTED}[M8]",
        none_of("""
            SELECT use_id AS use, state, amount_fen FROM holds
            WHERE (state = 'OPEN') <> (resolved_at IS NULL) OR (state = 'COVERED' AND amount_fen <> 0)
            UNION ALL
            SELECT a.use_id || ' and ' || b.use_id, 'charged twice for one case', b.amount_fen
            FROM holds a JOIN holds b ON a.contract_id = b.contract_id AND a.policy_case = b.policy_case
                 AND (a.held_at, a.use_id) < (b.held_at, b.use_id)
            WHERE a.policy_case <> '' AND a.state = 'CHARGED' AND b.state = 'CHARGED'
              AND b.held_at < a.held_at + interval '24 hours'"""),
    ),
    Checker(
        "M9", "The shares of a settlement sum to its amount, and its amount is what its statement charged",
        f"{PLANTED}[M9]",
        none_of("""
            SELECT settlement_id, s.amount_fen, shares.sum_fen, charged.sum_fen AS charged_fen FROM settlements s,
            LATERAL (SELECT COALESCE(sum((share->>'amount_fen')::bigint), 0) AS sum_fen
                     FROM jsonb_array_elements(s.shares) AS share) shares,
            LATERAL (SELECT COALESCE(sum(h.amount_fen), 0) AS sum_fen FROM holds h
                     WHERE h.statement_id = s.statement_id AND h.state = 'CHARGED') charged
            WHERE (s.state <> 'SPLITTING' AND s.amount_fen <> shares.sum_fen) OR s.amount_fen <> charged.sum_fen"""),
    ),
    Checker(
        "M10", "Clearing accounts come back to zero, and every line of the bank is in the ledger", f"{PLANTED}[M10]",
        none_of(f"""
            SELECT account AS found, posted_fen AS amount_fen, 'settled, and not zero' AS why FROM accounts
            JOIN settlements s ON account = 'payable:' || s.settlement_id WHERE s.state = 'SETTLED' AND posted_fen <> 0
            UNION ALL
            SELECT 'payable:' || settlement_id, amount_fen, 'unfinished for too long' FROM settlements
            WHERE state <> 'SETTLED' AND touched_at < now() - interval '{CLEARING_MINUTES} minutes'
            UNION ALL
            SELECT account, posted_fen, 'is not what was charged and not split' FROM accounts,
            LATERAL (SELECT COALESCE(sum(h.amount_fen), 0) AS unsplit FROM holds h
                LEFT JOIN settlements s ON s.statement_id = h.statement_id
                WHERE h.contract_id = substr(accounts.account, 9) AND h.state = 'CHARGED'
                  AND (s.settlement_id IS NULL OR s.state = 'SPLITTING')) open
            WHERE account LIKE 'revenue:%' AND posted_fen <> open.unsplit
            UNION ALL
            SELECT i.reference, i.amount_fen, 'at the bank, not in the ledger' FROM payer.instructions i
            WHERE NOT EXISTS (SELECT FROM ledger_transactions t JOIN postings p USING (transaction_id)
                WHERE t.source_id = i.reference AND p.account = 'supervised'
                  AND p.amount_fen = CASE i.direction WHEN 'COLLECT' THEN -i.amount_fen ELSE i.amount_fen END)
              AND NOT EXISTS (SELECT FROM top_ups WHERE top_up_id = i.reference
                  AND state IN ('INSTRUCTING', 'INSTRUCTED')
                  AND touched_at > now() - interval '{CLEARING_MINUTES} minutes')
              AND NOT EXISTS (SELECT FROM settlements WHERE settlement_id = split_part(i.reference, '.', 1)
                  AND state = 'PAYING' AND touched_at > now() - interval '{CLEARING_MINUTES} minutes')
            UNION ALL
            SELECT t.source_id, p.amount_fen, 'in the ledger, not at the bank' FROM ledger_transactions t
            JOIN postings p USING (transaction_id) WHERE p.account = 'supervised'
            AND NOT EXISTS (SELECT FROM payer.instructions i WHERE i.reference = t.source_id)"""),  # noqa: S608 - a constant
    ),
]  # fmt: skip
