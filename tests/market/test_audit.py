"""What only two services together can tell: a violation planted in copies of their databases is found by the audit."""

import ast
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from kernel.database import Database
from kernel.objects import FolderStore
from market.audit import ACROSS, SETTLING_SECONDS, audit
from market.postgres import Server
from market.roster import SERVICES
from tests.conftest import Databases
from tools.survey import ROOT


@dataclass
class Copies(Server):
    """Databases of one market, each a copy of its newest form, under whatever name the copy has."""

    addresses: dict[str, str] = field(default_factory=dict)
    objects: FolderStore | None = None

    def url_of(self, name: str) -> str:
        return self.addresses[name]

    async def violations(self) -> list[tuple[str, str]]:
        """What the audit finds, by promise."""
        files = self.objects
        assert files is not None
        findings = await audit(self, lambda _service: files)
        return [(f"{one.service} {one.promise}", line) for one in findings for line in one.violations]

    async def plant(self, name: str, *statements: str) -> None:
        """Change a copy behind its owner's back: no trigger and no reference stands in the way."""
        database = Database(self.url_of(name), name=name, pool_connections=1)
        async with database.transaction() as conn:
            for statement in ("SET LOCAL session_replication_role = replica", *statements):
                await conn.exec_driver_sql(statement)
        await database.close()


@pytest.fixture
async def market(databases: Databases, tmp_path: Path) -> AsyncIterator[Copies]:
    names = {name: await databases.fresh(name, _migrations(name)) for name in SERVICES}
    names["bus"] = await databases.fresh("evidence", _migrations("evidence"))
    addresses = {name: databases.url(database) for name, database in names.items()}
    copies = Copies(make_url(databases.url("postgres")), b"tests", None, addresses, FolderStore(tmp_path / "objects"))
    assert await copies.violations() == []
    yield copies
    for name in names.values():
        await databases.drop(name)


def _migrations(service: str) -> Path:
    return Path(import_module(service).__path__[0]) / "migrations"


SENT = """
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, occurred_at, sent_at)
    VALUES ('evt_1', 'reg_1', 1, 'yaosu.rights.v1.ReportIssued', '', now(), now())"""
WITH_DEPOSIT = "UPDATE outbox SET deposit = 'words', sent_at = {at}"
ON_THE_BUS = """
    INSERT INTO bus_log (topic, event_id, key, version, type, payload, occurred_at, deposit, published_at)
    VALUES ('yaosu.rights.v1', 'evt_1', 'reg_1', 1, 'yaosu.rights.v1.ReportIssued', '', now(), {deposit}, {at})"""


async def test_an_event_lost_on_the_bus_is_found(market: Copies) -> None:
    await market.plant("rights", SENT)
    assert await market.violations() == [("market E1", "rights: event evt_1 is marked as sent and not on the bus")]
    await market.plant("bus", ON_THE_BUS.format(deposit="NULL", at="now()"))
    assert await market.violations() == []


async def test_an_event_that_nobody_sent_is_found(market: Copies) -> None:
    await market.plant("bus", ON_THE_BUS.format(deposit="NULL", at="now()"))
    assert await market.violations() == [("market E1", "rights: event evt_1 is on the bus and not marked as sent")]


async def test_a_deposit_that_never_reached_the_log_is_found(market: Copies) -> None:
    late = f"now() - interval '{SETTLING_SECONDS + 1} seconds'"
    await market.plant("rights", SENT, WITH_DEPOSIT.format(at=late))
    await market.plant("bus", ON_THE_BUS.format(deposit="'words'::bytea", at=late))
    found = dict(await market.violations())
    assert found.keys() == {"market A1.log", "market E2"}  # nobody heard of it, and evidence did not write it down
    assert found["market A1.log"].endswith("is not in the log")


async def test_a_deposit_on_its_way_is_no_violation(market: Copies) -> None:
    await market.plant("rights", SENT, WITH_DEPOSIT.format(at="now()"))
    await market.plant("bus", ON_THE_BUS.format(deposit="'words'::bytea", at="now()"))
    assert await market.violations() == []


PLEDGE = """
    INSERT INTO pledges (pledge_id, state, loan_id, borrower_party_id, bank_party_id, dataset_id, lineage_root,
        principal_fen, licence_policy, control_account, consenting_party_ids, requested_at, encumbrance_id, searches,
        releasers, held_at, confirmed_at, version)
    VALUES ('plg_1', 'CONFIRMED', 'loan_1', 'pty_1', 'pty_2', 'dat_1', 'dat_1', 1, 'notify', 'account', '[]', now(),
        'enc_1', '[]', '[]', now(), now(), 1)"""


async def test_a_pledge_without_its_encumbrance_is_found(market: Copies) -> None:
    await market.plant("pledge", PLEDGE)
    assert ("market R2", "pledge of encumbrance enc_1 stands without it") in await market.violations()


TOLD = """
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, occurred_at, sent_at)
    VALUES ('evt_2', 'pty_1', 1, 'yaosu.onboarding.v1.PartySuspended', '', now(), {at})"""


async def test_an_event_that_a_service_never_heard_is_found(market: Copies) -> None:
    late = f"now() - interval '{SETTLING_SECONDS + 1} seconds'"
    await market.plant("onboarding", TOLD.format(at=late))
    told = ON_THE_BUS.replace("rights", "onboarding").replace("evt_1", "evt_2")
    await market.plant("bus", told.format(deposit="NULL", at="now()"))
    missing = "yaosu.onboarding.v1.PartySuspended evt_2 of yaosu.onboarding.v1 had no effect"
    found = await market.violations()
    assert ("market E2", f"trading: {missing}") in found
    heard = "INSERT INTO inbox (topic, event_id) VALUES ('yaosu.onboarding.v1', 'evt_2')"
    for name in {line.split(":")[0] for _, line in found}:
        await market.plant(name, heard)
    assert await market.violations() == []


def test_the_market_names_a_test_for_each_of_its_own_promises() -> None:
    for across in ACROSS:
        path, _, function = across.planted_by.partition("::")
        there = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in ast.walk(there) if isinstance(node, ast.AsyncFunctionDef)}, across
