"""The order of a pledge over HTTP, from the application to the release."""

from kernel.calendar import local_date
from tests.conftest import StartService
from tests.pledge.builders import DIGEST, PRINCIPAL_FEN
from tests.pledge.outsiders import BANK, BORROWER, LOW_FEN, OTHER_BANK, asset, value
from tests.pledge.story import begin, problem, registration_body, well


async def test_a_loan_goes_from_application_to_release(service: StartService) -> None:
    story = await begin(service)
    released = await story.released()
    assert released["state"] == "RELEASED"
    assert [made["subject_id"] for made in released["releasers"]] == ["anna", "bea"]
    assert released["cancel_registration_by"]["overdue"] is False
    assert story.registry.holds == {story.pledge_id: "RELEASED"}
    assert story.registry.remarks == {story.pledge_id: ""}
    loan = await story.loan()
    assert (loan["state"], loan["outstanding_fen"], loan["repaid_fen"]) == ("REPAID", 0, PRINCIPAL_FEN)
    assert [(made["party_id"], made["way"]) for made in loan["contract"]["signatures"]] == [
        (BORROWER, "jws"), (BANK, "click"),
    ]  # fmt: skip
    assert await story.told() == [
        "AssetBooked", "LoanApplied", "approved by the first person", "LoanApproved", "signed by one side",
        "LoanContracted", "PledgeRequested", "PledgeHeld", "PledgeSearched", "registering outside", "PledgeRegistered",
        "PledgeSearched", "annotated on the certificate", "PledgeConfirmed", "LoanDisbursed", "LoanRepaid",
        "discharged", "cancelling the outside registration", "outside registration cancelled",
        "release agreed by the first person", "release agreed by the second person", "annotation taken off",
        "PledgeReleased",
    ]  # fmt: skip
    assert await story.running.violations() == []


async def test_the_decisive_steps_are_deposited(service: StartService) -> None:
    story = await begin(service)
    await story.released()
    async with story.running.given.database.transaction() as conn:
        deposited = await conn.exec_driver_sql("SELECT type, deposit FROM outbox WHERE deposit IS NOT NULL ORDER BY id")
        records = {row.type.rsplit(".", 1)[1]: row.deposit for row in deposited}
    assert list(records) == [
        "AssetBooked", "LoanApproved", "LoanContracted", "PledgeConfirmed", "LoanDisbursed", "LoanRepaid",
        "PledgeReleased",
    ]  # fmt: skip
    assert b'"approvers":["anna","bea"]' in records["LoanApproved"]
    assert b"S3CRET" not in b"".join(records.values())


async def test_history_tells_who_took_each_step(service: StartService) -> None:
    story = await begin(service)
    await story.confirmed()
    history = well(await story.borrower.get(f"/pledges/{story.pledge_id}/history"))["items"]
    assert [change["to_state"] for change in history] == [
        "RESERVING", "HELD", "SEARCHED", "REGISTERING", "REGISTERED", "ANNOTATING", "CONFIRMING", "CONFIRMED",
    ]  # fmt: skip
    assert {change["subject_id"] for change in history} == {"anna"}


async def test_a_low_value_is_refused_over_the_limit_and_nothing_is_held(service: StartService) -> None:
    story = await begin(service)
    story.registry.facts = asset(values=[value("rpt_low", LOW_FEN)])
    await story.policy()
    await story.book()
    refused = await story.apply()
    assert problem(refused) == "loan-over-limit"
    facts = refused.json()
    assert (facts["valuation_fen"], facts["limit_fen"], facts["also"]) == (83_955_904, 41_977_952, [])
    shown = well(await story.borrower.get(f"/loans/{facts['loan_id']}/eligibility"))
    assert shown["eligible"] is False
    assert [rule["rule"] for rule in shown["rules"] if rule["passed"] is False] == ["LoanOverLimit"]
    assert all(rule["reason"] and rule["reason_zh"] for rule in shown["rules"])
    assert story.registry.holds == {}
    assert well(await story.borrower.get(f"/loans/{facts['loan_id']}"))["state"] == "REFUSED"


async def test_the_higher_value_carries_the_loan(service: StartService) -> None:
    story = await begin(service)
    loan = await story.applied()
    assert (loan["valuation_fen"], loan["limit_fen"], loan["ltv_ppm"]) == (427_451_303, 213_725_651, 467_889)


async def test_a_refused_application_is_refused_again_under_its_key_even_if_things_changed(
    service: StartService,
) -> None:
    story = await begin(service)
    story.registry.facts = asset(values=[value("rpt_low", LOW_FEN)])
    await story.policy()
    await story.book()
    client = story.borrower
    client.headers["Idempotency-Key"] = "one-application"
    first = await story.apply(client)
    story.registry.facts = asset()
    again = await story.apply(client)
    assert (problem(again), again.json()["loan_id"]) == ("loan-over-limit", first.json()["loan_id"])
    assert len(well(await story.borrower.get("/loans"))["items"]) == 1


async def test_lending_before_the_confirmation_is_refused(service: StartService) -> None:
    story = await begin(service)
    await story.contracted()
    assert problem(await story.loan_step(story.anna, "disburse", await story.proof())) == "pledge-not-confirmed"
    await story.open_pledge()
    await story.register()
    assert problem(await story.loan_step(story.anna, "disburse", await story.proof())) == "pledge-not-confirmed"


