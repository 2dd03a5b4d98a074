"""Pledge's tables; a column has the name of the field that it keeps."""

from sqlalchemy import (
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
from sqlalchemy.dialects.postgresql import JSONB

from kernel.grants import APPEND, CHANGE, Grants

METADATA = MetaData()
_Moment = DateTime(timezone=True)

vouchers = Table(
    "vouchers", METADATA,
    Column("voucher_id", Text, primary_key=True), Column("party_id", Text), Column("dataset_id", Text),
    Column("voucher_number", Text), Column("period", Text), Column("stage", Text), Column("category", Text),
    Column("amount_fen", BigInteger), Column("capitalise", Boolean), Column("reason", Text), Column("approver", Text),
    Column("recorded_at", _Moment), Column("booking_id", Text),
)  # fmt: skip

bookings = Table(
    "bookings", METADATA,
    Column("booking_id", Text, primary_key=True), Column("party_id", Text), Column("dataset_id", Text),
    Column("lineage_root", Text), Column("classification", Text), Column("basis", Text), Column("measurement", Text),
    Column("cost_fen", BigInteger), Column("expensed_fen", BigInteger), Column("life_months", Integer),
    Column("certificate_number", Text), Column("approval_reference", Text), Column("conditions", JSONB),
    Column("booked_at", _Moment), Column("voucher_ids", JSONB),
)  # fmt: skip

bank_policies = Table(
    "bank_policies", METADATA,
    Column("bank_party_id", Text, primary_key=True), Column("pledge_rate_ppm", Integer),
    Column("ceiling_fen", BigInteger), Column("appraisers", JSONB),
)  # fmt: skip

loans = Table(
    "loans", METADATA,
    Column("loan_id", Text, primary_key=True), Column("state", Text), Column("borrower_party_id", Text),
    Column("bank_party_id", Text), Column("dataset_id", Text), Column("product_id", Text), Column("lineage_root", Text),
    Column("principal_fen", BigInteger), Column("term_months", Integer), Column("annual_rate_ppm", Integer),
    Column("purpose", Text), Column("control_account", Text), Column("licence_policy", Text),
    Column("value_report_id", Text), Column("valuation_fen", BigInteger), Column("pledge_rate_ppm", Integer),
    Column("limit_fen", BigInteger), Column("eligibility", JSONB), Column("applied_at", _Moment),
    Column("consents", JSONB), Column("approvals", JSONB), Column("contract", JSONB(none_as_null=True)),
    Column("refusal", JSONB(none_as_null=True)), Column("pledge_id", Text), Column("repaid_fen", BigInteger),
    Column("approved_at", _Moment), Column("contracted_at", _Moment), Column("disbursed_at", _Moment),
    Column("matures_on", Date), Column("repaid_at", _Moment), Column("version", Integer),
)  # fmt: skip

pledges = Table(
    "pledges", METADATA,
    Column("pledge_id", Text, primary_key=True), Column("state", Text), Column("loan_id", Text),
    Column("borrower_party_id", Text), Column("bank_party_id", Text), Column("dataset_id", Text),
    Column("product_id", Text), Column("lineage_root", Text), Column("principal_fen", BigInteger),
    Column("licence_policy", Text), Column("control_account", Text), Column("consenting_party_ids", JSONB),
    Column("requested_at", _Moment), Column("encumbrance_id", Text), Column("fencing_version", BigInteger),
    Column("refusal", JSONB(none_as_null=True)), Column("cancelled_because", Text), Column("searches", JSONB),
    Column("registration", JSONB(none_as_null=True)), Column("releasers", JSONB), Column("held_at", _Moment),
    Column("confirmed_at", _Moment), Column("discharged_at", _Moment), Column("released_at", _Moment),
    Column("version", Integer), Column("changed_at", _Moment),
)  # fmt: skip
sealed_codes = Table(
    "sealed_codes", METADATA, Column("pledge_id", Text, primary_key=True), Column("sealed", LargeBinary)
)

history = Table(
    "history", METADATA,
    Column("aggregate_id", Text, primary_key=True), Column("version", Integer, primary_key=True),
    Column("from_state", Text), Column("to_state", Text), Column("subject_id", Text), Column("at", _Moment),
)  # fmt: skip

payments = Table(
    "payments", METADATA,
    Column("payment_id", Text, primary_key=True), Column("kind", Text), Column("loan_id", Text),
    Column("bank_party_id", Text), Column("bank_reference", Text), Column("amount_fen", BigInteger),
    Column("interest_fen", BigInteger), Column("paid_at", _Moment), Column("sha256", Text),
    Column("recorded_at", _Moment),
)  # fmt: skip

watches = Table(
    "watches", METADATA,
    Column("watch_id", Text, primary_key=True), Column("loan_id", Text), Column("cause", Text), Column("detail", Text),
    Column("source", Text), Column("raised_at", _Moment), Column("due_on", Date), Column("resolved_at", _Moment),
    Column("note", Text),
)  # fmt: skip

incomes = Table(
    "incomes", METADATA,
    Column("pledge_id", Text, primary_key=True), Column("settlement_id", Text, primary_key=True),
    Column("contract_id", Text), Column("amount_fen", BigInteger), Column("trade_certificate_number", Text),
    Column("settled_at", _Moment),
)  # fmt: skip

outside_entries = Table(
    "outside_entries", METADATA,
    Column("entry_id", Text, primary_key=True), Column("registry", Text), Column("registration_number", Text),
    Column("debtor_credit_code", Text), Column("asset", Text), Column("secured_party", Text),
    Column("description", Text), Column("proof_number", Text), Column("queried_at", _Moment),
    Column("operator_subject_id", Text), Column("recorded_at", _Moment), Column("cancelled_at", _Moment),
)  # fmt: skip

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "bank_policies": CHANGE,
    "bookings": APPEND,
    "history": APPEND,
    "incomes": APPEND,
    "loans": CHANGE,
    "outside_entries": f"{APPEND}, UPDATE (cancelled_at)",
    "payments": APPEND,
    "pledges": CHANGE,
    "sealed_codes": f"{APPEND}, UPDATE (pledge_id, sealed)",
    "vouchers": f"{APPEND}, UPDATE (booking_id)",
    "watches": f"{APPEND}, UPDATE (resolved_at, note)",
}
