"""Authorisations, datasets, versions, derivations, products and search; what is published is fixed by trigger."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE authorisations (
        id text PRIMARY KEY,
        implementing_body_id text NOT NULL, operator_party_id text NOT NULL,
        supplier_party_ids text[] NOT NULL CHECK (cardinality(supplier_party_ids) > 0),
        scope text NOT NULL, scenario text NOT NULL, theme text NOT NULL,
        starts_on date NOT NULL, ends_on date NOT NULL,
        granted_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('GRANTED', 'ENDED')),
        ended_at timestamptz, end_reason text,
        version integer NOT NULL,
        CONSTRAINT term_of_five_years CHECK (ends_on >= starts_on AND ends_on < starts_on + interval '5 years 1 day'),
        CHECK ((state = 'ENDED') = (ended_at IS NOT NULL))
    )""",
    """
    CREATE TABLE datasets (
        id text PRIMARY KEY,
        owner_party_id text NOT NULL, supplier_party_id text NOT NULL,
        title text NOT NULL, title_en text NOT NULL, description text NOT NULL, description_en text NOT NULL,
        theme text NOT NULL, form text NOT NULL CHECK (form IN ('table', 'bim')), source_kind text NOT NULL,
        lineage_root text NOT NULL REFERENCES datasets (id),
        authorisation_id text NOT NULL, source_dataset_ids text[] NOT NULL,
        subject jsonb, has_persons boolean NOT NULL,
        latest_version_id text NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL,
        version integer NOT NULL,
        CONSTRAINT root_is_itself_or_of_sources CHECK ((lineage_root = id) = (cardinality(source_dataset_ids) = 0))
    )""",
    "CREATE INDEX datasets_of_owner ON datasets (owner_party_id)",
    """
    CREATE TABLE supplies (
        dataset_id text NOT NULL REFERENCES datasets (id), operator_party_id text NOT NULL,
        authorisation_id text NOT NULL REFERENCES authorisations (id),
        supplied_at timestamptz NOT NULL,
        CONSTRAINT supplied_once PRIMARY KEY (dataset_id, operator_party_id, authorisation_id)
    )""",
    """
    CREATE TABLE versions (
        id text PRIMARY KEY,
        dataset_id text NOT NULL REFERENCES datasets (id),
        state text NOT NULL CHECK (state IN ('OPEN', 'DERIVING', 'PROFILING', 'PUBLISHED', 'FAILED')),
        announced text[] NOT NULL,
        number integer NOT NULL DEFAULT 0, manifest text NOT NULL DEFAULT '', digest text NOT NULL DEFAULT '',
        profile text, sketch text, sample text,
        refusal jsonb, attempts integer NOT NULL DEFAULT 0,
        opened_at timestamptz NOT NULL, published_at timestamptz,
        version integer NOT NULL,
        CHECK ((state = 'PUBLISHED')
               = (published_at IS NOT NULL AND number > 0 AND digest <> '' AND profile IS NOT NULL)),
        CHECK ((state = 'FAILED') = (refusal IS NOT NULL))
    )""",
    "CREATE UNIQUE INDEX one_version_of_a_number ON versions (dataset_id, number) WHERE number > 0",
    "CREATE INDEX versions_unfinished ON versions (opened_at) WHERE state IN ('DERIVING', 'PROFILING')",
    """
    CREATE TABLE version_files (
        version_id text NOT NULL REFERENCES versions (id), name text NOT NULL,
        size bigint NOT NULL CHECK (size > 0),
        sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'), sm3 text NOT NULL CHECK (sm3 ~ '^[0-9a-f]{64}$'),
        part_sha256s text[] NOT NULL,
        PRIMARY KEY (version_id, name)
    )""",
    """
    CREATE TABLE derivations (
        id text PRIMARY KEY,
        operator_party_id text NOT NULL,
        dataset_id text NOT NULL REFERENCES datasets (id),
        version_id text NOT NULL UNIQUE REFERENCES versions (id),
        source_version_ids text[] NOT NULL,
        recipe jsonb NOT NULL, sealed_key bytea NOT NULL,
        asked_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE products (
        id text PRIMARY KEY,
        dataset_id text NOT NULL REFERENCES datasets (id), owner_party_id text NOT NULL,
        name text NOT NULL, name_en text NOT NULL, description text NOT NULL, description_en text NOT NULL,
        specification text NOT NULL, specification_digest text NOT NULL, deliveries text[] NOT NULL,
        state text NOT NULL CHECK (state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')),
        created_at timestamptz NOT NULL, published_at timestamptz,
        version integer NOT NULL
    )""",
    """
    CREATE TABLE ceiling_prices (
        id text PRIMARY KEY,
        authorisation_id text NOT NULL REFERENCES authorisations (id),
        product_id text NOT NULL REFERENCES products (id),
        ceiling_price_fen bigint NOT NULL CHECK (ceiling_price_fen > 0),
        unit text NOT NULL, basis text NOT NULL, set_by text NOT NULL,
        set_at timestamptz NOT NULL
    )""",
    "CREATE INDEX ceiling_prices_of_product ON ceiling_prices (product_id, id DESC)",
    """
    CREATE TABLE identity_keys (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        party_id text NOT NULL, sealed_key bytea NOT NULL, deposited_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE search_entries (
        id text PRIMARY KEY,
        kind text NOT NULL, title text NOT NULL, title_en text NOT NULL,
        description text NOT NULL, description_en text NOT NULL,
        theme text NOT NULL, form text NOT NULL, lineage_root text NOT NULL,
        words tsvector NOT NULL,
        published_at timestamptz NOT NULL
    )""",
    "CREATE INDEX search_entries_words ON search_entries USING gin (words)",
    """
    CREATE TABLE badges (
        reference text PRIMARY KEY, subject_id text NOT NULL, badge jsonb NOT NULL
    )""",
    "CREATE INDEX badges_of_subject ON badges (subject_id)",
)

GUARDS = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a published version never changes: % on %', TG_OP, TG_TABLE_NAME;
    END $$""",
    """
    CREATE TRIGGER published_stays BEFORE UPDATE OR DELETE ON versions
    FOR EACH ROW WHEN (OLD.state IN ('PUBLISHED', 'FAILED')) EXECUTE FUNCTION refuse_change()""",
    """
    CREATE FUNCTION refuse_file_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE changed text := COALESCE(NEW.version_id, OLD.version_id);
    BEGIN
        IF EXISTS (SELECT FROM versions WHERE id = changed AND state IN ('PROFILING', 'PUBLISHED', 'FAILED')) THEN
            RAISE EXCEPTION 'the files of a closed version never change: %', changed;
        END IF;
        RETURN COALESCE(NEW, OLD);
    END $$""",
    """
    CREATE TRIGGER files_stay BEFORE INSERT OR UPDATE OR DELETE ON version_files
    FOR EACH ROW EXECUTE FUNCTION refuse_file_of_published()""",
    """
    CREATE TRIGGER prices_stay BEFORE UPDATE OR DELETE ON ceiling_prices
    FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    """Make the kernel's tables and catalog's."""
    create_kernel_tables(op)
    for statement in TABLES + GUARDS:
        op.execute(statement)
