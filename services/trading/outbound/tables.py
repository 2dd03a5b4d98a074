"""Trading's tables as SQLAlchemy sees them; the migrations make them."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from kernel.grants import APPEND, CHANGE, Grants

METADATA = MetaData()
_MOMENT = DateTime(timezone=True)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


def _kept() -> tuple[Column[str], Column[int]]:
    return Column("state", Text), Column("version", Integer)


listings = Table(
    "listings", METADATA, Column("listing_id", Text, primary_key=True),
    *_texts("product_id", "provider_party_id", "product_name", "lineage_root", "authorisation_id", "billing",
            "version_selector", "policy_digest"),
    Column("product", JSONB), Column("price_fen", BigInteger), Column("exclusive", Boolean),
    Column("term_days", Integer), Column("purposes", JSONB), Column("split", JSONB), Column("policy", JSONB),
    Column("published_at", _MOMENT), Column("suspended_for", JSONB), *_kept(),
)  # fmt: skip
orders = Table(
    "orders", METADATA, Column("order_id", Text, primary_key=True),
    *_texts("listing_id", "contract_id", "buyer_party_id", "provider_party_id", "billing"),
    Column("price_fen", BigInteger), Column("placed_at", _MOMENT), *_kept(),
)  # fmt: skip
contracts = Table(
    "contracts", METADATA, Column("contract_id", Text, primary_key=True),
    *_texts("order_id", "listing_id", "product_id", "product_name", "dataset_id", "lineage_root", "provider_party_id",
            "supplier_party_id", "buyer_party_id", "specification_digest", "version_selector", "billing", "agreement",
            "agreement_digest", "purpose", "grant_state", "encumbrance_id"),
    Column("price_fen", BigInteger), Column("exclusive", Boolean), Column("starts_at", _MOMENT),
    Column("ends_at", _MOMENT), Column("deliveries", JSONB), Column("split", JSONB), Column("drawn_at", _MOMENT),
    Column("signatures", JSONB), Column("consents", JSONB), Column("fencing_version", BigInteger),
    Column("refusal", JSONB(none_as_null=True)), *_kept(),
)  # fmt: skip
top_ups = Table(
    "top_ups", METADATA, Column("top_up_id", Text, primary_key=True), *_texts("party_id"),
    Column("amount_fen", BigInteger), Column("asked_at", _MOMENT), Column("received_at", _MOMENT), *_kept(),
)  # fmt: skip
statements = Table(
    "statements", METADATA, Column("statement_id", Text, primary_key=True),
    *_texts("contract_id", "provider_party_id", "buyer_party_id", "disputed_by", "dispute_reason",
            "settlement_id"),
    Column("period_from", Date), Column("period_to", Date), Column("days", JSONB), Column("amount_fen", BigInteger),
    Column("drawn_at", _MOMENT), Column("confirmed_by", JSONB), *_kept(),
)  # fmt: skip
settlements = Table(
    "settlements", METADATA, Column("settlement_id", Text, primary_key=True),
    *_texts("statement_id", "contract_id", "order_id", "lineage_root", "provider_party_id", "buyer_party_id",
            "trade_certificate_number"),
    Column("amount_fen", BigInteger), Column("begun_at", _MOMENT), Column("shares", JSONB),
    Column("settled_at", _MOMENT), Column("registrations", JSONB), *_kept(),
)  # fmt: skip
certificates = Table(
    "certificates", METADATA, Column("number", Text, primary_key=True),
    *_texts("settlement_id", "contract_id", "provider_party_id", "buyer_party_id", "record", "record_sha256", "jwt",
            "jwt_sha256", "file"),
    Column("recorded_at", _MOMENT), Column("deposited_at", _MOMENT), *_kept(),
)  # fmt: skip

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "accounts": f"{APPEND}, UPDATE (posted_fen, held_fen, exhausted_told)",
    "case_windows": f"{APPEND}, UPDATE (use_id, until_at), DELETE",
    "certificate_counters": f"{APPEND}, UPDATE (last)",
    "certificates": CHANGE,
    "contracts": CHANGE,
    "holds": CHANGE,
    "issuer_keys": APPEND,
    "ledger_transactions": APPEND,
    "listings": CHANGE,
    "orders": CHANGE,
    "payer.callbacks": f"{APPEND}, UPDATE (delivered_at)",
    "payer.instructions": APPEND,
    "payer.keys": APPEND,
    "postings": APPEND,
    "settlements": CHANGE,
    "statements": CHANGE,
    "top_ups": CHANGE,
}
