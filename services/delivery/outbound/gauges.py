"""What delivery shows to Prometheus of its own business."""

from kernel.gauges import BUSINESS_NOW, asked

GAUGES = (
    asked(
        "yaosu_entitlements", "Entitlements that have begun and not ended, by purpose",
        f"SELECT purpose, count(*) AS value FROM entitlements WHERE ended_at IS NULL AND starts_at <= {BUSINESS_NOW} "  # noqa: S608 - a constant
        f"AND ends_at > {BUSINESS_NOW} GROUP BY purpose", ["purpose"],
    ),
    asked(
        "yaosu_consents", "Persons' consents by state",
        "SELECT state, count(*) AS value FROM consents GROUP BY state", ["state"],
    ),
    asked(
        "yaosu_impediments", "Contracts, products and lineages that may not be used now",
        "SELECT count(*) AS value FROM impediments",
    ),
    asked(
        "yaosu_uses_abandoned", "Uses that a stop left half-way and that nobody has closed yet",
        "SELECT count(*) AS value FROM uses WHERE state = 'INTENDED' AND abandon_at < now()",
    ),
)  # fmt: skip
