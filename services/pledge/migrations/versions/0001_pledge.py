"""Bookings, loans, pledges and the watch; proofs and history are never changed."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE vouchers (
        voucher_id text PRIMARY KEY, party_id text NOT NULL, dataset_id text NOT NULL, voucher_number text NOT NULL,
        period text NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        stage text NOT NULL, category text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        capitalise boolean NOT NULL, reason text NOT NULL, approver text NOT NULL,
        recorded_at timestamptz NOT NULL, booking_id text,
        CONSTRAINT voucher_number_once UNIQUE (party_id, voucher_number),
        CONSTRAINT research_is_expensed CHECK (NOT (capitalise AND stage = 'research'))
    )""",
    """
    CREATE TABLE bookings (
        booking_id text PRIMARY KEY, party_id text NOT NULL, dataset_id text NOT NULL, lineage_root text NOT NULL,
        classification text NOT NULL CHECK (classification IN ('intangible_asset', 'inventory')),
        basis text NOT NULL, measurement text NOT NULL,
        cost_fen bigint NOT NULL CHECK (cost_fen > 0), expensed_fen bigint NOT NULL CHECK (expensed_fen >= 0),
        life_months integer CHECK (life_months > 0),
        certificate_number text NOT NULL, approval_reference text, conditions jsonb NOT NULL,
        booked_at timestamptz NOT NULL, voucher_ids jsonb NOT NULL,
        CONSTRAINT asset_booked_once UNIQUE (party_id, dataset_id)
    )""",
    "CREATE INDEX bookings_lineage ON bookings (party_id, lineage_root)",
    """
    CREATE TABLE bank_policies (
        bank_party_id text PRIMARY KEY,
        pledge_rate_ppm integer NOT NULL CHECK (pledge_rate_ppm BETWEEN 300000 AND 600000),
        ceiling_fen bigint CHECK (ceiling_fen > 0), appraisers jsonb NOT NULL
    )""",
    """
    CREATE TABLE loans (
        loan_id text PRIMARY KEY, state text NOT NULL,
        borrower_party_id text NOT NULL, bank_party_id text NOT NULL,
        dataset_id text, product_id text, lineage_root text NOT NULL,
        principal_fen bigint NOT NULL CHECK (principal_fen > 0),
        term_months integer NOT NULL CHECK (term_months > 0), annual_rate_ppm integer NOT NULL,
        purpose text NOT NULL, control_account text NOT NULL, licence_policy text NOT NULL,
        value_report_id text, valuation_fen bigint NOT NULL, pledge_rate_ppm integer NOT NULL,
        limit_fen bigint NOT NULL, eligibility jsonb NOT NULL, applied_at timestamptz NOT NULL,
        consents jsonb NOT NULL, approvals jsonb NOT NULL, contract jsonb, refusal jsonb, pledge_id text,
        repaid_fen bigint NOT NULL CHECK (repaid_fen BETWEEN 0 AND principal_fen),
        approved_at timestamptz, contracted_at timestamptz, disbursed_at timestamptz, matures_on date,
        repaid_at timestamptz, version integer NOT NULL
    )""",
    "CREATE INDEX loans_borrower ON loans (borrower_party_id, loan_id)",
    "CREATE INDEX loans_bank ON loans (bank_party_id, loan_id)",
    "CREATE INDEX loans_lineage ON loans (lineage_root)",
    "CREATE INDEX loans_due ON loans (matures_on) WHERE state IN ('PERFORMING', 'OVERDUE')",
    """
    CREATE TABLE pledges (
        pledge_id text PRIMARY KEY, state text NOT NULL, loan_id text NOT NULL REFERENCES loans,
        borrower_party_id text NOT NULL, bank_party_id text NOT NULL,
        dataset_id text, product_id text, lineage_root text NOT NULL, principal_fen bigint NOT NULL,
        licence_policy text NOT NULL, control_account text NOT NULL, consenting_party_ids jsonb NOT NULL,
        requested_at timestamptz NOT NULL, encumbrance_id text, fencing_version bigint,
        refusal jsonb, cancelled_because text, searches jsonb NOT NULL, registration jsonb, releasers jsonb NOT NULL,
        held_at timestamptz, confirmed_at timestamptz, discharged_at timestamptz, released_at timestamptz,
        version integer NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
    )""",
    """
    CREATE UNIQUE INDEX one_live_pledge_per_loan ON pledges (loan_id)
    WHERE state NOT IN ('RELEASED', 'REFUSED', 'CANCELLED')""",
    "CREATE INDEX pledges_borrower ON pledges (borrower_party_id, pledge_id)",
    "CREATE INDEX pledges_bank ON pledges (bank_party_id, pledge_id)",
    "CREATE INDEX pledges_lineage ON pledges (lineage_root)",
    """
    CREATE INDEX pledges_passing ON pledges (changed_at) WHERE state IN (
        'RESERVING', 'REGISTERING', 'ANNOTATING', 'CONFIRMING', 'DEREGISTERING', 'LIFTING', 'RELEASING', 'CANCELLING')
    """,
    "CREATE TABLE sealed_codes (pledge_id text PRIMARY KEY REFERENCES pledges, sealed bytea NOT NULL)",
    """
    CREATE TABLE history (
        aggregate_id text, version integer, from_state text, to_state text NOT NULL, subject_id text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (aggregate_id, version)
    )""",
    """
    CREATE TABLE payments (
        payment_id text PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('disbursement', 'repayment')),
        loan_id text NOT NULL REFERENCES loans, bank_party_id text NOT NULL, bank_reference text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0), interest_fen bigint NOT NULL CHECK (interest_fen >= 0),
        paid_at timestamptz NOT NULL, sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        recorded_at timestamptz NOT NULL,
        CONSTRAINT bank_reference_once UNIQUE (bank_party_id, bank_reference)
    )""",
    "CREATE UNIQUE INDEX one_disbursement_per_loan ON payments (loan_id) WHERE kind = 'disbursement'",
    "CREATE INDEX payments_loan ON payments (loan_id, payment_id)",
    """
    CREATE TABLE watches (
        watch_id text PRIMARY KEY, loan_id text NOT NULL REFERENCES loans, cause text NOT NULL, detail text NOT NULL,
        source text NOT NULL, raised_at timestamptz NOT NULL, due_on date NOT NULL, resolved_at timestamptz, note text,
        CONSTRAINT watch_raised_once UNIQUE (loan_id, cause, source)
    )""",
    """
    CREATE TABLE incomes (
        pledge_id text REFERENCES pledges, settlement_id text, contract_id text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0), trade_certificate_number text NOT NULL,
        settled_at timestamptz NOT NULL,
        PRIMARY KEY (pledge_id, settlement_id)
    )""",
    """
    CREATE TABLE outside_entries (
        entry_id text PRIMARY KEY, registry text NOT NULL, registration_number text NOT NULL,
        debtor_credit_code text NOT NULL, asset text NOT NULL, secured_party text NOT NULL, description text NOT NULL,
        proof_number text NOT NULL, queried_at timestamptz NOT NULL, operator_subject_id text NOT NULL,
        recorded_at timestamptz NOT NULL, cancelled_at timestamptz,
        CONSTRAINT registration_number_once UNIQUE (registry, registration_number)
    )""",
    "CREATE INDEX outside_entries_debtor ON outside_entries (debtor_credit_code, asset)",
)

GUARDS = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what was recorded stays: % on %', TG_OP, TG_TABLE_NAME;
    END $$""",
    *(
        f"""
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""
        for table in ("payments", "history", "incomes")
    ),
    """
    CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON outside_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    """Make the kernel's tables and the service's."""
    create_kernel_tables(op)
    for statement in TABLES + GUARDS:
        op.execute(statement)
