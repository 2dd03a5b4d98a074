"""The kernel's belts, one test each; every one of them fails when the bug that it guards against is planted."""

import asyncio
import importlib
from collections.abc import MutableMapping, Sequence
from typing import Any

import httpx
import pytest
from joserfc import jwt
from sqlalchemy import Column, Integer, MetaData, String, Table, text
from sqlalchemy.exc import DBAPIError

from kernel import outbox, storage
from kernel.callers import Caller
from kernel.reactions import Listening
from kernel.refusals import Conflict, StateChanged
from kernel.tokens import market_token
from kernel.told import Told
from tests.conftest import Running, StartService
from yaosu.onboarding.v1.events_pb2 import PartyApproved
from yaosu.onboarding.v1.onboarding_service_pb2 import Party

TOPIC = "yaosu.notes.v1"


@pytest.fixture
async def notes(service: StartService, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The notes service."""
    monkeypatch.syspath_prepend("tests/kernel")
    return await service("notes")


async def rows(notes: Running, query: str) -> list[object]:
    async with notes.given.database.transaction() as conn:
        return list((await conn.scalars(text(query))).all())


async def on_the_bus(notes: Running) -> set[object]:
    return set(await rows(notes, f"SELECT event_id FROM bus_log WHERE topic = '{TOPIC}'"))  # noqa: S608 - a constant


KEEP = text("""
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, occurred_at)
    VALUES (:it, :it, 1, 'yaosu.onboarding.v1.PartyApproved', '', now())""")


async def test_a_relay_loses_nothing_however_commits_overtake_each_other(notes: Running) -> None:
    database, bus = notes.given.database, notes.given.bus
    is_kept, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with database.transaction() as conn:
            await conn.execute(KEEP, {"it": "slow"})
            is_kept.set()
            await may_end.wait()

    writing = asyncio.create_task(slow())
    await is_kept.wait()
    async with database.transaction() as conn:
        await conn.execute(KEEP, {"it": "quick"})
    assert await outbox.relay(database, bus, TOPIC) == 1
    may_end.set()
    await writing
    while await outbox.relay(database, bus, TOPIC):
        pass
    assert await on_the_bus(notes) == {"slow", "quick"}


async def test_what_the_bus_did_not_take_is_sent_again(notes: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = notes.client_for("pty_a", "writer")

    async def away(_topic: str, _events: Sequence[Told]) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(notes.given.bus, "publish", away)
        assert (await writer.post("/notes", json={"words": "甲"})).status_code == 201
        with pytest.raises(OSError):  # noqa: PT011 - whatever the bus says
            await outbox.relay(notes.given.database, notes.given.bus, TOPIC)
    await notes.drain()
    assert len(await on_the_bus(notes)) == 1


async def test_an_event_whose_effect_was_cut_off_is_heard_again(
    notes: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(_self: Listening, _event: Told) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as broken:
        broken.setattr(Listening, "react", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await notes.hear(PartyApproved(party=Party(name="甲")), about="pty_b")
    await notes.drain()
    assert await rows(notes, "SELECT words FROM note") == ["甲 1"]


async def test_an_effect_that_was_rolled_back_is_had_later(notes: Running) -> None:
    notes.ports.fail_on = "甲"
    await notes.hear(PartyApproved(party=Party(name="甲")), about="pty_b")
    assert await rows(notes, "SELECT event_id FROM inbox") == []
    notes.ports.fail_on = ""
    operator = notes.client_for("pty_o", "operator")
    (letter,) = (await operator.get("/dead-letters")).json()
    assert (await operator.post(f"/dead-letters/{letter['id']}:replay")).status_code == 200
    assert await rows(notes, "SELECT words FROM note") == ["甲 1"]


NO_COMMIT = """
    CREATE FUNCTION refuse_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'planted'; END $$"""
AT_COMMIT = """
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_at_commit()"""


async def test_what_is_not_committed_is_not_answered(notes: Running) -> None:
    async with notes.given.database.transaction() as conn:
        for statement in (NO_COMMIT, AT_COMMIT):
            await conn.exec_driver_sql(statement)
    answer = await notes.client_for("pty_a", "writer").post("/notes", json={"words": "甲"})
    assert answer.status_code == 500
    assert await rows(notes, "SELECT id FROM note") == []


async def test_what_is_refused_leaves_no_trace_in_any_table(notes: Running) -> None:
    before = await everything(notes)

    class Refused(Conflict):
        """Planted. Nothing to do."""

        zh = "测试。"

    with pytest.raises(Refused):  # noqa: PT012 - the block is the transaction
        async with notes.ports.work() as work:
            await work.conn.execute(text("INSERT INTO note (id, words) VALUES ('not_1', '甲')"))
            work.tell(importlib.import_module("notes.bootstrap").Note("not_1", "甲"), about="甲")
            raise Refused
    async with notes.given.database.transaction() as conn:
        for statement in (NO_COMMIT, AT_COMMIT):
            await conn.exec_driver_sql(statement)
    await notes.client_for("pty_a", "writer").post("/notes", json={"words": "乙"})
    assert await everything(notes) == before


async def everything(notes: Running) -> dict[str, int]:
    """How many rows each table has."""
    tables = await rows(
        notes, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    counts = {str(name): (await rows(notes, f'SELECT count(*) FROM "{name}"'))[0] for name in tables}  # noqa: S608 - names of ours
    return {name: int(str(count)) for name, count in counts.items()}


async def test_a_key_is_its_party_s_own(notes: Running) -> None:
    key = {"Idempotency-Key": "k"}
    first = await notes.client_for("pty_a", "writer").post("/notes", json={"words": "甲"}, headers=key)
    other = await notes.client_for("pty_b", "writer").post("/notes", json={"words": "乙"}, headers=key)
    assert (first.status_code, other.status_code) == (201, 201)
    assert other.json()["words"] == "乙"


NOTE = Table("note", MetaData(), Column("id", String), Column("words", String), Column("version", Integer))


async def test_a_row_that_changed_meanwhile_is_not_overwritten(notes: Running) -> None:
    async with notes.given.database.transaction() as conn:
        await conn.execute(text("INSERT INTO note (id, words) VALUES ('not_1', '甲')"))
    for words_now, is_refused in (("乙", False), ("丙", True)):
        async with notes.given.database.transaction() as conn:
            try:
                await storage.change(conn, NOTE, key={"id": "not_1"}, version=1, values={"words": words_now})
                assert not is_refused
            except StateChanged:
                assert is_refused
    assert await rows(notes, "SELECT words FROM note") == ["乙"]


class Exhausted(Conflict):
    """The deposit is exhausted. Top it up."""

    zh = "余额不足。"


@pytest.mark.parametrize("code", ["40001", "40P01", "57014", "53100"])
async def test_a_fault_of_the_database_is_no_answer_of_the_business(notes: Running, code: str) -> None:
    async with notes.given.database.transaction() as conn:
        with pytest.raises(DBAPIError):
            async with storage.refusing({"guarded_account_covers": Exhausted}):
                await conn.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")
        await conn.rollback()


async def test_a_token_for_another_audience_opens_nothing(notes: Running) -> None:
    token = market_token(Caller("pty_a", "per_a", frozenset({"writer"})), notes._key, "test")
    assert await status(notes, token) == 200
    claims = {**jwt.decode(token, notes._key, algorithms=["Ed25519"]).claims, "aud": "account"}
    header = {"alg": "Ed25519", "typ": "at+jwt", "kid": "test"}
    assert await status(notes, jwt.encode(header, claims, notes._key, algorithms=["Ed25519"])) == 401


async def status(notes: Running, token: str) -> int:
    http = notes.client_for()
    answer: httpx.Response = await http.get("/notes", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def test_who_goes_away_while_asking_is_no_failure_of_ours(notes: Running) -> None:
    headers = {**notes.client_for("pty_a", "writer").headers, "idempotency-key": "k", "content-length": "99"}
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "query_string": b"",
        "path": "/notes/v1/notes", "raw_path": b"/notes/v1/notes", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("market", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    heard: list[dict[str, object]] = [{"type": "http.request", "body": b'{"wo', "more_body": True}]
    told: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, object]:
        return heard.pop() if heard else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    await notes.service.app(scope, receive, send)
    assert told[0]["status"] == 400
    assert await rows(notes, "SELECT count(*) FROM note") == [0]
