"""Parties, members, clients, keys, sessions, signing keys and the market's clock."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE party (
        id text PRIMARY KEY,
        entity_kind text NOT NULL CHECK (entity_kind IN
            ('state_owned_enterprise', 'private_enterprise', 'public_institution', 'natural_person')),
        state text NOT NULL CHECK (state IN ('APPLIED', 'APPROVED', 'SUSPENDED', 'REFUSED')),
        roles text[] NOT NULL, roles_wanted text[] NOT NULL,
        name text NOT NULL, name_en text NOT NULL, credit_code text NOT NULL, contact jsonb,
        reason text NOT NULL, applied_at timestamptz NOT NULL, decided_at timestamptz, version integer NOT NULL,
        identity_pseudonym text, vouched_by text REFERENCES party, statement_issued_at timestamptz,
        CONSTRAINT a_person_has_a_pseudonym_and_no_name CHECK (
            CASE WHEN entity_kind = 'natural_person'
            THEN identity_pseudonym IS NOT NULL AND vouched_by IS NOT NULL AND statement_issued_at IS NOT NULL
                 AND name = '' AND credit_code = '' AND contact IS NULL
            ELSE identity_pseudonym IS NULL AND name <> '' AND credit_code <> '' END)
    )""",
    """
    CREATE UNIQUE INDEX one_party_per_credit_code ON party (credit_code)
    WHERE credit_code <> '' AND state <> 'REFUSED'""",
    "CREATE UNIQUE INDEX one_person_per_pseudonym ON party (identity_pseudonym) WHERE identity_pseudonym IS NOT NULL",
    """
    CREATE TABLE member (
        id text PRIMARY KEY, party_id text NOT NULL REFERENCES party, username text NOT NULL,
        password_hash text NOT NULL, display_name text NOT NULL, roles text[] NOT NULL,
        state text NOT NULL CHECK (state IN ('ACTIVE', 'DISABLED')), version integer NOT NULL,
        CONSTRAINT one_member_per_username UNIQUE (username)
    )""",
    "CREATE INDEX member_of_party ON member (party_id, id)",
    """
    CREATE TABLE client (
        id text PRIMARY KEY, party_id text NOT NULL REFERENCES party, name text NOT NULL,
        secret_sha256 text NOT NULL, roles text[] NOT NULL,
        state text NOT NULL CHECK (state IN ('ACTIVE', 'REVOKED')), version integer NOT NULL
    )""",
    "CREATE INDEX client_of_party ON client (party_id, id)",
    """
    CREATE TABLE party_key (
        id text PRIMARY KEY, party_id text NOT NULL REFERENCES party, jwk jsonb NOT NULL, thumbprint text NOT NULL,
        valid_from_at timestamptz NOT NULL, valid_until_at timestamptz,
        CONSTRAINT a_key_is_registered_once UNIQUE (thumbprint)
    )""",
    "CREATE INDEX key_of_party ON party_key (party_id, id)",
    """
    CREATE TABLE session (
        id text PRIMARY KEY, party_id text NOT NULL REFERENCES party, member_id text NOT NULL REFERENCES member,
        token_sha256 text NOT NULL UNIQUE, ends_at timestamptz NOT NULL, ended_at timestamptz
    )""",
    "CREATE INDEX session_of_party ON session (party_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE login_attempt (
        username text PRIMARY KEY, count integer NOT NULL, window_ends_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE used_assertion (
        party_id text, jti text, lapses_at timestamptz NOT NULL,
        CONSTRAINT an_assertion_is_used_once PRIMARY KEY (party_id, jti)
    )""",
    """
    CREATE TABLE signing_key (
        kid text PRIMARY KEY, public jsonb NOT NULL, private_sealed bytea NOT NULL,
        active_from_at timestamptz NOT NULL, retired_at timestamptz
    )""",
    "CREATE UNIQUE INDEX one_signing_key_active ON signing_key ((true)) WHERE retired_at IS NULL",
    """
    CREATE TABLE clock_setting (
        revision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        business_at timestamptz NOT NULL, machine_at timestamptz NOT NULL
    )""",
    "CREATE TABLE clock_pending (service_name text PRIMARY KEY, revision bigint NOT NULL REFERENCES clock_setting)",
)


def upgrade() -> None:
    """Make the tables."""
    create_kernel_tables(op)
    for statement in TABLES:
        op.execute(statement)
