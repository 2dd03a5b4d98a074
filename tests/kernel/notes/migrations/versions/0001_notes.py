"""The notes table."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    create_kernel_tables(op)
    op.execute("CREATE TABLE note (id text PRIMARY KEY, words text NOT NULL, version integer NOT NULL DEFAULT 1)")
