"""The kernel's own tables, the same in every service's database."""

KERNEL_TABLES = (
    # Business time = now() + (business_at - machine_at); no row: business time is machine time.
    """
    CREATE TABLE clock (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        business_at timestamptz NOT NULL,
        machine_at timestamptz NOT NULL
    )""",
    "CREATE TABLE barred_parties (party_id text PRIMARY KEY, barred_at timestamptz NOT NULL DEFAULT now())",
    """
    CREATE TABLE idempotency_keys (
        party_id text, route text, key text,
        request_sha256 text NOT NULL,
        resource text,
        status integer, body bytea, media_type text,
        claimed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (party_id, route, key)
    )""",
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text NOT NULL UNIQUE,
        aggregate_id text NOT NULL,
        aggregate_version integer NOT NULL,
        type text NOT NULL,
        payload bytea NOT NULL,
        deposit bytea,
        occurred_at timestamptz NOT NULL,
        sent_at timestamptz,
        CONSTRAINT outbox_version_once UNIQUE (aggregate_id, aggregate_version)
    )""",
    "CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL",
    """
    CREATE TABLE inbox (
        topic text, event_id text,
        heard_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, event_id)
    )""",
    "CREATE TABLE heard (topic text, key text, version integer NOT NULL, PRIMARY KEY (topic, key))",
    """
    CREATE TABLE dead_letters (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL, key text NOT NULL, event_id text NOT NULL,
        type text NOT NULL, version integer NOT NULL,
        payload bytea NOT NULL, deposit bytea, occurred_at timestamptz NOT NULL,
        cause text NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        state text NOT NULL DEFAULT 'PARKED' CHECK (state IN ('PARKED', 'REPLAYED', 'DISMISSED')),
        UNIQUE (topic, event_id)
    )""",
    "CREATE INDEX dead_letters_parked ON dead_letters (topic, key) WHERE state = 'PARKED'",
)
