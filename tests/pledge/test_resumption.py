"""Stopped between any two steps, a pledge goes on from where it was and ends the same."""

from collections.abc import Awaitable, Callable

import pytest

from pledge.domain.pledge import Pledge
from pledge.domain.states import PASSING, PledgeState
from pledge.ports import Pledging
from pledge.use_cases import steps
from pledge.use_cases.steps import STEPS
from tests.conftest import StartService
from tests.pledge.builders import DIGEST
from tests.pledge.story import Story, begin, problem, registration_body, well


class Stopped(BaseException):
    """The process ended here."""


def _stop_once(monkeypatch: pytest.MonkeyPatch, state: PledgeState, *, after_call: bool) -> None:
    """The process ends when the pledge is in this state: before the other service is called, or after it answered."""
    real = STEPS[state]

    async def stop(app: Pledging, pledge: Pledge) -> None:
        if after_call:
            monkeypatch.setattr(steps, "_keep", _lost)
            monkeypatch.setattr(steps, "_end_without_right", _lost)
            await real(app, pledge)
        raise Stopped

    monkeypatch.setitem(STEPS, state, stop)


async def _lost(*_: object) -> None:
    """The answer came and the process ended before it was kept."""


async def _cancelled(story: Story) -> None:
    await story.held()
    story.stop()
    await story.pledge_step(story.anna, "cancel", {"reason": "x"})


def _towards(reach: Callable[[Story], Awaitable[object]]) -> Callable[[Story], Awaitable[object]]:
    async def go(story: Story) -> None:
        story.stop()
        await reach(story)

    return go


SCENES: dict[str, tuple[Callable[[Story], Awaitable[object]], str]] = {
    "RESERVING": (_towards(Story.held), "HELD"),
    "REGISTERING": (_towards(Story.registered), "REGISTERED"),
    "ANNOTATING": (_towards(Story.confirmed), "CONFIRMED"),
    "CONFIRMING": (_towards(Story.confirmed), "CONFIRMED"),
    "DEREGISTERING": (_towards(Story.deregistered), "DEREGISTERED"),
    "LIFTING": (_towards(Story.released), "RELEASED"),
    "RELEASING": (_towards(Story.released), "RELEASED"),
    "CANCELLING": (_cancelled, "CANCELLED"),
}


@pytest.mark.parametrize("after_call", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("state", SCENES)
async def test_a_pledge_stopped_in_a_step_goes_on_by_itself(
    service: StartService, monkeypatch: pytest.MonkeyPatch, state: str, *, after_call: bool
) -> None:
    story = await begin(service)
    reach, end = SCENES[state]
    with monkeypatch.context() as until:
        until.setattr(story, "stop", lambda: _stop_once(until, PledgeState(state), after_call=after_call))
        with pytest.raises(Stopped):
            await reach(story)
    async with story.running.given.database.transaction() as conn:
        row = (await conn.exec_driver_sql("SELECT pledge_id, state FROM pledges")).one()
    assert row.state == state
    story.pledge_id = row.pledge_id
    await story.running.drain()
    assert (await story.pledge())["state"] == end
    assert await story.running.violations() == []
    names = await story.told()
    for once in ("PledgeHeld", "PledgeRegistered", "annotated on the certificate", "PledgeConfirmed", "PledgeReleased"):
        assert names.count(once) <= 1


async def test_while_the_registry_is_away_the_intent_stays_and_goes_on_later(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    story.registry.away = True
    client = story.anna
    client.headers["Idempotency-Key"] = "opening"
    away = await client.post("/pledges", json={"loan_id": story.loan_id})
    assert (away.status_code, problem(away)) == (503, "temporarily-unavailable")
    again = await client.post("/pledges", json={"loan_id": story.loan_id})
    assert problem(again) == "key-unfinished"
    story.pledge_id = again.json()["resource"].rsplit("/", 1)[1]
    assert (await story.pledge())["state"] == "RESERVING"
    await story.running.drain()
    assert (await story.pledge())["state"] == "RESERVING"
    story.registry.away = False
    await story.running.drain()
    assert (await story.pledge())["state"] == "HELD"


async def test_a_step_taken_twice_at_once_is_kept_once(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    story.registry.away = True
    await story.anna.post("/pledges", json={"loan_id": story.loan_id})
    story.registry.away = False
    app = story.running.ports
    async with app.work(None) as work:
        (waiting,) = await work.pledges.passing(10)
    await steps.hold_right(app, waiting)
    await steps.hold_right(app, waiting)
    assert (await story.told()).count("PledgeHeld") == 1


def test_every_passing_state_has_a_step_and_a_scene() -> None:
    assert set(STEPS) == PASSING
    assert set(SCENES) == {state.value for state in PASSING}


async def test_a_refused_confirmation_puts_the_pledge_back_and_it_can_be_tried_again(service: StartService) -> None:
    story = await begin(service)
    await story.registered()
    story.registry.refuse_confirm = True
    refused = await story.pledge_step(story.anna, "search", {"proof_number": "Q-2"})
    assert problem(refused) == "fencing-version-old"
    pledge = await story.pledge()
    assert (pledge["state"], pledge["refusal"]["reason"]) == ("REGISTERED", "FencingVersionOld")
    story.registry.refuse_confirm = False
    confirmed = well(await story.pledge_step(story.anna, "search", {"proof_number": "Q-3"}))
    assert (confirmed["state"], confirmed["refusal"]) == ("CONFIRMED", None)


async def test_a_registered_pledge_is_given_up_with_proof_and_everything_is_taken_back(service: StartService) -> None:
    story = await begin(service)
    await story.registered()
    assert problem(await story.pledge_step(story.anna, "cancel", {"reason": "x"})) == "registration-still-live"
    body = {"reason": "x", "cancellation_proof_sha256": DIGEST}
    assert well(await story.pledge_step(story.anna, "cancel", body))["state"] == "CANCELLED"
    assert story.registry.holds[story.pledge_id] == "CANCELLED"
    params = {"debtor_credit_code": "91370214MA3C000111"}
    (entry,) = well(await story.anna.get("/outside-entries", params=params))["items"]
    assert entry["live"] is False
    story.pledge_id = well(await story.anna.post("/pledges", json={"loan_id": story.loan_id}))["pledge_id"]
    well(await story.pledge_step(story.anna, "search", {}))
    body = registration_body(registration_number="ZD-2026-9")
    assert well(await story.pledge_step(story.anna, "register", body))["state"] == "REGISTERED"
    assert await story.running.violations() == []
