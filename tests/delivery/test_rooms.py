"""Rooms: locked when loaded, killed when late, opened anew when lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from delivery.domain.refusals import RoomUnavailable
from delivery.outbound.rooms import room as rooms_module
from delivery.outbound.rooms.room import Room, RoomLost
from tests.delivery.conftest import Delivery
from tests.delivery.market import CONDITIONS, PATIENTS, Person

PROGRAM = rooms_module.PROGRAM
# Runs inside a locked room's process: everything that must fail there.
PROBES = """
import json, os, runpy, socket, subprocess, sys, threading
room = runpy.run_path(sys.argv[1])
import duckdb
db = duckdb.connect()
db.execute("CREATE TABLE persons (a INTEGER)")
out = {}
def attempt(name, act):
    try:
        act()
        out[name] = "SUCCEEDED"
    except BaseException as error:
        out[name] = type(error).__name__
room["lock"](db, 1 << 30)
for name, sql in {
    "read_csv": "SELECT * FROM read_csv('/etc/passwd')", "read_text": "SELECT * FROM read_text('/etc/passwd')",
    "glob": "SELECT * FROM glob('/*')", "copy": "COPY persons TO '/dev/shm/x.csv'", "attach": "ATTACH '/dev/shm/x.db'",
    "http": "SELECT * FROM read_csv('http://127.0.0.1/x')", "install": "INSTALL httpfs", "load": "LOAD httpfs",
    "unlock": "SET lock_configuration = false", "external": "SET enable_external_access = true",
    "memory": "SET memory_limit = '64GB'", "threads": "SET threads = 64", "reset": "RESET memory_limit",
    "secret": "CREATE PERSISTENT SECRET s (TYPE s3)", "python": "SELECT * FROM out", "pragma": "PRAGMA threads=9",
    "export": "EXPORT DATABASE '/dev/shm/x'", "getenv": "SELECT getenv('HOME') || 'x'",
}.items():
    attempt("sql " + name, lambda: db.execute(sql).fetchall())
attempt("open", lambda: open("/etc/passwd"))
attempt("write", lambda: open("/dev/shm/x", "w"))
attempt("socket", lambda: socket.socket())
attempt("pipe", lambda: os.pipe())
attempt("listdir", lambda: os.listdir("/"))
attempt("child", lambda: subprocess.run(["/bin/true"]))
attempt("memory", lambda: bytearray(4 << 30))
out["environment"] = sorted(os.environ)
print(json.dumps(out))
"""


def test_a_locked_room_opens_nothing_and_changes_no_setting() -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-c", PROBES, str(PROGRAM)],
        env={"LC_ALL": "C.UTF-8"}, cwd="/", capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = json.loads(ran.stdout)
    assert told.pop("environment") == ["LC_ALL"]
    assert [name for name, outcome in told.items() if outcome == "SUCCEEDED"] == []
    assert len(told) == 25


async def test_a_room_has_no_environment_and_a_session_of_its_own() -> None:
    room = await Room.start()
    try:
        environment = Path(f"/proc/{room.pid}/environ").read_bytes()
        assert b"PATH" not in environment
        assert b"YAOSU" not in environment
        assert os.getsid(room.pid) == room.pid
    finally:
        await room.close()


async def test_a_room_that_is_late_is_killed_with_all_who_wait() -> None:
    room = await Room.start()
    os.kill(room.pid, signal.SIGSTOP)
    waiting = [asyncio.create_task(room.ask("person", 0.2, token="x")) for _ in range(3)]
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, RoomLost) for outcome in outcomes)
    await room.close()
    assert room.lost
    with pytest.raises(RoomLost):
        await room.ask("person", 1, token="x")


async def test_a_question_it_does_not_know_is_not_answered() -> None:
    room = await Room.start()
    try:
        for question in ("sql", "__init__", "lock"):
            with pytest.raises(RoomUnavailable):
                await room.ask(question, 30)
    finally:
        await room.close()


async def test_a_killed_room_is_opened_anew_and_nobody_notices(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    first = (await delivery.ask(ann, consent_id)).json()
    (opening,) = delivery.running.ports.rooms._open.values()
    process = opening.result().room.pid
    os.kill(process, signal.SIGKILL)
    again = (await delivery.ask(ann, consent_id)).json()
    assert again["groups"] == first["groups"]
    (opening,) = delivery.running.ports.rooms._open.values()
    assert opening.result().room.pid != process


async def test_many_at_once_share_one_room(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    answers = await asyncio.gather(*(delivery.ask(ann, consent_id) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(delivery.running.ports.rooms._open) == 1


async def test_bytes_are_verified_at_each_load_and_the_index_is_gone_after_it(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    folder = delivery.running.given.scratch / "delivery-files"
    kept = sorted(folder.iterdir())
    assert [len(path.name) for path in kept] == [64, 64]
    await delivery.running.ports.rooms.close()
    reads = delivery.catalog.reads
    kept[0].write_bytes(b"tampered")
    assert (await delivery.ask(ann, consent_id)).status_code == 200
    assert delivery.catalog.reads == reads + 1
    await delivery.running.ports.rooms.close()
    kept[0].write_bytes(b"tampered")
    wrong = delivery.catalog.files["ver_1"]
    delivery.catalog.files["ver_1"] = {name: b"x" * len(data) for name, data in wrong.items()}
    refused = await delivery.ask(ann, consent_id)
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/bytes-not-as-published")


async def test_a_version_without_the_promised_columns_is_refused(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    delivery.catalog.publish("ver_2", PATIENTS, CONDITIONS)
    files = dict(delivery.catalog.files["ver_2"])
    files["people.parquet"] = files["diagnoses.parquet"]
    delivery.catalog.put("ver_2", files)
    async with delivery.running.ports.work(None) as work:
        await work.entitlements.serve("ctr_1", "ver_2")
    refused = await delivery.ask(ann, consent_id)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/version-not-conforming")


async def test_rooms_are_made_ready_before_anybody_asks(delivery: Delivery) -> None:
    async with delivery.running.ports.work(None) as work:
        entitlement = await work.entitlements.find("ctr_1")
    assert await delivery.running.ports.rooms.warm(entitlement, "ver_1")
    assert not await delivery.running.ports.rooms.warm(entitlement, "ver_1")


async def test_a_file_that_cannot_be_had_is_our_fault_and_not_the_version_s() -> None:
    room = await Room.start()
    named = {"token": "t", "code": "c", "onset": "o", "abated": "a"}
    try:
        with pytest.raises(RoomUnavailable):
            await room.ask(
                "load", 30, people=named, people_path="gone", diagnoses=named, diagnoses_path="gone",
                index_path="gone", groups={}, threads=1, memory_bytes=2**28, room_bytes=2**28, cpu_seconds=5,
            )  # fmt: skip
    finally:
        await room.close()
