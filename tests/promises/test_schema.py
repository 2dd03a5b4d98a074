"""Whatever must happen once has a constraint that says so; whatever must not change has a trigger."""

import importlib
from pathlib import Path

import pytest

from kernel.database import Database
from market.roster import SERVICES
from tests.conftest import Databases

EVERYWHERE = {
    "idempotency_keys_pkey": "UNIQUE", "inbox_pkey": "UNIQUE", "outbox_event_id_key": "UNIQUE",
    "outbox_version_once": "UNIQUE", "dead_letters_topic_event_id_key": "UNIQUE",
}  # fmt: skip
OWN = {
    "rights": {
        "one_live_encumbrance": "UNIQUE", "one_use_of_a_reference": "UNIQUE", "one_live_certificate": "UNIQUE",
        "one_open_registration": "UNIQUE", "one_unit_of_a_right": "UNIQUE",
        "certificates_registration_id_key": "UNIQUE", "certificates_stay": "TRIGGER", "encumbrances_move": "TRIGGER",
    },
    "trading": {
        "one_effect": "UNIQUE", "holds_pkey": "UNIQUE", "case_windows_pkey": "UNIQUE",
        "settlements_statement_id_key": "UNIQUE", "certificates_settlement_id_key": "UNIQUE",
        "guarded_account_covers": "CHECK", "postings_stay": "TRIGGER", "ledger_transactions_stay": "TRIGGER",
        "postings_balance": "TRIGGER", "transaction_balances": "TRIGGER",
    },
    "onboarding": {"one_party_per_credit_code": "UNIQUE"},
}  # fmt: skip
FOUND = """
    SELECT c.relname AS name, 'UNIQUE' AS kind FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indisunique AND i.indisvalid
    UNION SELECT conname, 'CHECK' FROM pg_constraint WHERE contype = 'c' AND convalidated
    UNION SELECT tgname, 'TRIGGER' FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"""


@pytest.mark.parametrize("service", SERVICES)
async def test_what_must_happen_once_has_its_constraint(service: str, databases: Databases) -> None:
    folder = Path(importlib.import_module(service).__path__[0])
    name = await databases.fresh(service, folder / "migrations")
    database = Database(databases.url(name), name=service, pool_connections=1)
    try:
        async with database.transaction() as conn:
            found = {(row.name, row.kind) for row in await conn.exec_driver_sql(FOUND)}
    finally:
        await database.close()
        await databases.drop(name)
    wanted = {**EVERYWHERE, **OWN.get(service, {})}
    assert set(wanted.items()) - found == set()
