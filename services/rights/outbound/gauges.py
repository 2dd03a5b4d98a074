"""What rights shows to Prometheus of its own business."""

from kernel.gauges import BUSINESS_NOW, asked, waiting

GAUGES = (
    asked(
        "yaosu_registrations", "Registrations by profile and state",
        "SELECT profile, state, count(*) AS value FROM registrations GROUP BY profile, state", ["profile", "state"],
    ),
    asked(
        "yaosu_certificates", "Certificates by profile and state",
        "SELECT profile, state, count(*) AS value FROM certificates GROUP BY profile, state", ["profile", "state"],
    ),
    asked(
        "yaosu_certificates_near_expiry", "Live certificates whose time is over within 30 days of business time",
        f"SELECT count(*) AS value FROM certificates WHERE NOT expiry_told AND state = 'CERTIFIED' "  # noqa: S608 - a constant
        f"AND expires_at < {BUSINESS_NOW} + interval '30 days'",
    ),
    asked(
        "yaosu_objections_open", "Objections that nobody has decided",
        "SELECT count(*) AS value FROM objections WHERE state = 'OPEN'",
    ),
    asked(
        "yaosu_encumbrances", "Encumbrances by kind and state",
        "SELECT kind, state, count(*) AS value FROM encumbrances GROUP BY kind, state", ["kind", "state"],
    ),
    asked("yaosu_reports", "Reports by kind", "SELECT kind, count(*) AS value FROM reports GROUP BY kind", ["kind"]),
    *waiting("""
        SELECT 'certificate' AS kind, now() + (COALESCE(deposited_at, submitted_at) - BUSINESS_NOW) AS since
        FROM registrations WHERE state = 'SIGNED'
        UNION ALL
        SELECT 'reservation', placed_at - BUSINESS_NOW + now() FROM encumbrances
        WHERE state = 'RESERVED' AND kind <> 'PLEDGE'""".replace("BUSINESS_NOW", BUSINESS_NOW)),
)  # fmt: skip
