"""Delivery's tables, as the queries name them; the migrations make them."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kernel.grants import APPEND, CHANGE, Grants

metadata = MetaData()
_AT = DateTime(timezone=True)

entitlements = Table(
    "entitlements", metadata,
    Column("contract_id", Text, primary_key=True), Column("product_id", Text), Column("dataset_id", Text),
    Column("lineage_root", Text), Column("authorisation_id", Text), Column("authorised_until", _AT),
    Column("provider_party_id", Text), Column("supplier_party_id", Text), Column("buyer_party_id", Text),
    Column("purpose", Text), Column("deliveries", ARRAY(Text)), Column("version_selector", Text),
    Column("version_id", Text), Column("specification", Text), Column("specification_digest", Text),
    Column("sealed_key", LargeBinary), Column("starts_at", _AT), Column("ends_at", _AT), Column("notice", Text),
    Column("notice_sha256", Text), Column("ended_at", _AT), Column("ended_reason", Text),
)  # fmt: skip
impediments = Table(
    "impediments", metadata,
    Column("about", Text, primary_key=True), Column("source", Text, primary_key=True), Column("reason", Text),
)  # fmt: skip
consents = Table(
    "consents", metadata,
    Column("id", Text, primary_key=True), Column("contract_id", Text), Column("person_party_id", Text),
    Column("identity_pseudonym", Text), Column("key_id", Text), Column("subject_token", Text),
    Column("insurer_party_id", Text), Column("supplier_party_id", Text), Column("product_id", Text),
    Column("purpose", Text), Column("policy_case", Text), Column("look_back_years", Integer),
    Column("valid_until", _AT), Column("use", Text), Column("notice_sha256", Text), Column("receipt_text", Text),
    Column("receipt_sha256", Text), Column("payload_sha256", Text), Column("given_at", _AT), Column("state", Text),
    Column("withdrawn_at", _AT),
)  # fmt: skip
uses = Table(
    "uses", metadata,
    Column("id", Text, primary_key=True), Column("contract_id", Text), Column("mode", Text),
    Column("buyer_party_id", Text), Column("caller_subject_id", Text), Column("purpose", Text),
    Column("policy_case", Text), Column("subject_token", Text), Column("consent_id", Text),
    Column("takes_single_consent", Boolean), Column("key", Text), Column("request_sha256", Text),
    Column("state", Text), Column("version_id", Text), Column("intended_at", _AT), Column("abandon_at", _AT),
    Column("held_fen", BigInteger), Column("version_digest", Text), Column("answer_digest", Text),
    Column("reason", Text), Column("problem", Text), Column("settled_at", _AT), Column("answers", Integer),
)  # fmt: skip
cohort_populations = Table(
    "cohort_populations", metadata,
    Column("use_id", Text), Column("buyer_party_id", Text), Column("dataset_id", Text),
    Column("population", JSONB), Column("persons", Integer), Column("version_digest", Text),
)  # fmt: skip
file_links = Table(
    "file_links", metadata,
    Column("use_id", Text, primary_key=True), Column("token_sha256", Text), Column("buyer_party_id", Text),
    Column("file_name", Text), Column("expires_at", _AT), Column("opened_at", _AT),
)  # fmt: skip

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "cohort_populations": APPEND,
    "consents": f"{APPEND}, UPDATE (state, withdrawn_at)",
    "entitlements": f"{APPEND}, UPDATE (ended_at, ended_reason, version_id)",
    "file_links": f"{APPEND}, UPDATE (token_sha256, expires_at, opened_at)",
    "impediments": f"{APPEND}, UPDATE (reason), DELETE",
    "uses": CHANGE,
}
