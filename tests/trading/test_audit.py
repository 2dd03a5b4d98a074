"""Each money checker sees the violation it is there for, and the database itself refuses what it can."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.conftest import Running, StartService
from tests.trading.conftest import Market, done
from tests.trading.fakes import FakeCatalog, FakeEvidence, FakeParties, FakeRights
from trading.outbound.audit import CHECKERS, PLANTED

_POST = """
    WITH fresh AS (INSERT INTO ledger_transactions (source_type, source_id, step, posted_at)
                   VALUES ('plant', 'x', 'x', now()) RETURNING transaction_id)
    INSERT INTO postings (transaction_id, account, amount_fen) SELECT transaction_id, 'supervised', 5 FROM fresh"""
# What a broken program, or a hand in the database, might leave behind. Triggers and checks are off while it is planted.
PLANTS = {
    "M1": [_POST, "UPDATE accounts SET posted_fen = posted_fen + 5 WHERE account = 'supervised'"],
    "M2": ["UPDATE accounts SET posted_fen = posted_fen + 1 WHERE account LIKE 'deposit:%'"],
    "M3": ["ALTER TABLE accounts DROP CONSTRAINT guarded_account_covers",
           "UPDATE accounts SET posted_fen = -1 WHERE account LIKE 'deposit:%'"],
    "M4": ["ALTER TABLE postings DISABLE TRIGGER postings_stay"],
    "M5": ["ALTER TABLE ledger_transactions DROP CONSTRAINT one_effect",
           """INSERT INTO ledger_transactions (source_type, source_id, step, posted_at)
              SELECT source_type, source_id, step, posted_at FROM ledger_transactions LIMIT 1"""],
    "M8": ["UPDATE holds SET policy_case = 'case-0'"],
    "M9": ["""UPDATE settlements SET shares = jsonb_set(shares, '{0,amount_fen}', '1')"""],
    "M10": ["DELETE FROM payer.callbacks WHERE true", "DELETE FROM payer.instructions WHERE direction = 'PAY_OUT'"],
}  # fmt: skip


async def lively(service: StartService) -> Running:
    """A market in which money went all the way."""
    running = await service(
        "trading", catalog=FakeCatalog(), rights=FakeRights(), parties=FakeParties(), evidence=FakeEvidence(),
        resume_after_seconds=0.0, ask_payer_after_seconds=0.0,
    )  # fmt: skip
    market = Market(running)
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(10_000)
    for number in range(2):
        await market.use(contract_id, f"case-{number}")
    await market.confirmed(contract_id)
    await running.drain()
    assert done(await market.provider.get("/settlements"))["items"][0]["state"] == "SETTLED"
    assert await running.violations() == []
    return running


@pytest.mark.parametrize("promise", PLANTS)
async def test_each_money_checker_reports_what_was_planted(service: StartService, promise: str) -> None:
    running = await lively(service)
    async with running.given.database.transaction() as conn:
        await conn.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in PLANTS[promise]:
            assert (await conn.execute(text(statement))).rowcount != 0
    assert promise in {line.split(":")[0] for line in await running.violations()}


def test_every_checker_names_its_own_planting() -> None:
    assert [checker.planted_by for checker in CHECKERS] == [f"{PLANTED}[{promise}]" for promise in PLANTS]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET amount_fen = 1", "DELETE FROM postings", "TRUNCATE postings",
        "UPDATE ledger_transactions SET step = 'x'", "DELETE FROM ledger_transactions", _POST,
        "INSERT INTO ledger_transactions (source_type, source_id, step, posted_at) VALUES ('x', 'x', 'x', now())",
        "UPDATE accounts SET held_fen = posted_fen + 1 WHERE account LIKE 'deposit:%'",
    ],
)  # fmt: skip
async def test_the_database_itself_refuses(service: StartService, statement: str) -> None:
    running = await lively(service)
    with pytest.raises(DBAPIError):
        async with running.given.database.transaction() as conn:
            await conn.execute(text(statement))
    assert await running.violations() == []
