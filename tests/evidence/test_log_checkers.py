"""Each checker finds the violation that is planted for it, in a log that was sound before."""

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from evidence.domain.checkpoint import Checkpoint, LogKey
from yaosu.rights.v1.events_pb2 import RegistrationRecorded

TABLES = ("deposits", "nodes", "checkpoints", "logs")


@pytest.fixture
async def sound(service):
    """A log of ten entries under several checkpoints, without a violation, whose guards are then taken away."""
    evidence = await service("evidence")
    for number in range(10):
        event = RegistrationRecorded(registration_id=f"reg_{number}")
        await evidence.hear(event, about=event.registration_id, deposit=f"record {number}".encode())
    assert await evidence.violations() == []
    async with evidence.given.database.transaction() as conn:
        for table in TABLES:
            await conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    return evidence


async def plant(evidence, *statements: str, **values: object) -> set[str]:
    """Do it behind the service's back; the promises that are then found broken."""
    async with evidence.given.database.transaction() as conn:
        for statement in statements:
            changed = await conn.execute(text(statement), values)
            assert "ALTER" in statement or changed.rowcount, statement
    return {violation.split(":")[0] for violation in await evidence.violations()}


async def test_a_gap_between_positions_is_found(sound):
    assert "A1" in await plant(sound, "UPDATE deposits SET log_index = 17 WHERE log_index = 9")


async def test_two_deposits_at_one_position_are_found(sound):
    drop = "ALTER TABLE deposits DROP CONSTRAINT one_deposit_at_a_position"
    assert "A1" in await plant(sound, drop, "UPDATE deposits SET log_index = 4 WHERE log_index = 5")


@pytest.mark.parametrize("index", range(10))
async def test_an_edited_leaf_is_found(sound, index):
    edit = "UPDATE deposits SET leaf_hash = sha256('other') WHERE log_index = :index"
    assert {"A2", "A3"} <= await plant(sound, edit, index=index)


async def test_a_deleted_deposit_is_found(sound):
    assert {"A1", "A2", "A3"} <= await plant(sound, "DELETE FROM deposits WHERE log_index = 3")


async def test_two_deposits_that_changed_places_are_found(sound):
    swap = (
        "UPDATE deposits SET log_index = 100 WHERE log_index = 2",
        "UPDATE deposits SET log_index = 2 WHERE log_index = 7",
        "UPDATE deposits SET log_index = 7 WHERE log_index = 100",
    )
    assert {"A2", "A3"} <= await plant(sound, *swap)


async def test_an_inserted_deposit_is_found(sound):
    insert = """
        INSERT INTO deposits (sha256, sm3, size_bytes, leaf_hash, topic, event_id, aggregate_id, recorded_at, state,
                              log_index, deposited_at)
        VALUES (repeat('0', 64), repeat('0', 64), 1, sha256('x'), 't', 'e', 'a', now(), 'DEPOSITED', 10, now())"""
    assert "A1" in await plant(sound, insert)


async def test_an_edited_node_is_found(sound):
    edit = "UPDATE nodes SET hash = sha256('other') WHERE level = 1 AND place = 0"
    assert "A3" in await plant(sound, edit)


async def test_a_missing_node_is_found(sound):
    assert "A3" in await plant(sound, "DELETE FROM nodes WHERE level = 3 AND place = 0")


async def test_a_truncated_log_is_found_by_the_checkpoints_that_stand(sound):
    cut = ("DELETE FROM deposits WHERE log_index >= 8", "DELETE FROM nodes WHERE level = 0 AND place >= 8",
           "DELETE FROM nodes WHERE level = 1 AND place >= 4", "UPDATE logs SET size = 8")  # fmt: skip
    assert {"A2", "A5"} <= await plant(sound, *cut)


async def test_a_checkpoint_of_another_key_is_found(sound):
    async with sound.given.database.transaction() as conn:
        row = (await conn.execute(text("SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1"))).one()
    forged = LogKey.new(row.origin).sign_note(row.note.split("\n\n")[0] + "\n")
    assert await plant(sound, "UPDATE checkpoints SET note = :note WHERE size = :size", note=forged, size=row.size) == {
        "A4"
    }


async def test_a_note_that_says_something_else_than_its_row_is_found(sound):
    edit = "UPDATE checkpoints SET note = replace(note, E'\\n10\\n', E'\\n9\\n') WHERE size = 10"
    assert await plant(sound, edit) == {"A4"}


async def test_a_checkpoint_that_leads_elsewhere_is_found(sound):
    """Even when the log's own key signed it."""
    async with sound.given.database.transaction() as conn:
        log = (await conn.execute(text("SELECT * FROM logs"))).one()
        last = (await conn.execute(text("SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1"))).one()
    key = LogKey.from_seed(log.origin, sound.given.sealer.unseal(log.sealed_seed))
    root = sha256(b"another history").digest()
    forged = Checkpoint.sign(key, last.size, root, last.signed_at)[0]
    edit = "UPDATE checkpoints SET note = :note, root = :root WHERE size = :size"
    assert {"A2", "A5"} <= await plant(sound, edit, note=forged.note, root=root, size=last.size)


async def test_a_log_that_no_checkpoint_covers_is_found(sound):
    assert "A5" in await plant(sound, "DELETE FROM checkpoints WHERE size = 10")


async def test_a_checkpoint_from_before_its_predecessor_is_found(sound):
    edit = "UPDATE checkpoints SET signed_at = signed_at - CAST(:by AS interval) WHERE size = 10"
    assert await plant(sound, edit, by=timedelta(days=400)) == {"A5"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deposits SET leaf_hash = sha256('x') WHERE log_index = 0",
        "UPDATE deposits SET log_index = 99 WHERE log_index = 0",
        "DELETE FROM deposits WHERE log_index = 0",
        "UPDATE nodes SET hash = sha256('x') WHERE level = 0 AND place = 0",
        "DELETE FROM nodes",
        "TRUNCATE checkpoints",
        "UPDATE logs SET size = 0",
        "UPDATE logs SET vkey = 'another'",
        "DELETE FROM logs",
        "DELETE FROM checkpoints",
        "UPDATE checkpoints SET root = sha256('x')",
        "INSERT INTO checkpoints VALUES (1, 'x', sha256('x'), 'x', now())",
    ],
)
async def test_the_database_itself_refuses_to_rewrite_the_log(service, statement):
    evidence = await service("evidence")
    await evidence.hear(RegistrationRecorded(registration_id="reg_1"), about="reg_1", deposit=b"record")
    with pytest.raises(Exception, match=r"append-only|only grow"):
        async with evidence.given.database.transaction() as conn:
            await conn.execute(text(statement))


def test_each_checker_names_a_test_that_is_here():
    from evidence.outbound.audit import CHECKERS  # noqa: PLC0415 - read only here

    assert [checker.promise for checker in CHECKERS] == ["A1", "A2", "A3", "A4", "A5"]
    for checker in CHECKERS:
        assert checker.planted_by.removeprefix("tests/evidence/test_log_checkers.py::") in globals()
        assert checker.statement
