"""Listings, contracts, the ledger with its triggers, statements, settlements, certificates, and the simulated bank."""

from alembic import op

from kernel.migrations import create_kernel_tables

revision = "0001"
down_revision = None

SALES = (
    """
    CREATE TABLE listings (
        listing_id text PRIMARY KEY,
        product_id text NOT NULL, provider_party_id text NOT NULL, product_name text NOT NULL,
        lineage_root text NOT NULL, authorisation_id text NOT NULL,
        product jsonb NOT NULL, billing text NOT NULL CHECK (billing IN ('per_call', 'fixed')),
        price_fen bigint NOT NULL CHECK (price_fen > 0), exclusive boolean NOT NULL,
        term_days integer NOT NULL CHECK (term_days > 0), purposes jsonb NOT NULL, version_selector text NOT NULL,
        split jsonb NOT NULL, policy jsonb NOT NULL, policy_digest text NOT NULL, published_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('PUBLISHED', 'SUSPENDED', 'WITHDRAWN')),
        suspended_for jsonb NOT NULL, version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX listings_lineage ON listings (lineage_root)",
    "CREATE INDEX listings_product ON listings (product_id)",
    """
    CREATE TABLE orders (
        order_id text PRIMARY KEY, listing_id text NOT NULL REFERENCES listings,
        contract_id text NOT NULL UNIQUE, buyer_party_id text NOT NULL, provider_party_id text NOT NULL,
        billing text NOT NULL, price_fen bigint NOT NULL CHECK (price_fen > 0), placed_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN
            ('PLACED', 'CONTRACTED', 'PAID', 'DELIVERED', 'ACCEPTED', 'SETTLED', 'CANCELLED')),
        version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    """
    CREATE TABLE contracts (
        contract_id text PRIMARY KEY, order_id text NOT NULL UNIQUE REFERENCES orders DEFERRABLE INITIALLY DEFERRED,
        listing_id text NOT NULL REFERENCES listings,
        product_id text NOT NULL, product_name text NOT NULL, dataset_id text NOT NULL, lineage_root text NOT NULL,
        provider_party_id text NOT NULL, supplier_party_id text NOT NULL, buyer_party_id text NOT NULL,
        specification_digest text NOT NULL, version_selector text NOT NULL, billing text NOT NULL,
        price_fen bigint NOT NULL CHECK (price_fen > 0), exclusive boolean NOT NULL,
        agreement text NOT NULL, agreement_digest text NOT NULL CHECK (agreement_digest ~ '^[0-9a-f]{64}$'),
        starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        purpose text NOT NULL, deliveries jsonb NOT NULL, split jsonb NOT NULL, drawn_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('DRAFT', 'SIGNING', 'RESERVING', 'IN_FORCE', 'ENDED', 'REFUSED')),
        signatures jsonb NOT NULL, consents jsonb NOT NULL,
        grant_state text NOT NULL CHECK (grant_state IN ('NONE', 'RESERVED', 'CONFIRMED', 'RELEASED')),
        fencing_version bigint NOT NULL, encumbrance_id text NOT NULL, refusal jsonb,
        version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX contracts_unfinished ON contracts (state, touched_at) WHERE state = 'RESERVING'",
    "CREATE INDEX contracts_ending ON contracts (ends_at) WHERE state = 'IN_FORCE'",
    "CREATE INDEX contracts_granted ON contracts (contract_id) WHERE state = 'ENDED' AND grant_state = 'CONFIRMED'",
)
LEDGER = (
    """
    CREATE TABLE accounts (
        account text PRIMARY KEY,
        posted_fen bigint NOT NULL DEFAULT 0,
        held_fen bigint NOT NULL DEFAULT 0 CHECK (held_fen >= 0),
        guarded boolean NOT NULL,
        exhausted_told boolean NOT NULL DEFAULT false,
        CONSTRAINT guarded_account_covers CHECK (NOT guarded OR posted_fen - held_fen >= 0)
    )""",
    """
    CREATE TABLE ledger_transactions (
        transaction_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source_type text NOT NULL, source_id text NOT NULL, step text NOT NULL, posted_at timestamptz NOT NULL,
        CONSTRAINT one_effect UNIQUE (source_type, source_id, step)
    )""",
    """
    CREATE TABLE postings (
        posting_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        transaction_id bigint NOT NULL REFERENCES ledger_transactions,
        account text NOT NULL REFERENCES accounts,
        amount_fen bigint NOT NULL CHECK (amount_fen <> 0)
    )""",
    "CREATE INDEX postings_account ON postings (account)",
    "CREATE INDEX postings_transaction ON postings (transaction_id)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only; corrections are new entries', TG_TABLE_NAME;
    END $$""",
    """
    CREATE TRIGGER postings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """
    CREATE TRIGGER ledger_transactions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """
    CREATE FUNCTION demand_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT COALESCE(sum(amount_fen), 1) FROM postings WHERE transaction_id = NEW.transaction_id) <> 0 THEN
            RAISE EXCEPTION 'transaction % does not sum to zero', NEW.transaction_id;
        END IF;
        RETURN NULL;
    END $$""",
    """
    CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_balance()""",
    """
    CREATE CONSTRAINT TRIGGER transaction_balances AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_balance()""",
)
USES = (
    """
    CREATE TABLE holds (
        use_id text PRIMARY KEY,
        contract_id text NOT NULL REFERENCES contracts,
        account text NOT NULL,
        mode text NOT NULL, policy_case text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
        covered_by text NOT NULL,
        state text NOT NULL CHECK (state IN ('OPEN', 'CHARGED', 'COVERED', 'RELEASED')),
        held_at timestamptz NOT NULL, used_at timestamptz, resolved_at timestamptz,
        version_digest text NOT NULL DEFAULT '', statement_id text,
        CONSTRAINT hold_has_account FOREIGN KEY (account) REFERENCES accounts,
        CONSTRAINT hold_is_resolved_once CHECK ((state = 'OPEN') = (resolved_at IS NULL)),
        CONSTRAINT hold_is_charged_or_covered CHECK (state <> 'CHARGED' OR amount_fen > 0)
    )""",
    "CREATE INDEX holds_open ON holds (contract_id, held_at) WHERE state = 'OPEN'",
    """
    CREATE INDEX holds_unbilled ON holds (contract_id, used_at)
    WHERE statement_id IS NULL AND state IN ('CHARGED', 'COVERED')""",
    "CREATE INDEX holds_billed ON holds (statement_id) WHERE statement_id IS NOT NULL",
    "CREATE INDEX holds_covering ON holds (covered_by) WHERE covered_by <> ''",
    "CREATE INDEX holds_contract ON holds (contract_id)",
    """
    CREATE TABLE case_windows (
        contract_id text, policy_case text, use_id text NOT NULL, until_at timestamptz NOT NULL,
        PRIMARY KEY (contract_id, policy_case)
    )""",
    """
    CREATE TABLE top_ups (
        top_up_id text PRIMARY KEY, party_id text NOT NULL, amount_fen bigint NOT NULL CHECK (amount_fen > 0),
        asked_at timestamptz NOT NULL, state text NOT NULL CHECK (state IN
            ('INSTRUCTING', 'INSTRUCTED', 'RECEIVED', 'FAILED')),
        received_at timestamptz, version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX top_ups_open ON top_ups (touched_at) WHERE state IN ('INSTRUCTING', 'INSTRUCTED')",
)
SETTLING = (
    """
    CREATE TABLE statements (
        statement_id text PRIMARY KEY, contract_id text NOT NULL REFERENCES contracts,
        provider_party_id text NOT NULL, buyer_party_id text NOT NULL,
        period_from date NOT NULL, period_to date NOT NULL CHECK (period_to >= period_from),
        days jsonb NOT NULL, amount_fen bigint NOT NULL CHECK (amount_fen > 0), drawn_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('DRAWN', 'DISPUTED', 'SETTLING', 'SETTLED')),
        confirmed_by jsonb NOT NULL, disputed_by text NOT NULL, dispute_reason text NOT NULL,
        settlement_id text NOT NULL,
        version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX statements_contract ON statements (contract_id)",
    """
    CREATE TABLE settlements (
        settlement_id text PRIMARY KEY, statement_id text NOT NULL UNIQUE REFERENCES statements,
        contract_id text NOT NULL REFERENCES contracts, order_id text NOT NULL, lineage_root text NOT NULL,
        provider_party_id text NOT NULL, buyer_party_id text NOT NULL,
        amount_fen bigint NOT NULL CHECK (amount_fen > 0), begun_at timestamptz NOT NULL, shares jsonb NOT NULL,
        state text NOT NULL CHECK (state IN ('SPLITTING', 'PAYING', 'SETTLED')), settled_at timestamptz,
        trade_certificate_number text NOT NULL, registrations jsonb NOT NULL,
        version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX settlements_contract ON settlements (contract_id)",
    "CREATE INDEX settlements_open ON settlements (touched_at) WHERE state <> 'SETTLED'",
    """
    CREATE TABLE certificates (
        number text PRIMARY KEY, settlement_id text NOT NULL UNIQUE REFERENCES settlements, contract_id text NOT NULL,
        provider_party_id text NOT NULL, buyer_party_id text NOT NULL,
        record text NOT NULL, record_sha256 text NOT NULL, recorded_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('RECORDED', 'SIGNED', 'CERTIFIED')), deposited_at timestamptz,
        jwt text NOT NULL, jwt_sha256 text NOT NULL, file text NOT NULL,
        version integer NOT NULL, touched_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX certificates_open ON certificates (number) WHERE state <> 'CERTIFIED'",
    "CREATE TABLE certificate_counters (year integer PRIMARY KEY, last integer NOT NULL)",
    """
    CREATE TABLE issuer_keys (
        kid text PRIMARY KEY, jwk jsonb NOT NULL, sealed_private bytea NOT NULL,
        valid_from timestamptz NOT NULL, valid_until timestamptz
    )""",
    "CREATE UNIQUE INDEX one_issuer_key_in_use ON issuer_keys ((valid_until IS NULL)) WHERE valid_until IS NULL",
)
# The simulated bank's own books. Nothing but the payer port reads or writes them.
BANK = (
    "CREATE SCHEMA payer",
    """
    CREATE TABLE payer.instructions (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        reference text NOT NULL UNIQUE, direction text NOT NULL CHECK (direction IN ('COLLECT', 'PAY_OUT')),
        account text NOT NULL, amount_fen bigint NOT NULL CHECK (amount_fen > 0), booked_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE payer.callbacks (
        callback_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        reference text NOT NULL REFERENCES payer.instructions (reference),
        due_at timestamptz NOT NULL, delivered_at timestamptz
    )""",
    "CREATE INDEX callbacks_due ON payer.callbacks (due_at) WHERE delivered_at IS NULL",
    """
    CREATE TABLE payer.keys (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), sealed_private bytea NOT NULL
    )""",
)


def upgrade() -> None:
    """Create them."""
    create_kernel_tables(op)
    for statement in SALES + LEDGER + USES + SETTLING + BANK:
        op.execute(statement)
