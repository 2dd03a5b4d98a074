"""What catalog shows to Prometheus of its own business."""

from kernel.gauges import BUSINESS_NOW, asked, waiting

GAUGES = (
    asked(
        "yaosu_datasets", "Data sets by theme library and form",
        "SELECT theme, form, count(*) AS value FROM datasets GROUP BY theme, form", ["theme", "form"],
    ),
    asked(
        "yaosu_versions", "Versions of data sets by state",
        "SELECT state, count(*) AS value FROM versions GROUP BY state", ["state"],
    ),
    asked("yaosu_stored_bytes", "Bytes of all files of all versions", "SELECT sum(size) AS value FROM version_files"),
    asked(
        "yaosu_products", "Data products by state",
        "SELECT state, count(*) AS value FROM products GROUP BY state", ["state"],
    ),
    asked(
        "yaosu_authorisations", "Public-data authorisations by state",
        "SELECT state, count(*) AS value FROM authorisations GROUP BY state", ["state"],
    ),
    *waiting(f"SELECT lower(state) AS kind, now() + (opened_at - {BUSINESS_NOW}) AS since FROM versions "  # noqa: S608 - constants
             "WHERE state IN ('DERIVING', 'PROFILING')"),
)  # fmt: skip
