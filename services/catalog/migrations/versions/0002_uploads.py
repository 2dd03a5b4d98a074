"""Tickets for uploads that go straight to the object store."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE uploads (
        id text PRIMARY KEY,
        version_id text NOT NULL REFERENCES versions (id), party_id text NOT NULL,
        name text NOT NULL, size bigint NOT NULL CHECK (size > 0),
        sha256 text NOT NULL, media_type text NOT NULL,
        opened_at timestamptz NOT NULL
    )""",
    "CREATE INDEX uploads_by_age ON uploads (opened_at)",
)


def upgrade() -> None:
    """Make the table."""
    for statement in TABLES:
        op.execute(statement)
