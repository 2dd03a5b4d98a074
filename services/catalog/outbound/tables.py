"""The tables of catalog; the migrations make them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from kernel.grants import APPEND, CHANGE, Grants

metadata = MetaData()
_moment = DateTime(timezone=True)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


authorisations = Table(
    "authorisations", metadata,
    Column("id", Text, primary_key=True),
    *_texts("implementing_body_id", "operator_party_id"),
    Column("supplier_party_ids", ARRAY(Text), nullable=False),
    *_texts("scope", "scenario", "theme"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("granted_at", _moment, nullable=False),
    *_texts("state"),
    Column("ended_at", _moment),
    Column("end_reason", Text),
    Column("version", Integer, nullable=False),
)  # fmt: skip

datasets = Table(
    "datasets", metadata,
    Column("id", Text, primary_key=True),
    *_texts("owner_party_id", "supplier_party_id", "title", "title_en", "description", "description_en", "theme",
            "form", "source_kind", "lineage_root", "authorisation_id"),
    Column("source_dataset_ids", ARRAY(Text), nullable=False),
    Column("subject", JSONB(none_as_null=True)),
    Column("has_persons", Boolean, nullable=False),
    *_texts("latest_version_id"),
    Column("created_at", _moment, nullable=False),
    Column("version", Integer, nullable=False),
)  # fmt: skip

supplies = Table(
    "supplies", metadata,
    Column("dataset_id", Text, primary_key=True),
    Column("operator_party_id", Text, primary_key=True),
    Column("authorisation_id", Text, primary_key=True),
    Column("supplied_at", _moment, nullable=False),
)  # fmt: skip

versions = Table(
    "versions", metadata,
    Column("id", Text, primary_key=True),
    *_texts("dataset_id", "state"),
    Column("announced", ARRAY(Text), nullable=False),
    Column("number", Integer, nullable=False),
    *_texts("manifest", "digest"),
    Column("profile", Text),
    Column("sketch", Text),
    Column("sample", Text),
    Column("refusal", JSONB(none_as_null=True)),
    Column("attempts", Integer, nullable=False),
    Column("opened_at", _moment, nullable=False),
    Column("published_at", _moment),
    Column("version", Integer, nullable=False),
)  # fmt: skip

version_files = Table(
    "version_files", metadata,
    Column("version_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    *_texts("sha256", "sm3"),
    Column("part_sha256s", ARRAY(Text), nullable=False),
)  # fmt: skip

derivations = Table(
    "derivations", metadata,
    Column("id", Text, primary_key=True),
    *_texts("operator_party_id", "dataset_id", "version_id"),
    Column("source_version_ids", ARRAY(Text), nullable=False),
    Column("recipe", JSONB, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("asked_at", _moment, nullable=False),
)  # fmt: skip

products = Table(
    "products", metadata,
    Column("id", Text, primary_key=True),
    *_texts("dataset_id", "owner_party_id", "name", "name_en", "description", "description_en", "specification",
            "specification_digest"),
    Column("deliveries", ARRAY(Text), nullable=False),
    *_texts("state"),
    Column("created_at", _moment, nullable=False),
    Column("published_at", _moment),
    Column("version", Integer, nullable=False),
)  # fmt: skip

ceiling_prices = Table(
    "ceiling_prices", metadata,
    Column("id", Text, primary_key=True),
    *_texts("authorisation_id", "product_id"),
    Column("ceiling_price_fen", BigInteger, nullable=False),
    *_texts("unit", "basis", "set_by"),
    Column("set_at", _moment, nullable=False),
)  # fmt: skip

identity_keys = Table(
    "identity_keys", metadata,
    *_texts("party_id"),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("deposited_at", _moment, nullable=False),
)  # fmt: skip

search_entries = Table(
    "search_entries", metadata,
    Column("id", Text, primary_key=True),
    *_texts("kind", "title", "title_en", "description", "description_en", "theme", "form", "lineage_root"),
    Column("words", TSVECTOR, nullable=False),
    Column("published_at", _moment, nullable=False),
)  # fmt: skip

badges = Table(
    "badges", metadata,
    Column("reference", Text, primary_key=True),
    *_texts("subject_id"),
    Column("badge", JSONB, nullable=False),
)  # fmt: skip

uploads = Table(
    "uploads", metadata,
    Column("id", Text, primary_key=True),
    *_texts("version_id", "party_id", "name"),
    Column("size", BigInteger, nullable=False),
    *_texts("sha256", "media_type"),
    Column("opened_at", _moment, nullable=False),
)  # fmt: skip

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "authorisations": CHANGE,
    "badges": f"{APPEND}, UPDATE (reference, subject_id, badge), DELETE",
    "ceiling_prices": APPEND,
    "datasets": f"{APPEND}, UPDATE (latest_version_id, version)",
    "derivations": APPEND,
    "identity_keys": APPEND,
    "products": CHANGE,
    "search_entries": CHANGE,
    "supplies": APPEND,
    "uploads": f"{APPEND}, DELETE",
    "version_files": CHANGE,
    "versions": CHANGE,
}
