"""Onboarding's tables, as its storage reads and writes them; the migrations make them."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kernel.grants import APPEND, CHANGE, Grants

metadata = MetaData()
_MOMENT = DateTime(timezone=True)
_ROLES = ARRAY(Text)

# Organisations and natural persons: the last three columns are a person's, name to contact an organisation's.
party = Table(
    "party", metadata,
    Column("id", Text, primary_key=True), Column("entity_kind", Text), Column("state", Text),
    Column("roles", _ROLES), Column("roles_wanted", _ROLES),
    Column("name", Text), Column("name_en", Text), Column("credit_code", Text),
    Column("contact", JSONB(none_as_null=True)), Column("reason", Text),
    Column("applied_at", _MOMENT), Column("decided_at", _MOMENT), Column("version", Integer),
    Column("identity_pseudonym", Text), Column("vouched_by", Text), Column("statement_issued_at", _MOMENT),
)  # fmt: skip
member = Table(
    "member", metadata,
    Column("id", Text, primary_key=True), Column("party_id", Text), Column("username", Text),
    Column("password_hash", Text), Column("display_name", Text), Column("roles", _ROLES), Column("state", Text),
    Column("version", Integer),
)  # fmt: skip
client = Table(
    "client", metadata,
    Column("id", Text, primary_key=True), Column("party_id", Text), Column("name", Text),
    Column("secret_sha256", Text), Column("roles", _ROLES), Column("state", Text), Column("version", Integer),
)  # fmt: skip
party_key = Table(
    "party_key", metadata,
    Column("id", Text, primary_key=True), Column("party_id", Text), Column("jwk", JSONB), Column("thumbprint", Text),
    Column("valid_from_at", _MOMENT), Column("valid_until_at", _MOMENT),
)  # fmt: skip
session = Table(
    "session", metadata,
    Column("id", Text, primary_key=True), Column("party_id", Text), Column("member_id", Text),
    Column("token_sha256", Text), Column("ends_at", _MOMENT), Column("ended_at", _MOMENT),
)  # fmt: skip
signing_key = Table(
    "signing_key", metadata,
    Column("kid", Text, primary_key=True), Column("public", JSONB), Column("private_sealed", LargeBinary),
    Column("active_from_at", _MOMENT), Column("retired_at", _MOMENT),
)  # fmt: skip
outside_identity = Table(
    "outside_identity", metadata,
    Column("id", Text, primary_key=True), Column("issuer", Text), Column("subject", Text), Column("party_id", Text),
    Column("member_id", Text), Column("bound_by", Text), Column("bound_at", _MOMENT), Column("ended_at", _MOMENT),
)  # fmt: skip
clock_setting = Table(
    "clock_setting", metadata,
    Column("revision", BigInteger, primary_key=True), Column("business_at", _MOMENT), Column("machine_at", _MOMENT),
)  # fmt: skip

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "client": CHANGE,
    "clock_pending": f"{APPEND}, UPDATE (revision), DELETE",
    "clock_setting": APPEND,
    "login_attempt": f"{CHANGE}, DELETE",
    "member": CHANGE,
    "outside_identity": f"{APPEND}, UPDATE (ended_at)",
    "party": CHANGE,
    "party_key": f"{APPEND}, UPDATE (valid_until_at)",
    "session": f"{APPEND}, UPDATE (ended_at), DELETE",
    "signing_key": f"{APPEND}, UPDATE (private_sealed, retired_at)",
    "used_assertion": f"{APPEND}, DELETE",
}