async def test_the_payment_must_be_the_principal_and_come_after_the_confirmation(service: StartService) -> None:
    story = await begin(service)
    pledge = await story.confirmed()
    half = await story.proof(amount_fen=PRINCIPAL_FEN // 2)
    assert problem(await story.loan_step(story.anna, "disburse", half)) == "amount-not-principal"
    early = await story.proof(paid_at=pledge["held_at"])
    assert problem(await story.loan_step(story.anna, "disburse", early)) == "paid-before-confirmation"
    late = await story.proof(paid_at="2100-01-01T00:00:00+08:00")
    assert problem(await story.loan_step(story.anna, "disburse", late)) == "paid-in-future"


async def test_repayments_sum_and_no_reference_counts_twice(service: StartService) -> None:
    story = await begin(service)
    await story.performing()
    part = await story.proof(amount_fen=50_000_000, interest_fen=123)
    loan = well(await story.loan_step(story.anna, "repay", part))
    assert (loan["state"], loan["outstanding_fen"]) == ("PERFORMING", 150_000_000)
    assert problem(await story.loan_step(story.anna, "repay", part)) == "proof-already-used"
    over = await story.proof(amount_fen=150_000_001)
    refused = await story.loan_step(story.anna, "repay", over)
    assert problem(refused) == "repayment-over-outstanding"
    assert refused.json()["outstanding_fen"] == 150_000_000
    assert (
        well(await story.loan_step(story.anna, "repay", await story.proof(amount_fen=150_000_000)))["state"] == "REPAID"
    )
    kinds = [p["kind"] for p in well(await story.anna.get(f"/loans/{story.loan_id}/payments"))["items"]]
    assert kinds == ["repayment", "repayment", "disbursement"]


async def test_another_entry_outside_stops_the_pledge_until_it_is_gone(service: StartService) -> None:
    story = await begin(service)
    held = await story.held()
    well(await story.anna.post("/outside-entries", json={
        "registry": "zhongdeng", "registration_number": "ZD-OTHER", "debtor_credit_code": "91370214MA3C000111",
        "asset": held["lineage_root"], "secured_party": "a bank elsewhere", "description": "all data assets",
        "proof_number": "P-9", "queried_at": "2026-05-01T10:00:00+08:00",
    }))  # fmt: skip
    found = await story.pledge_step(story.anna, "search", {"proof_number": "Q-1"})
    assert problem(found) == "outside-pledge-found"
    assert found.json()["entries"][0]["registration_number"] == "ZD-OTHER"
    pledge = await story.pledge()
    assert (pledge["state"], pledge["searches"][0]["outcome"]) == ("HELD", "found")
    assert pledge["searches"][0]["disclaimer_zh"]
    cancelled = well(await story.pledge_step(story.anna, "cancel", {"reason": "another creditor was first"}))
    assert cancelled["state"] == "CANCELLED"
    assert story.registry.holds[story.pledge_id] == "CANCELLED"
    assert (await story.loan())["pledge_id"] is None
    assert await story.running.violations() == []


async def test_the_modification_code_is_sealed_and_for_the_bank_alone(service: StartService) -> None:
    story = await begin(service)
    pledge = await story.registered()
    assert "S3CRET" not in str(pledge)
    path = f"/pledges/{story.pledge_id}/modification-code"
    assert well(await story.bea.get(path)) == {"modification_code": "S3CRET-C0DE"}
    assert problem(await story.borrower.get(path)) == "role-missing"
    assert problem(await story.rival.get(path)) == "pledge-not-found"
    async with story.running.given.database.transaction() as conn:
        sealed = (await conn.exec_driver_sql("SELECT sealed FROM sealed_codes")).scalar_one()
    assert b"S3CRET" not in sealed


async def test_after_release_the_right_can_be_pledged_again(service: StartService) -> None:
    story = await begin(service)
    await story.released()
    await story.policy(story.rival)
    assert well(await story.apply(bank_party_id=OTHER_BANK))["state"] == "APPLIED"


async def test_the_registration_is_to_be_cancelled_within_ten_working_days(service: StartService) -> None:
    story = await begin(service)
    await story.repaid()
    before = (await story.pledge())["cancel_registration_by"]
    assert before["overdue"] is False
    assert before["date"] > str(local_date(await story.running.clock.now()))
    await story.running.clock.advance(days=40)
    assert (await story.pledge())["cancel_registration_by"]["overdue"] is True
    late = well(await story.pledge_step(story.anna, "cancel-registration", {"proof_sha256": DIGEST}))
    assert late["cancel_registration_by"]["overdue"] is True


async def test_a_bank_may_waive_a_confirmed_pledge_and_the_right_is_freed_in_order(service: StartService) -> None:
    story = await begin(service)
    await story.confirmed()
    assert well(await story.pledge_step(story.anna, "waive", {"reason": "no need"}))["state"] == "DISCHARGED"
    assert (await story.loan())["state"] == "WITHDRAWN"
    well(await story.pledge_step(story.anna, "cancel-registration", {"proof_sha256": DIGEST}))
    well(await story.pledge_step(story.anna, "release", story.notice()))
    assert well(await story.pledge_step(story.bea, "release", story.notice()))["state"] == "RELEASED"
    assert await story.running.violations() == []


async def test_a_number_that_stands_outside_for_another_is_refused_and_can_be_corrected(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    well(await story.anna.post("/outside-entries", json={
        "registry": "zhongdeng", "registration_number": "ZD-2026-1", "debtor_credit_code": "91370214MA3C000333",
        "asset": "lin_other", "secured_party": "another", "description": "something else",
        "proof_number": "P-9", "queried_at": "2026-05-01T10:00:00+08:00",
    }))  # fmt: skip
    well(await story.pledge_step(story.anna, "search", {}))
    taken = await story.pledge_step(story.anna, "register", registration_body())
    assert problem(taken) == "registration-number-taken"
    assert (await story.pledge())["state"] == "SEARCHED"
    right = registration_body(registration_number="ZD-2026-2")
    assert well(await story.pledge_step(story.anna, "register", right))["state"] == "REGISTERED"
