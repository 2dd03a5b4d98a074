"""The log: deposits, tree nodes, checkpoints; append-only by trigger, also against our own mistakes."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE logs (
        origin text PRIMARY KEY,
        vkey text NOT NULL,
        sealed_seed bytea NOT NULL,
        created_at timestamptz NOT NULL,
        size bigint NOT NULL CHECK (size >= 0),
        only_row boolean NOT NULL DEFAULT true UNIQUE CHECK (only_row)
    )""",
    """
    CREATE TABLE deposits (
        sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        sm3 text NOT NULL CHECK (sm3 ~ '^[0-9a-f]{64}$'),
        size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
        leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
        topic text NOT NULL, event_id text NOT NULL, aggregate_id text NOT NULL,
        recorded_at timestamptz NOT NULL,
        arrival bigint GENERATED ALWAYS AS IDENTITY,
        state text NOT NULL CHECK (state IN ('PENDING', 'DEPOSITED')),
        log_index bigint CHECK (log_index >= 0),
        deposited_at timestamptz,
        CONSTRAINT one_deposit_at_a_position UNIQUE (log_index),
        CONSTRAINT deposited_has_its_position CHECK (
            (state = 'DEPOSITED') = (log_index IS NOT NULL) AND (log_index IS NULL) = (deposited_at IS NULL))
    )""",
    "CREATE INDEX deposits_waiting ON deposits (arrival) WHERE state = 'PENDING'",
    """
    CREATE TABLE nodes (
        level smallint CHECK (level BETWEEN 0 AND 62), place bigint CHECK (place >= 0),
        hash bytea NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (level, place)
    )""",
    """
    CREATE TABLE checkpoints (
        size bigint PRIMARY KEY CHECK (size > 0),
        origin text NOT NULL,
        root bytea NOT NULL CHECK (length(root) = 32),
        note text NOT NULL,
        signed_at timestamptz NOT NULL
    )""",
)

GUARDS = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the log is append-only: % on %', TG_OP, TG_TABLE_NAME;
    END $$""",
    """
    CREATE FUNCTION grow_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM checkpoints WHERE size >= NEW.size) THEN
            RAISE EXCEPTION 'checkpoints only grow: a checkpoint of size % or more stands already', NEW.size;
        END IF;
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER grows_only BEFORE UPDATE ON logs
    FOR EACH ROW WHEN (NEW.size <= OLD.size OR NEW.origin <> OLD.origin OR NEW.vkey <> OLD.vkey
                       OR NEW.sealed_seed <> OLD.sealed_seed)
    EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON deposits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER placed_once BEFORE UPDATE ON deposits
    FOR EACH ROW WHEN (OLD.state = 'DEPOSITED' OR NEW.sha256 <> OLD.sha256 OR NEW.leaf_hash <> OLD.leaf_hash)
    EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON nodes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER grow_only BEFORE INSERT ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION grow_only()""",
)


def upgrade() -> None:
    """Make the kernel's tables and the log's."""
    create_kernel_tables(op)
    for statement in TABLES + GUARDS:
        op.execute(statement)
