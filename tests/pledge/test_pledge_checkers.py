"""Each checker sees the violation that is planted for it, and a sound market has none."""

import pytest
from sqlalchemy import text

from pledge.outbound.audit import CHECKERS, live_pledges
from tests.conftest import StartService
from tests.pledge.story import Story, begin


async def _planted(story: Story, *statements: str) -> list[str]:
    """What the checkers find after somebody wrote into the database by hand."""
    async with story.running.given.database.transaction() as conn:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            await conn.execute(text(statement))
    return [line.partition(":")[0] for line in await story.running.violations()]


async def test_a_sound_market_has_no_violation(service: StartService) -> None:
    story = await begin(service)
    assert await story.running.violations() == []
    await story.released()
    assert await story.running.violations() == []


LENT = {
    "one person": "UPDATE loans SET approvals = approvals - 1",
    "the same person twice": "UPDATE loans SET approvals = jsonb_build_array(approvals->0, approvals->0)",
    "no confirmation": "UPDATE pledges SET confirmed_at = NULL",
    "no registration": "UPDATE pledges SET registration = NULL",
    "one search": "UPDATE pledges SET searches = searches - 1",
    "no payment": "DELETE FROM payments WHERE kind = 'disbursement'",
    "another amount": "UPDATE payments SET amount_fen = amount_fen - 1 WHERE kind = 'disbursement'",
    "paid early": "UPDATE payments SET paid_at = paid_at - interval '1 day' WHERE kind = 'disbursement'",
    "one signature": "UPDATE loans SET contract = jsonb_set(contract, '{signatures}', (contract->'signatures') - 1)",
}


@pytest.mark.parametrize("fault", LENT)
async def test_a_loan_lent_without_the_order_is_seen(service: StartService, fault: str) -> None:
    story = await begin(service)
    await story.performing()
    assert "R3.2" in await _planted(story, LENT[fault])


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE pledges SET releasers = releasers - 1",
        "UPDATE pledges SET releasers = jsonb_build_array(releasers->0, releasers->0)",
        "UPDATE pledges SET registration = registration - 'cancelled_at'",
        "UPDATE loans SET state = 'PERFORMING'",
    ],
)
async def test_a_release_by_one_person_is_seen(service: StartService, fault: str) -> None:
    story = await begin(service)
    await story.released()
    assert "R6" in await _planted(story, fault)


async def test_two_pledges_on_one_lineage_are_seen(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    async with story.running.given.database.transaction() as conn:
        columns = (await conn.scalars(text(
            "SELECT string_agg(column_name, ', ') FROM information_schema.columns "
            "WHERE table_name = 'pledges' AND column_name NOT IN ('pledge_id', 'loan_id')"
        ))).one()  # fmt: skip
    copied = f"SELECT 'plg_2', 'loan_2', {columns} FROM pledges"  # noqa: S608 - the table's own columns
    copy = f"INSERT INTO pledges (pledge_id, loan_id, {columns}) {copied}"
    assert "R1.pledge" in await _planted(story, copy)


async def test_a_repayment_without_proof_is_seen(service: StartService) -> None:
    story = await begin(service)
    await story.repaid()
    assert "P1" in await _planted(story, "DELETE FROM payments WHERE kind = 'repayment'")


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE pledges SET state = 'RELEASED'",
        "UPDATE loans SET state = 'WITHDRAWN'",
        "DELETE FROM history WHERE version = 3",
        "UPDATE history SET to_state = 'CONFIRMED' WHERE to_state = 'SEARCHED'",
    ],
)
async def test_a_state_set_by_hand_is_seen(service: StartService, fault: str) -> None:
    story = await begin(service)
    await story.confirmed()
    assert "P2" in await _planted(story, fault)


async def test_a_booking_beside_its_vouchers_is_seen(service: StartService) -> None:
    story = await begin(service)
    await story.book()
    assert await _planted(story, "UPDATE vouchers SET amount_fen = 1") == ["P3"]


async def test_a_pledge_left_half_way_is_seen(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    story.registry.away = True
    await story.anna.post("/pledges", json={"loan_id": story.loan_id})
    fault = "UPDATE pledges SET changed_at = now() - interval '11 minutes'"
    assert await _planted(story, fault) == ["E5.pledge"]


async def test_the_live_pledges_are_shown_as_the_registry_should_have_them(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    async with story.running.given.database.transaction() as conn:
        (live,) = await live_pledges(conn)
    assert (live.pledge_id, live.encumbrance_id) == (story.pledge_id, f"enc_{story.pledge_id}")
    assert live.registry_state == story.registry.holds[story.pledge_id] == "RESERVED"


def test_every_checker_names_a_test_of_this_module() -> None:
    for checker in CHECKERS:
        path, _, name = checker.planted_by.partition("::")
        assert path == "tests/pledge/test_pledge_checkers.py"
        assert name in globals()
