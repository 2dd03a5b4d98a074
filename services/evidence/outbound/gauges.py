"""What evidence shows to Prometheus of its own business."""

from kernel.gauges import BUSINESS_NOW, asked

GAUGES = (
    asked("yaosu_log_leaves", "Deposits that stand in the log", "SELECT size AS value FROM logs"),
    asked(
        "yaosu_deposits_pending", "Deposits that wait for their place in the log",
        "SELECT count(*) AS value FROM deposits WHERE state = 'PENDING'",
    ),
    asked(
        "yaosu_deposit_oldest_pending_seconds", "How long the oldest of them waits, in business time",
        f"SELECT extract(epoch FROM {BUSINESS_NOW} - min(recorded_at)) AS value FROM deposits WHERE state = 'PENDING'",  # noqa: S608 - a constant
    ),
    asked(
        "yaosu_checkpoint_age_seconds", "How old the newest checkpoint is, in business time; a quiet log signs none",
        f"SELECT extract(epoch FROM {BUSINESS_NOW} - signed_at) AS value FROM checkpoints ORDER BY size DESC LIMIT 1",  # noqa: S608 - a constant
    ),
    asked(
        "yaosu_unsigned_leaves", "Places of the log that no checkpoint covers",
        "SELECT size - COALESCE((SELECT max(size) FROM checkpoints), 0) AS value FROM logs",
    ),
)  # fmt: skip
