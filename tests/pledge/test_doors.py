"""Who may come in, and what is not taken."""

import pytest

from tests.conftest import StartService
from tests.pledge.builders import DIGEST
from tests.pledge.outsiders import BORROWER, CO_HOLDER
from tests.pledge.story import begin, problem, registration_body, voucher_body, well


async def test_another_banks_people_see_no_loan_and_no_pledge(service: StartService) -> None:
    story = await begin(service)
    await story.confirmed()
    assert problem(await story.rival.get(f"/loans/{story.loan_id}")) == "loan-not-found"
    assert problem(await story.rival.get(f"/loans/{story.loan_id}/eligibility")) == "loan-not-found"
    assert problem(await story.rival.get(f"/pledges/{story.pledge_id}")) == "pledge-not-found"
    assert problem(await story.rival.get(f"/pledges/{story.pledge_id}/income")) == "pledge-not-found"
    for step in ("approve",):
        assert problem(await story.loan_step(story.rival, step)) == "loan-not-found"
    assert problem(await story.loan_step(story.rival, "disburse", await story.proof())) == "loan-not-found"
    assert problem(await story.loan_step(story.rival, "repay", await story.proof())) == "loan-not-found"
    bodies = {
        "search": {}, "register": registration_body(), "cancel": {"reason": "x"}, "waive": {"reason": "x"},
        "cancel-registration": {"proof_sha256": DIGEST}, "release": story.notice(),
    }  # fmt: skip
    for step, body in bodies.items():
        assert problem(await story.pledge_step(story.rival, step, body)) == "pledge-not-found"
        assert problem(await story.pledge_step(story.borrower, step, body)) == "role-missing"
    assert well(await story.rival.get("/loans"))["items"] == []
    assert well(await story.rival.get("/pledges"))["items"] == []


async def test_a_bank_looks_up_who_pledged_an_asset_without_seeing_the_terms(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    (notice,) = well(await story.rival.get("/pledges", params={"dataset_id": "dst_bim"}))["items"]
    assert notice["pledge_id"] == story.pledge_id
    assert "principal_fen" not in notice
    refused = await story.borrower.get("/pledges", params={"dataset_id": "dst_bim"})
    assert problem(refused) == "role-missing"


async def test_those_who_oversee_read_everything_and_change_nothing(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    regulator = story.client("pty_regulator", "regulator")
    assert len(well(await regulator.get("/loans"))["items"]) == 1
    assert well(await regulator.get(f"/pledges/{story.pledge_id}"))["state"] == "HELD"
    assert problem(await story.loan_step(regulator, "approve")) == "role-missing"


async def test_without_a_token_nothing_is_shown(service: StartService) -> None:
    story = await begin(service)
    assert problem(await story.running.client_for().get("/loans")) == "token-missing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"principal_fen": 0}, {"principal_fen": -1}, {"principal_fen": 1.5}, {"principal_fen": "100"},
        {"principal_fen": 10**16}, {"term_months": 0}, {"term_months": 361}, {"licence_policy": "forbid"},
        {"annual_rate_ppm": 1_000_001}, {"unknown": 1}, {"purpose": "\u200b"}, {"bank_party_id": "ｂａｎｋ"},
        {"control_account": ""}, {"co_holder_consents": ["no jws"]}, {"dataset_id": 7},
    ],
)  # fmt: skip
async def test_a_malformed_application_is_refused_and_leaves_nothing(
    service: StartService, wrong: dict[str, object]
) -> None:
    story = await begin(service)
    refused = await story.apply(story.borrower, **wrong)
    assert refused.status_code == 422
    assert well(await story.borrower.get("/loans"))["items"] == []


async def test_an_application_names_one_asset_and_a_bank_that_there_is(service: StartService) -> None:
    story = await begin(service)
    assert problem(await story.apply(product_id="prd_bim")) == "asset-not-named"
    assert problem(await story.apply(dataset_id=None)) == "asset-not-named"
    assert problem(await story.apply(bank_party_id="pty_nobody")) == "bank-not-found"
    assert problem(await story.apply(bank_party_id=CO_HOLDER)) == "bank-not-found"
    assert problem(await story.apply(dataset_id="dst_unknown")) == "certificate-not-in-force"


async def test_a_pledge_rate_lies_between_30_and_60_percent(service: StartService) -> None:
    story = await begin(service)
    for rate in (299_999, 600_001):
        refused = await story.anna.put("/bank-policies/mine", json={"pledge_rate_ppm": rate, "appraisers": []})
        assert problem(refused) == "pledge-rate-out-of-range"
    well(await story.anna.put("/bank-policies/mine", json={"pledge_rate_ppm": 600_000, "appraisers": ["b", "a"]}))
    assert well(await story.bea.get("/bank-policies/mine"))["appraisers"] == ["a", "b"]


async def test_a_missing_or_reused_key_is_refused(service: StartService) -> None:
    story = await begin(service)
    client = story.borrower
    client.headers["Idempotency-Key"] = "once"
    first = well(await client.post("/vouchers", json=voucher_body()))
    assert well(await client.post("/vouchers", json=voucher_body())) == first
    assert problem(await client.post("/vouchers", json=voucher_body(voucher_number="V-2"))) == "key-reused"
    assert len(well(await story.borrower.get("/vouchers"))["items"]) == 1


async def test_a_suspended_party_is_stopped_at_once(service: StartService) -> None:
    from yaosu.onboarding.v1.events_pb2 import PartySuspended  # noqa: PLC0415 - only this test hears onboarding

    story = await begin(service)
    await story.applied()
    await story.running.hear(PartySuspended(party_id=BORROWER, reason="x"), about=BORROWER)
    assert problem(await story.loan_step(story.borrower, "withdraw")) == "party-barred"
