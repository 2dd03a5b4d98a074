"""Registrations and certificates, right units and the one table of encumbrances, contents, reports."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None

REGISTRATION = (
    """
    CREATE TABLE registrations (
        registration_id text PRIMARY KEY, profile text NOT NULL,
        type text NOT NULL CHECK (type IN ('initial', 'transfer')),
        applicant_party_id text NOT NULL, transferee_party_id text NOT NULL, joined boolean NOT NULL,
        subject jsonb NOT NULL, asset_id text NOT NULL, version_id text NOT NULL, lineage_root text NOT NULL,
        form jsonb NOT NULL, allocations jsonb NOT NULL, rights jsonb NOT NULL, previous_certificate text NOT NULL,
        created_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('DRAFT', 'SUBMITTED', 'HELD_FOR_REVIEW', 'CORRECTION_REQUESTED',
            'ACCEPTED', 'REVIEWING', 'EVIDENCE_REQUESTED', 'NOTICING', 'OBJECTED', 'DEPOSITING', 'SIGNED',
            'CERTIFIED', 'REFUSED',
            'WITHDRAWN', 'LAPSED')),
        papers jsonb NOT NULL, matches jsonb NOT NULL, requested jsonb NOT NULL, reason text NOT NULL,
        remarks jsonb NOT NULL,
        history jsonb NOT NULL, submitted_at timestamptz, acceptance_due_on date, correction_due_on date,
        review_due_on date, review_days_left integer, review_extended boolean NOT NULL,
        notice_published_on date, notice_ends_on date,
        record text NOT NULL, record_sha256 text NOT NULL, deposited_at timestamptz,
        jwt text NOT NULL, jwt_sha256 text NOT NULL, certificate_number text NOT NULL, version integer NOT NULL
    )""",
    """
    CREATE UNIQUE INDEX one_open_registration ON registrations (asset_id, version_id, profile, applicant_party_id)
    WHERE type = 'initial' AND state IN ('SUBMITTED', 'HELD_FOR_REVIEW', 'CORRECTION_REQUESTED', 'ACCEPTED',
        'REVIEWING', 'EVIDENCE_REQUESTED', 'NOTICING', 'OBJECTED', 'DEPOSITING', 'SIGNED')""",
    "CREATE INDEX registrations_state ON registrations (state, registration_id)",
    "CREATE INDEX registrations_lineage ON registrations (lineage_root)",
    "CREATE INDEX registrations_version ON registrations (version_id)",
    "CREATE INDEX registrations_applicant ON registrations (applicant_party_id)",
    "CREATE INDEX registrations_holders ON registrations USING gin (allocations jsonb_path_ops)",
    """
    CREATE TABLE objections (
        objection_id text PRIMARY KEY, registration_id text NOT NULL REFERENCES registrations, party_id text NOT NULL,
        reason text NOT NULL, raised_at timestamptz NOT NULL, encumbrance_id text NOT NULL,
        state text NOT NULL CHECK (state IN ('OPEN', 'DISMISSED', 'UPHELD')),
        decided_at timestamptz, decision text NOT NULL, version integer NOT NULL
    )""",
    "CREATE INDEX objections_registration ON objections (registration_id)",
)
CERTIFICATES = (
    """
    CREATE TABLE certificates (
        number text PRIMARY KEY CHECK (number NOT LIKE 'SJ%'),
        registration_id text NOT NULL UNIQUE REFERENCES registrations, profile text NOT NULL, name text NOT NULL,
        registrant_party_id text NOT NULL, dataset_id text NOT NULL, product_id text NOT NULL,
        version_id text NOT NULL, version_digest text NOT NULL, lineage_root text NOT NULL,
        authorisation_id text NOT NULL, allocations jsonb NOT NULL, effective_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL CHECK (expires_at > effective_at), record_sha256 text NOT NULL,
        jwt_sha256 text NOT NULL, file text NOT NULL, clock_moved boolean NOT NULL, remarks jsonb NOT NULL,
        state text NOT NULL CHECK (state IN ('CERTIFIED', 'CONTESTED', 'CANCELLED', 'TRANSFERRED')),
        reason text NOT NULL, expiry_told boolean NOT NULL, version integer NOT NULL
    )""",
    "CREATE INDEX certificates_lineage ON certificates (lineage_root)",
    "CREATE INDEX certificates_expiring ON certificates (expires_at) WHERE NOT expiry_told",
    "CREATE INDEX certificates_authorised ON certificates (authorisation_id) WHERE authorisation_id <> ''",
    "CREATE INDEX certificates_holders ON certificates USING gin (allocations jsonb_path_ops)",
    """
    CREATE FUNCTION keep_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR (NEW.number, NEW.registration_id, NEW.version_digest, NEW.lineage_root,
            NEW.allocations, NEW.effective_at, NEW.expires_at, NEW.record_sha256, NEW.jwt_sha256, NEW.file)
            IS DISTINCT FROM (OLD.number, OLD.registration_id, OLD.version_digest, OLD.lineage_root,
            OLD.allocations, OLD.effective_at, OLD.expires_at, OLD.record_sha256, OLD.jwt_sha256, OLD.file) THEN
            RAISE EXCEPTION 'a certificate is never changed; only its state is';
        END IF;
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER certificates_stay BEFORE UPDATE OR DELETE ON certificates
    FOR EACH ROW EXECUTE FUNCTION keep_certificate()""",
    "CREATE TABLE certificate_counters (year integer PRIMARY KEY, last integer NOT NULL)",
    """
    CREATE TABLE issuer_keys (
        kid text PRIMARY KEY, jwk jsonb NOT NULL, sealed_private bytea NOT NULL,
        valid_from timestamptz NOT NULL, valid_until timestamptz
    )""",
    "CREATE UNIQUE INDEX one_issuer_key_in_use ON issuer_keys ((valid_until IS NULL)) WHERE valid_until IS NULL",
)
REGISTRY = (
    # One row for each lineage: whoever decides about its rights takes it first.
    "CREATE TABLE lineages (lineage_root text PRIMARY KEY)",
    """
    CREATE TABLE assets (
        asset_id text PRIMARY KEY, dataset_id text NOT NULL, product_id text NOT NULL, lineage_root text NOT NULL,
        owner_party_id text NOT NULL
    )""",
    """
    CREATE TABLE right_units (
        unit_id text PRIMARY KEY, lineage_root text NOT NULL REFERENCES lineages,
        "right" text NOT NULL CHECK ("right" IN ('HOLD', 'USE', 'OPERATE')), holder_party_id text NOT NULL,
        CONSTRAINT one_unit_of_a_right UNIQUE (lineage_root, "right", holder_party_id)
    )""",
    """
    CREATE TABLE certificate_units (
        number text REFERENCES certificates, unit_id text REFERENCES right_units, asset_id text NOT NULL,
        version_id text NOT NULL, expires_at timestamptz NOT NULL, live boolean NOT NULL,
        PRIMARY KEY (number, unit_id)
    )""",
    "CREATE UNIQUE INDEX one_live_certificate ON certificate_units (unit_id, asset_id, version_id) WHERE live",
    "CREATE SEQUENCE fencing_versions",
    """
    CREATE TABLE encumbrances (
        encumbrance_id text PRIMARY KEY, lineage_root text NOT NULL REFERENCES lineages,
        kind text NOT NULL CHECK (kind IN ('PLEDGE', 'EXCLUSIVE_GRANT', 'TRANSFER', 'SEIZURE', 'DISPUTE_HOLD')),
        state text NOT NULL CHECK (state IN ('RESERVED', 'ACTIVE', 'CANCELLED', 'RELEASED')),
        "right" text, holder_party_id text NOT NULL, beneficiary_party_id text NOT NULL,
        owner_service text NOT NULL, reference text NOT NULL, request_sha256 text NOT NULL,
        fencing_version bigint NOT NULL UNIQUE, placed_at timestamptz NOT NULL,
        searchable_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        licence_policy text NOT NULL, control_account text NOT NULL, court text NOT NULL, order_number text NOT NULL,
        confirmed_at timestamptz, ended_at timestamptz, note text NOT NULL, version integer NOT NULL,
        CONSTRAINT one_use_of_a_reference UNIQUE (owner_service, reference),
        CONSTRAINT encumbrance_as_its_units_see_it UNIQUE (encumbrance_id, kind, state)
    )""",
    "CREATE INDEX encumbrances_lineage ON encumbrances (lineage_root)",
    # Kind and state stand here too, so that the index can look at them; the foreign key keeps them the same.
    """
    CREATE TABLE encumbrance_units (
        encumbrance_id text, unit_id text REFERENCES right_units, kind text NOT NULL, state text NOT NULL,
        PRIMARY KEY (encumbrance_id, unit_id),
        CONSTRAINT as_the_encumbrance FOREIGN KEY (encumbrance_id, kind, state)
            REFERENCES encumbrances (encumbrance_id, kind, state) ON UPDATE CASCADE
    )""",
    """
    CREATE UNIQUE INDEX one_live_encumbrance ON encumbrance_units (unit_id)
    WHERE state IN ('RESERVED', 'ACTIVE') AND kind IN ('PLEDGE', 'EXCLUSIVE_GRANT', 'TRANSFER')""",
    """
    CREATE FUNCTION keep_to_the_table() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN
            (('RESERVED', 'ACTIVE'), ('RESERVED', 'CANCELLED'), ('ACTIVE', 'RELEASED'))) THEN
            RAISE EXCEPTION 'an encumbrance does not go from % to that', OLD.state;
        END IF;
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER encumbrances_move BEFORE UPDATE OR DELETE ON encumbrances
    FOR EACH ROW EXECUTE FUNCTION keep_to_the_table()""",
    """
    CREATE TABLE barred_references (
        owner_service text, reference text, PRIMARY KEY (owner_service, reference)
    )""",
    """
    CREATE TABLE annotations (
        owner_service text, reference text, lineage_root text NOT NULL, remark text NOT NULL,
        PRIMARY KEY (owner_service, reference)
    )""",
    "CREATE INDEX annotations_lineage ON annotations (lineage_root)",
)
CONTENTS = (
    """
    CREATE TABLE contents (
        version_id text PRIMARY KEY, dataset_id text NOT NULL, lineage_root text NOT NULL, file_sha256s text[] NOT NULL,
        sketch jsonb NOT NULL, marks text[] NOT NULL
    )""",
    "CREATE INDEX contents_files ON contents USING gin (file_sha256s)",
    "CREATE INDEX contents_marks ON contents USING gin (marks)",
    """
    CREATE TABLE reports (
        report_id text PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('compliance', 'quality', 'value')),
        dataset_id text NOT NULL, product_id text NOT NULL, version_id text NOT NULL, lineage_root text NOT NULL,
        issuer_party_id text NOT NULL, issued_at timestamptz NOT NULL, valid_until_at timestamptz,
        content jsonb NOT NULL, conclusion text NOT NULL, level text NOT NULL, score_ppm integer, grade text NOT NULL,
        method text NOT NULL, purpose text NOT NULL, value_fen bigint CHECK (value_fen > 0), sha256 text NOT NULL,
        version integer NOT NULL
    )""",
    "CREATE INDEX reports_dataset ON reports (dataset_id, report_id)",
)


def upgrade() -> None:
    """Create them."""
    create_kernel_tables(op)
    for statement in REGISTRATION + CERTIFICATES + REGISTRY + CONTENTS:
        op.execute(statement)
