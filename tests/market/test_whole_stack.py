"""Both cases told to the whole stack from outside come to what they come to in an embedded market."""

import asyncio
import json
import secrets
import time
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from market.backends.kafka import KafkaNotToBeHad, resolved
from market.demo.telling import Inputs
from market.files import OPERATOR_FILE, SERVERS_FILE
from market.roster import SERVICES
from tests.conftest import need
from tests.journeys import expected
from tests.journeys.inputs import REAL, SAMPLES, are_there
from tests.market.process import Process, free_port, run

STORY_SECONDS_MAX = 1200.0
SETTLING_SECONDS_MAX = 90.0
pytestmark = [pytest.mark.promises, pytest.mark.timeout(STORY_SECONDS_MAX + 300)]


@pytest.mark.parametrize("inputs", [pytest.param(SAMPLES, id="samples"), pytest.param(REAL, id="real")])
def test_the_story_comes_to_the_same_on_the_stack_and_no_promise_is_broken(data: Path, inputs: Inputs) -> None:
    if not are_there(inputs):
        pytest.skip("the shared data files are not here")
    try:
        resolved()
    except KafkaNotToBeHad as error:
        need("Kafka", error)
    port, home, folder = free_port(), data.with_name("home"), data.with_name("visit")
    stack = Process(["stack", "--data", str(data), "--port", str(port)], home, port)
    stack.start()
    try:
        stack.says("The market is open")
        told = run(
            home, "demo", "--url", stack.url, "--operator", str(data / OPERATOR_FILE), "--data", str(folder),
            "--patients", str(inputs.patients), "--conditions", str(inputs.conditions), "--bim", str(inputs.bim),
            seconds=STORY_SECONDS_MAX,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-4000:] + stack.written
        report = json.loads((folder / "report.json").read_text())
        expected.assert_the_books_agree(report["medical"])
        expected.assert_all_was_refused_and_allowed(report)
        expected.assert_the_loan_stood_and_ended(report["bim"])
        answered = json.loads((folder / report["medical"]["answers"]).read_text())
        assert answered == expected.answers(inputs.patients, inputs.conditions)
        assert report["evidence"]["deposits"] >= report["medical"]["calls"]
        assert run(home, "verify", str(folder / report["bim"]["certificate"])).returncode == 0
        again = run(home, "demo", "--url", stack.url, "--operator", str(data / OPERATOR_FILE), "--data", str(folder))
        assert (again.returncode, "somebody was admitted there already" in again.stdout) == (2, True), again
        assert_no_promise_is_broken(home, data)
        assert_kafka_holds_exactly_what_the_outboxes_sent(data)
    finally:
        stack.stop()
    assert_no_promise_is_broken(home, data)  # also with the servers started for the audit alone


def assert_kafka_holds_exactly_what_the_outboxes_sent(data: Path) -> None:
    """Looked at from outside: by a client of its own and plain SQL, with no code of the market between."""
    addresses = json.loads((data / SERVERS_FILE).read_text())["for_migrations"]
    admin = make_url(addresses["YAOSU_DATABASE_URL"])
    for service in SERVICES:
        url = admin.set(drivername="postgresql+asyncpg", database=f"yaosu_{service}")
        sent = asyncio.run(_outbox(url.render_as_string(hide_password=False)))
        assert sorted(_told(addresses["YAOSU_KAFKA"], f"yaosu.{service}.v1")) == sorted(sent), service
        assert sent, f"{service} told nothing at all"


async def _outbox(url: str) -> list[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT event_id, sent_at FROM outbox"))).all()
    await engine.dispose()
    assert all(row.sent_at for row in rows), "something was never sent"
    return [row.event_id for row in rows]


def _told(brokers: str, topic: str) -> list[str]:
    group = f"outsider-{secrets.token_hex(4)}"
    reading: Any = KafkaConsumer(  # Any: the client ships no types
        topic, bootstrap_servers=brokers, group_id=group, auto_offset_reset="earliest", consumer_timeout_ms=15_000,
        max_partition_fetch_bytes=64 * 2**20,
    )  # fmt: skip
    found = [dict(record.headers)["ce_id"].decode() for record in reading]
    reading.close()
    return found


def assert_no_promise_is_broken(home: Path, data: Path) -> None:
    """What is on its way when the story ends has a while to arrive."""
    ends_at = time.monotonic() + SETTLING_SECONDS_MAX
    while (audited := run(home, "audit", "--data", str(data))).returncode:
        assert time.monotonic() < ends_at, audited.stdout + audited.stderr
