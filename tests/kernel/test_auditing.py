"""The kernel's own promises are checked, and what a checker finds is shown and told, while the service works."""

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from kernel.audit import Checker, none_of
from kernel.auditing import Auditor
from kernel.checkers import KERNEL_CHECKERS
from tests.conftest import Running, StartService


@pytest.fixture
async def notes(service: StartService, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The notes service."""
    monkeypatch.syspath_prepend("tests/kernel")
    return await service("notes")


async def found(notes: Running, *planted: str) -> dict[str, list[str]]:
    """What the auditor finds after something was planted behind the service's back."""
    async with notes.given.database.transaction() as conn:
        for statement in ("SET LOCAL session_replication_role = replica", *planted):
            await conn.exec_driver_sql(statement)
    looked = await Auditor("notes", notes.given.database, KERNEL_CHECKERS).look()
    return {promise: lines for promise, lines in looked.items() if lines}


OUTBOX = """
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, occurred_at)
    VALUES ('evt_{version}', 'not_1', {version}, 'x', '', now())"""


async def test_a_gap_is_found(notes: Running) -> None:
    assert await found(notes, OUTBOX.format(version=1), OUTBOX.format(version=2)) == {}
    assert set(await found(notes, OUTBOX.format(version=4))) == {"E3"}


async def test_a_parked_event_with_an_effect_is_found(notes: Running) -> None:
    parked = """
        INSERT INTO dead_letters (topic, key, event_id, type, version, payload, occurred_at, cause)
        VALUES ('t', 'k', 'evt_1', 'x', 1, '', now(), 'planted')"""
    assert await found(notes, parked) == {}
    assert set(await found(notes, "INSERT INTO inbox (topic, event_id) VALUES ('t', 'evt_1')")) == {"E4"}


async def test_a_key_kept_twice_is_found(notes: Running) -> None:
    key = "INSERT INTO idempotency_keys (party_id, route, key, request_sha256) VALUES ('pty_1', 'POST /x', 'k', '')"
    assert await found(notes, key) == {}
    dropped = "ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey"
    assert set(await found(notes, dropped, key)) == {"M6"}


async def test_what_is_found_is_shown_and_told_and_a_broken_checker_stops_nothing(notes: Running) -> None:
    async def broken(_conn: object) -> list[str]:
        raise ValueError

    checkers = (
        Checker("Z1", "never", "", none_of("SELECT 1 AS one")), Checker("Z2", "never", "", broken),
        Checker("Z3", "always", "", none_of("SELECT 1 WHERE false")),
        Checker("Z4", "changes nothing", "", none_of("INSERT INTO inbox VALUES ('t', 'e') RETURNING 1 AS one")),
    )  # fmt: skip
    auditor = Auditor("notes", notes.given.database, checkers)
    with capture_logs() as logged:
        assert await auditor.look() == {"Z1": ["one=1"], "Z3": []}
    told = [(line["promise"], line["violation"]) for line in logged if line["event"] == "promise broken"]
    assert told == [("Z1", "one=1")]
    shown = {name: REGISTRY.get_sample_value("yaosu_promise_violations", {"service": "notes", "promise": name})
             for name in ("Z1", "Z2", "Z3")}  # fmt: skip
    assert shown == {"Z1": 1, "Z2": None, "Z3": 0}
    assert REGISTRY.get_sample_value("yaosu_promise_checked_at", {"service": "notes", "promise": "Z3"})
    for name in ("Z2", "Z4"):
        labels = {"service": "notes", "promise": name}
        assert REGISTRY.get_sample_value("yaosu_audit_failures_total", labels) == 1
