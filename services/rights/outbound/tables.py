"""Rights' tables as SQLAlchemy sees them; the migrations make them."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from kernel.grants import APPEND, CHANGE, Grants

METADATA = MetaData()


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


def _jsons(*names: str) -> list[Column[object]]:
    return [Column(name, JSONB) for name in names]


def _moments(*names: str) -> list[Column[object]]:
    return [Column(name, DateTime(timezone=True)) for name in names]


def _days(*names: str) -> list[Column[object]]:
    return [Column(name, Date) for name in names]


registrations = Table(
    "registrations", METADATA, Column("registration_id", Text, primary_key=True),
    *_texts("profile", "type", "applicant_party_id", "transferee_party_id", "asset_id", "version_id", "lineage_root",
            "previous_certificate", "state", "reason", "record", "record_sha256", "jwt", "jwt_sha256",
            "certificate_number"),
    *_jsons("subject", "form", "allocations", "rights", "papers", "matches", "requested", "remarks", "history"),
    *_moments("created_at", "submitted_at", "deposited_at"),
    *_days("acceptance_due_on", "correction_due_on", "review_due_on", "notice_published_on", "notice_ends_on"),
    Column("joined", Boolean), Column("review_days_left", Integer), Column("review_extended", Boolean),
    Column("version", Integer),
)  # fmt: skip
objections = Table(
    "objections", METADATA, Column("objection_id", Text, primary_key=True),
    *_texts("registration_id", "party_id", "reason", "encumbrance_id", "state", "decision"),
    *_moments("raised_at", "decided_at"), Column("version", Integer),
)  # fmt: skip
certificates = Table(
    "certificates", METADATA, Column("number", Text, primary_key=True),
    *_texts("registration_id", "profile", "name", "registrant_party_id", "dataset_id", "product_id", "version_id",
            "version_digest", "lineage_root", "authorisation_id", "record_sha256", "jwt_sha256", "file", "state",
            "reason"),
    *_jsons("allocations", "remarks"), *_moments("effective_at", "expires_at"),
    Column("clock_moved", Boolean), Column("expiry_told", Boolean), Column("version", Integer),
)  # fmt: skip
reports = Table(
    "reports", METADATA, Column("report_id", Text, primary_key=True),
    *_texts("kind", "dataset_id", "product_id", "version_id", "lineage_root", "issuer_party_id", "conclusion", "level",
            "grade", "method", "purpose", "sha256"),
    *_jsons("content"), *_moments("issued_at", "valid_until_at"),
    Column("score_ppm", Integer), Column("value_fen", BigInteger), Column("version", Integer),
)  # fmt: skip
encumbrances = Table(
    "encumbrances", METADATA, Column("encumbrance_id", Text, primary_key=True),
    *_texts("lineage_root", "kind", "state", "right", "holder_party_id", "beneficiary_party_id", "owner_service",
            "reference", "request_sha256", "licence_policy", "control_account", "court", "order_number", "note"),
    *_moments("placed_at", "confirmed_at", "ended_at"),
    Column("fencing_version", BigInteger), Column("version", Integer),
)  # fmt: skip

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "annotations": f"{APPEND}, UPDATE (remark), DELETE",
    "assets": APPEND,
    "barred_references": APPEND,
    "certificate_counters": f"{APPEND}, UPDATE (last)",
    "certificate_units": f"{APPEND}, UPDATE (live)",
    "certificates": CHANGE,
    "contents": APPEND,
    "encumbrance_units": APPEND,
    "encumbrances": CHANGE,
    "fencing_versions": "USAGE",
    "issuer_keys": APPEND,
    "lineages": f"{APPEND}, UPDATE (lineage_root)",
    "objections": CHANGE,
    "registrations": CHANGE,
    "reports": APPEND,
    "right_units": f"{APPEND}, UPDATE (unit_id)",
}
