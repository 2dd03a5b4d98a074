"""Entitlements, consents, uses, cohorts and file links."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE entitlements (
        contract_id text PRIMARY KEY,
        product_id text NOT NULL, dataset_id text NOT NULL, lineage_root text NOT NULL,
        authorisation_id text NOT NULL, authorised_until timestamptz,
        provider_party_id text NOT NULL, supplier_party_id text NOT NULL, buyer_party_id text NOT NULL,
        purpose text NOT NULL, deliveries text[] NOT NULL,
        version_selector text NOT NULL, version_id text NOT NULL,
        specification text NOT NULL, specification_digest text NOT NULL,
        sealed_key bytea NOT NULL,
        starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,
        notice text NOT NULL, notice_sha256 text NOT NULL,
        ended_at timestamptz, ended_reason text
    )""",
    "CREATE INDEX entitlements_of_dataset ON entitlements (dataset_id)",
    "CREATE INDEX entitlements_of_buyer ON entitlements (buyer_party_id)",
    # What stands against every entitlement of a lineage or an authorisation, whichever came first.
    """
    CREATE TABLE impediments (
        about text, source text,
        reason text NOT NULL,
        since timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (about, source)
    )""",
    """
    CREATE TABLE consents (
        id text PRIMARY KEY,
        contract_id text NOT NULL REFERENCES entitlements,
        person_party_id text NOT NULL, identity_pseudonym text NOT NULL, key_id text NOT NULL,
        subject_token text NOT NULL, insurer_party_id text NOT NULL, supplier_party_id text NOT NULL,
        product_id text NOT NULL, purpose text NOT NULL, policy_case text NOT NULL,
        look_back_years integer NOT NULL CHECK (look_back_years BETWEEN 1 AND 100),
        valid_until timestamptz NOT NULL,
        use text NOT NULL CHECK (use IN ('single', 'multiple')),
        notice_sha256 text NOT NULL,
        receipt_text text NOT NULL, receipt_sha256 text NOT NULL,
        payload_sha256 text NOT NULL CONSTRAINT consent_given_once UNIQUE,
        given_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('GIVEN', 'WITHDRAWN')),
        withdrawn_at timestamptz,
        CHECK ((state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL))
    )""",
    "CREATE INDEX consents_of_person ON consents (person_party_id, id)",
    # There is no column for an answer.
    """
    CREATE TABLE uses (
        id text PRIMARY KEY,
        contract_id text NOT NULL REFERENCES entitlements,
        mode text NOT NULL CHECK (mode IN ('underwriting', 'cohort', 'file')),
        buyer_party_id text NOT NULL, caller_subject_id text NOT NULL,
        purpose text NOT NULL, policy_case text NOT NULL, subject_token text NOT NULL,
        consent_id text NOT NULL,
        takes_single_consent boolean NOT NULL,
        key text NOT NULL, request_sha256 text NOT NULL,
        state text NOT NULL CHECK (state IN ('INTENDED', 'METERED', 'REFUSED')),
        version_id text NOT NULL,
        intended_at timestamptz NOT NULL,
        abandon_at timestamptz,
        held_fen bigint NOT NULL DEFAULT 0,
        version_digest text NOT NULL DEFAULT '', answer_digest text NOT NULL DEFAULT '',
        reason text NOT NULL DEFAULT '', problem text NOT NULL DEFAULT '',
        settled_at timestamptz,
        answers integer NOT NULL DEFAULT 0,
        CONSTRAINT one_use_a_key UNIQUE (buyer_party_id, mode, key),
        CHECK ((state = 'INTENDED') = (settled_at IS NULL)),
        CHECK (state <> 'METERED' OR (version_digest <> '' AND answer_digest <> '' AND answers > 0)),
        CHECK (state <> 'METERED' OR mode <> 'underwriting' OR consent_id <> '')
    )""",
    """
    CREATE UNIQUE INDEX one_use_of_a_single_consent ON uses (consent_id)
    WHERE takes_single_consent AND state IN ('INTENDED', 'METERED')""",
    "CREATE INDEX uses_of_contract ON uses (contract_id, id)",
    "CREATE INDEX uses_of_consent ON uses (consent_id) WHERE consent_id <> ''",
    "CREATE INDEX uses_intended ON uses (abandon_at) WHERE state = 'INTENDED'",
    """
    CREATE FUNCTION uses_move_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a use stays on record'; END IF;
        IF OLD.state <> 'INTENDED' AND (to_jsonb(NEW) - 'answers') <> (to_jsonb(OLD) - 'answers') THEN
            RAISE EXCEPTION 'a settled use stays as it is';
        END IF;
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER uses_stay BEFORE UPDATE OR DELETE ON uses FOR EACH ROW EXECUTE FUNCTION uses_move_on()""",
    """
    CREATE TABLE cohort_populations (
        use_id text NOT NULL REFERENCES uses,
        buyer_party_id text NOT NULL, dataset_id text NOT NULL,
        population jsonb NOT NULL,
        persons integer NOT NULL CHECK (persons > 0),
        version_digest text NOT NULL
    )""",
    "CREATE INDEX cohort_populations_of_buyer ON cohort_populations (buyer_party_id, dataset_id)",
    """
    CREATE TABLE file_links (
        use_id text PRIMARY KEY REFERENCES uses,
        token_sha256 text NOT NULL UNIQUE,
        buyer_party_id text NOT NULL,
        file_name text NOT NULL,
        expires_at timestamptz NOT NULL,
        opened_at timestamptz
    )""",
)


def upgrade() -> None:
    """Make the tables."""
    create_kernel_tables(op)
    for statement in STATEMENTS:
        op.execute(statement)
