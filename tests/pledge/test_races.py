"""Two banks after the same right: however they race, one gets it."""

import asyncio

import pytest

from pledge.domain.ineligibility import RightAlreadyPledged
from pledge.domain.pledge import Pledge
from pledge.ports import Hold
from pledge.use_cases.steps import hold_right
from tests.conftest import StartService
from tests.pledge.builders import DIGEST
from tests.pledge.outsiders import BORROWER, OTHER_BANK
from tests.pledge.story import Story, begin, problem, well

DIGESTS = {"loan_contract_sha256": DIGEST, "pledge_contract_sha256": DIGEST, "click": True}


async def _second_contract(story: Story) -> str:
    """Another bank's loan on the same asset, contracted while the right is still free."""
    await story.policy(story.rival)
    loan_id: str = well(await story.apply(bank_party_id=OTHER_BANK))["loan_id"]
    for person in (story.rival, story.client(OTHER_BANK, "bank", "rob")):
        well(await person.post(f"/loans/{loan_id}:approve"))
    for person in (story.rival, story.client(BORROWER, "provider")):
        well(await person.post(f"/loans/{loan_id}:contract", json=DIGESTS))
    return loan_id


async def test_a_second_banks_application_is_refused_while_the_right_is_pledged(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    await story.policy(story.rival)
    assert problem(await story.apply(bank_party_id=OTHER_BANK)) == "right-already-pledged"


async def test_of_two_banks_that_race_the_registry_lets_one_through(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    second = await _second_contract(story)
    answers = await asyncio.gather(
        story.anna.post("/pledges", json={"loan_id": story.loan_id}),
        story.rival.post("/pledges", json={"loan_id": second}),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    (lost,) = (answer for answer in answers if answer.status_code == 409)
    assert problem(lost) == "right-already-pledged"
    assert lost.json()["lineage_root"] == "lin_bim"
    assert sorted(story.registry.holds.values()) == ["CANCELLED", "RESERVED"], "the loser's can come no more"
    states = [
        item["state"]
        for bank in (story.anna, story.rival)
        for item in well(await bank.get("/pledges"))["items"]
    ]  # fmt: skip
    assert sorted(states) == ["HELD", "REFUSED"]
    assert await story.running.violations() == []


async def test_the_loser_of_the_race_keeps_its_contract_and_may_try_again(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    second = await _second_contract(story)
    await story.open_pledge()
    refused = await story.rival.post("/pledges", json={"loan_id": second})
    assert problem(refused) == "right-already-pledged"
    loan = well(await story.rival.get(f"/loans/{second}"))
    assert (loan["state"], loan["pledge_id"]) == ("CONTRACTED", None)
    well(await story.pledge_step(story.anna, "cancel", {"reason": "stepping back"}))
    assert well(await story.rival.post("/pledges", json={"loan_id": second}))["state"] == "HELD"


async def test_a_loan_has_one_pledge_at_a_time_even_when_asked_twice_at_once(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    answers = await asyncio.gather(*(story.anna.post("/pledges", json={"loan_id": story.loan_id}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {problem(answer) for answer in answers if answer.status_code == 409} == {"pledge-under-way"}
    assert len(story.registry.holds) == 1


async def test_two_repayments_at_once_do_not_repay_twice(service: StartService) -> None:
    story = await begin(service)
    await story.performing()
    proofs = [await story.proof() for _ in range(3)]
    answers = await asyncio.gather(*(story.loan_step(story.anna, "repay", proof) for proof in proofs))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert await story.running.violations() == []


async def test_a_right_that_a_refused_pledge_got_after_all_is_given_back(
    service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's own attempt and the worker's take the step at once: one is refused, one comes a moment later."""
    story = await begin(service)
    await story.contracted()
    reserve, late = story.registry.reserve, list[asyncio.Task[None]]()
    has_right, is_answered = asyncio.Event(), asyncio.Event()

    async def racing(pledge: Pledge) -> Hold:
        if not late:
            late.append(asyncio.create_task(hold_right(story.running.ports, pledge)))
            await has_right.wait()
            raise RightAlreadyPledged(lineage_root="lin_bim")
        hold = await reserve(pledge)
        has_right.set()
        await is_answered.wait()
        return hold

    monkeypatch.setattr(story.registry, "reserve", racing)
    assert problem(await story.anna.post("/pledges", json={"loan_id": story.loan_id})) == "right-already-pledged"
    is_answered.set()
    await late[0]
    assert list(story.registry.holds.values()) == ["CANCELLED"]
