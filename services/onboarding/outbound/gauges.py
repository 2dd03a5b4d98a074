"""What onboarding shows to Prometheus of its own business."""

from kernel.gauges import asked

GAUGES = (
    asked(
        "yaosu_parties", "Parties by what they are and how they stand",
        "SELECT entity_kind, state, count(*) AS value FROM party GROUP BY entity_kind, state",
        ["entity_kind", "state"],
    ),
    asked(
        "yaosu_sessions_live", "Sessions that have not ended",
        "SELECT count(*) AS value FROM session WHERE ended_at IS NULL AND ends_at > now()",
    ),
    asked(
        "yaosu_signing_key_age_seconds", "How long the key that signs market tokens has been in use",
        "SELECT extract(epoch FROM now() - max(active_from_at)) AS value FROM signing_key WHERE retired_at IS NULL",
    ),
    asked(
        "yaosu_clock_pending_services", "Services that have not taken the last setting of business time over yet",
        "SELECT count(*) AS value FROM clock_pending",
    ),
)  # fmt: skip
