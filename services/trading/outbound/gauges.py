"""What trading shows to Prometheus of its own business."""

from kernel.gauges import asked, waiting

GAUGES = (
    asked(
        "yaosu_listings", "Listings by state", "SELECT state, count(*) AS value FROM listings GROUP BY state", ["state"]
    ),
    asked("yaosu_orders", "Orders by state", "SELECT state, count(*) AS value FROM orders GROUP BY state", ["state"]),
    asked(
        "yaosu_contracts", "Contracts by state",
        "SELECT state, count(*) AS value FROM contracts GROUP BY state", ["state"],
    ),
    asked(
        "yaosu_statements", "Monthly statements by state",
        "SELECT state, count(*) AS value FROM statements GROUP BY state", ["state"],
    ),
    asked(
        "yaosu_settlements", "Settlements by state",
        "SELECT state, count(*) AS value FROM settlements GROUP BY state", ["state"],
    ),
    asked(
        "yaosu_settled_fen", "All that was settled so far, the market's trade volume",
        "SELECT sum(amount_fen) AS value FROM settlements WHERE state = 'SETTLED'",
    ),
    asked(
        "yaosu_account_fen", "What stands on the ledger's accounts, by the word before the colon",
        "SELECT split_part(account, ':', 1) AS account, sum(posted_fen) AS value FROM accounts GROUP BY 1", ["account"],
    ),
    asked(
        "yaosu_held_fen", "What is held on buyers' deposits for uses under way",
        "SELECT sum(held_fen) AS value FROM accounts",
    ),
    asked(
        "yaosu_ledger_imbalance_fen", "The sum over all accounts; anything but zero is a wrong ledger",
        "SELECT sum(posted_fen) AS value FROM accounts",
    ),
    asked(
        "yaosu_deposits_exhausted", "Buyers whose deposit has nothing left",
        "SELECT count(*) AS value FROM accounts WHERE account LIKE 'deposit:%' AND posted_fen - held_fen <= 0",
    ),
    *waiting("""
        SELECT 'top up' AS kind, touched_at AS since FROM top_ups WHERE state IN ('INSTRUCTING', 'INSTRUCTED')
        UNION ALL SELECT 'contract', touched_at FROM contracts WHERE state = 'RESERVING'
        UNION ALL SELECT 'settlement', touched_at FROM settlements WHERE state <> 'SETTLED'
        UNION ALL SELECT 'certificate', touched_at FROM certificates WHERE state <> 'CERTIFIED'"""),
)  # fmt: skip
