"""What pledge shows to Prometheus of its own business."""

from kernel.gauges import asked, waiting

OWING = "state IN ('PERFORMING', 'OVERDUE', 'DEFAULTED')"

GAUGES = (
    asked("yaosu_loans", "Loans by state", "SELECT state, count(*) AS value FROM loans GROUP BY state", ["state"]),
    asked(
        "yaosu_loans_outstanding_fen", "Principal lent and not repaid, by the loan's state",
        f"SELECT state, sum(principal_fen - repaid_fen) AS value FROM loans WHERE {OWING} GROUP BY state", ["state"],  # noqa: S608 - a constant
    ),
    asked(
        "yaosu_collateral_fen", "Value of what secures the loans that are owed",
        f"SELECT sum(valuation_fen) AS value FROM loans WHERE {OWING}",  # noqa: S608 - a constant
    ),
    asked(
        "yaosu_loans_by_ltv", "Loans owed by the band of debt over value: normal, watch, call, default",
        f"""
        SELECT CASE WHEN ltv >= 800000 THEN 'default' WHEN ltv >= 700000 THEN 'call'
                    WHEN ltv >= 600000 THEN 'watch' ELSE 'normal' END AS band, count(*) AS value
        FROM (SELECT (principal_fen - repaid_fen) * 1000000 / NULLIF(valuation_fen, 0) AS ltv FROM loans
              WHERE {OWING}) owed GROUP BY 1""", ["band"],  # noqa: S608 - a constant
    ),
    asked(
        "yaosu_pledges", "Pledges by state", "SELECT state, count(*) AS value FROM pledges GROUP BY state", ["state"]
    ),
    asked(
        "yaosu_watches_open", "Warnings on loans that nobody has resolved, by cause",
        "SELECT cause, count(*) AS value FROM watches WHERE resolved_at IS NULL GROUP BY cause", ["cause"],
    ),
    asked(
        "yaosu_booked_fen", "Cost of data assets on balance sheets, by classification",
        "SELECT classification, sum(cost_fen) AS value FROM bookings GROUP BY classification", ["classification"],
    ),
    *waiting("""
        SELECT lower(state) AS kind, changed_at AS since FROM pledges
        WHERE state IN ('RESERVING', 'REGISTERING', 'ANNOTATING', 'CONFIRMING', 'DEREGISTERING', 'LIFTING',
                        'RELEASING', 'CANCELLING')"""),
)  # fmt: skip
