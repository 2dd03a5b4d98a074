"""What the kernel promises: keys, events, business time, suspension, dead letters."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import text

from tests.conftest import Running, StartService
from yaosu.onboarding.v1.events_pb2 import PartyApproved, PartyReinstated, PartySuspended
from yaosu.onboarding.v1.onboarding_service_pb2 import Party


@pytest.fixture
async def notes(service: StartService, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The notes service."""
    monkeypatch.syspath_prepend("tests/kernel")
    return await service("notes")


@pytest.fixture
def writer(notes: Running) -> httpx.AsyncClient:
    """Somebody who may write notes."""
    return notes.client_for("pty_a", "writer")


async def _rows(running: Running, table: str) -> int:
    async with running.given.database.transaction() as conn:
        return int(await conn.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 - a test's own name


async def test_the_same_key_does_the_work_once_and_answers_the_same(notes: Running, writer: httpx.AsyncClient) -> None:
    first = await writer.post("/notes", json={"words": "甲"}, headers={"Idempotency-Key": "k"})
    again = await writer.post("/notes", json={"words": "甲"}, headers={"Idempotency-Key": "k"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert await _rows(notes, "note") == await _rows(notes, "outbox") == 1


async def test_eight_callers_with_one_key_make_one_note(notes: Running, writer: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(
        writer.post("/notes", json={"words": "乙"}, headers={"Idempotency-Key": "k"}) for _ in range(8)
    ))  # fmt: skip
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await _rows(notes, "note") == 1


async def test_a_key_with_another_body_is_refused(writer: httpx.AsyncClient) -> None:
    await writer.post("/notes", json={"words": "甲"}, headers={"Idempotency-Key": "k"})
    other = await writer.post("/notes", json={"words": "乙"}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_a_refusal_that_hung_on_the_state_is_kept_under_its_key(
    notes: Running, writer: httpx.AsyncClient
) -> None:
    await writer.post("/notes", json={"words": "甲"})
    refused = await writer.post("/notes", json={"words": "甲"}, headers={"Idempotency-Key": "k"})
    async with notes.given.database.transaction() as conn:
        await conn.execute(text("DELETE FROM note"))
    again = await writer.post("/notes", json={"words": "甲"}, headers={"Idempotency-Key": "k"})
    assert refused.status_code == again.status_code == 409
    assert refused.json()["type"] == again.json()["type"] == "/problems/note-known"


async def test_a_missing_key_is_refused(notes: Running) -> None:
    client = notes.client_for("pty_a", "writer")
    client.event_hooks = {}
    answer = await client.post("/notes", json={"words": "甲"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/key-missing")


@pytest.mark.parametrize(
    ("body", "status"),
    [('{"words":"a","words":"b"}', 400), ('{"words":"a","stars":NaN}', 400), ('{"words":"a","more":1}', 422),
     ('{"words":"a","stars":1.0}', 422), ('{"words":"a","stars":-1}', 422), ('{"words":"a","stars":"１２"}', 422),
     ("{", 400), ("[" * 10_000, 400), ('{"words":"a\\u0000"}', 400), ("\udcff", 400)],
)  # fmt: skip
async def test_what_is_not_one_plain_document_is_refused_and_leaves_nothing(
    notes: Running, writer: httpx.AsyncClient, body: str, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await writer.post("/notes", content=body.encode("utf-8", "surrogateescape"), headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "detail_zh"} <= answer.json().keys()
    assert await _rows(notes, "note") == 0


async def test_who_is_not_known_or_lacks_the_role_is_refused(notes: Running) -> None:
    assert (await notes.client_for().get("/notes")).status_code == 401
    assert (await notes.client_for("pty_a", "reader").post("/notes", json={"words": "a"})).status_code == 403
    forged = notes.client_for("pty_a", "writer")
    token = forged.headers["Authorization"]
    forged.headers["Authorization"] = token[:-20] + ("B" if token[-20] == "A" else "A") + token[-19:]
    assert (await forged.get("/notes")).json()["type"] == "/problems/token-invalid"


async def test_a_suspended_party_is_stopped_until_it_is_reinstated(notes: Running, writer: httpx.AsyncClient) -> None:
    await notes.hear(PartySuspended(party_id="pty_a"), about="pty_a")
    stopped = await writer.get("/notes")
    assert (stopped.status_code, stopped.json()["type"]) == (403, "/problems/party-barred")
    await notes.hear(PartyReinstated(party_id="pty_a"), about="pty_a")
    assert (await writer.get("/notes")).status_code == 200


async def test_an_event_has_its_effect_once_and_in_order(notes: Running) -> None:
    for name in ("甲", "乙"):
        await notes.hear(PartyApproved(party=Party(name=name)), about="pty_b")
    async with notes.given.database.transaction() as conn:
        await conn.execute(text("UPDATE bus_places SET place = 0"))
    await notes.drain()
    assert await _rows(notes, "note") == 2


async def test_an_event_that_fails_parks_its_key_and_goes_on_after_replay(notes: Running) -> None:
    operator = notes.client_for("pty_o", "operator")
    notes.ports.fail_on = "坏"
    await notes.hear(PartyApproved(party=Party(name="坏")), about="pty_c")
    await notes.hear(PartyApproved(party=Party(name="好")), about="pty_c")
    await notes.hear(PartyApproved(party=Party(name="别")), about="pty_d")
    assert await _rows(notes, "note") == 1
    first, second = (await operator.get("/dead-letters")).json()
    assert (await operator.post(f"/dead-letters/{second['id']}:replay")).json()["type"] == "/problems/letter-not-first"
    notes.ports.fail_on = ""
    for letter in (first, second):
        key = {"Idempotency-Key": "k"}
        replayed = await operator.post(f"/dead-letters/{letter['id']}:replay", headers=key)
        assert (replayed.status_code, replayed.json()["state"]) == (200, "REPLAYED")
        assert (await operator.post(f"/dead-letters/{letter['id']}:replay", headers=key)).text == replayed.text
    assert await _rows(notes, "note") == 3


async def test_business_time_starts_anywhere_and_then_only_moves_forward(notes: Running) -> None:
    await notes.clock.set(datetime(2026, 8, 3, 1, tzinfo=UTC))
    assert (await notes.clock.now()).date().isoformat() == "2026-08-03"
    await notes.clock.set(datetime(2026, 7, 1, tzinfo=UTC))
    assert (await notes.clock.now()).date().isoformat() == "2026-08-03"
    await notes.clock.advance(days=7)
    async with notes.ports.work() as work:
        assert work.now.date().isoformat() == "2026-08-10"
        assert work.clock_moved
