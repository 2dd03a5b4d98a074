"""Subjects of an outside identity provider, bound to members."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE outside_identity (
        id text PRIMARY KEY, issuer text NOT NULL, subject text NOT NULL,
        party_id text NOT NULL REFERENCES party, member_id text NOT NULL REFERENCES member,
        bound_by text NOT NULL, bound_at timestamptz NOT NULL, ended_at timestamptz
    )""",
    "CREATE UNIQUE INDEX one_member_per_subject ON outside_identity (issuer, subject) WHERE ended_at IS NULL",
    "CREATE INDEX outside_identity_of_party ON outside_identity (party_id, id)",
)


def upgrade() -> None:
    """Make the table."""
    for statement in TABLES:
        op.execute(statement)
