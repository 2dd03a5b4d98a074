"""Underwriting: what is answered about a person, and what is not."""

import asyncio
import csv
import hashlib
import io

import pytest

from delivery.domain.answer import Answer
from delivery.domain.use import Use, UseState
from delivery.outbound.storage.uses import SqlUses
from kernel.canonical import canonical
from kernel.refusals import TemporarilyUnavailable
from tests.delivery.conftest import Delivery, StartDelivery
from tests.delivery.market import (
    CONDITIONS,
    GROUPS,
    HOSPITAL,
    INSURER,
    OPERATOR,
    SHARED,
    Person,
    as_of,
    expected_answer,
    hmac_sm3,
)  # fmt: skip


async def test_a_person_who_consented_is_answered_by_disease_group(delivery: Delivery, ann: Person) -> None:
    answer = await delivery.ask(ann, await delivery.consent(ann))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"] == "found"
    assert told["groups"] == {"hypertension": True, "diabetes": True, "coronary_heart_disease": False, "stroke": False}
    assert (told["data_as_of"], told["look_back_years"], told["charged"]) == ("2020-06-01", 100, True)
    assert told["coverage"] == {"records_from": "1990-01-01", "records_to": "2020-06-01"}
    assert "verdict" not in told
    assert await delivery.told_kinds() == ["ConsentGiven", "UseMetered"]
    assert await delivery.running.violations() == []


@pytest.mark.parametrize(
    ("number", "years", "status", "groups"),
    [("999-10-0002", 100, "found", {"stroke"}), ("999-10-0002", 11, "found", {"stroke"}),
     ("999-10-0002", 10, "no_record", set()), ("999-10-0003", 100, "no_record", set()),
     ("999-10-0005", 1, "found", set()), ("999-99-9999", 100, "not_covered", set())],
)  # fmt: skip
async def test_what_counts_is_what_was_active_within_the_look_back(
    delivery: Delivery, number: str, years: int, status: str, groups: set[str]
) -> None:
    person = delivery.parties.add("pty_x", number)
    answer = (await delivery.ask(person, await delivery.consent(person, look_back_years=years))).json()
    assert answer["status"] == status
    assert {name for name, has in answer["groups"].items() if has} == groups


async def test_the_dead_are_refused_and_nothing_is_charged(delivery: Delivery) -> None:
    person = delivery.parties.add("pty_dead", "999-10-0004")
    consent_id = await delivery.consent(person, use="single")
    answer = await delivery.ask(person, consent_id)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/subject-deceased")
    assert await delivery.told_kinds() == ["ConsentGiven", "UseRefused"]
    assert await delivery.rows("SELECT id FROM uses WHERE state = 'METERED'") == []


async def test_without_a_fitting_consent_nobody_is_asked_about(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    bob = delivery.parties.add("pty_bob", "999-10-0002")
    refused = {
        "consent-missing": await delivery.ask(ann, None),
        "consent-for-other-subject": await delivery.ask(bob, consent_id),
        "consent-for-other-purpose": await delivery.ask(ann, consent_id, purpose="marketing"),
        "consent-for-other-case": await delivery.ask(ann, consent_id, policy_case="case-2"),
    }
    for name, answer in refused.items():
        assert (answer.status_code, answer.json()["type"]) == (403, f"/problems/{name}")
    assert (await delivery.ask(ann, "cns_unknown")).json()["type"] == "/problems/consent-missing"
    await delivery.running.clock.advance(days=31)
    assert (await delivery.ask(ann, consent_id)).json()["type"] == "/problems/consent-expired"
    # Each attempt is on record; nothing was held, so nothing is told.
    assert len(await delivery.rows("SELECT id FROM uses WHERE state = 'REFUSED'")) == 6
    assert await delivery.told_kinds() == ["ConsentGiven"]
    assert delivery.trade.held == {}


async def test_a_withdrawn_consent_answers_nothing_more(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    assert (await delivery.ask(ann, consent_id, key="k")).status_code == 200
    withdrawn = await delivery.as_person(ann).post(f"/consents/{consent_id}:withdraw")
    assert withdrawn.json()["state"] == "WITHDRAWN"
    assert (await delivery.ask(ann, consent_id)).json()["type"] == "/problems/consent-withdrawn"
    assert (await delivery.ask(ann, consent_id, key="k")).json()["type"] == "/problems/consent-withdrawn"
    assert await delivery.told_kinds() == ["ConsentGiven", "UseMetered", "ConsentWithdrawn"]
    assert await delivery.running.violations() == []


async def test_a_consent_withdrawn_while_the_use_runs_stops_it(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)

    async def withdraw_meanwhile(_use: Use) -> None:
        await delivery.as_person(ann).post(f"/consents/{consent_id}:withdraw")

    delivery.trade.before = withdraw_meanwhile
    assert (await delivery.ask(ann, consent_id)).json()["type"] == "/problems/consent-withdrawn"
    assert await delivery.told_kinds() == ["ConsentGiven", "ConsentWithdrawn", "UseRefused"]


async def test_a_consent_withdrawn_between_the_last_look_and_the_change_stops_it(
    delivery: Delivery, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent_id, settle = await delivery.consent(ann), SqlUses.settle

    async def withdraw_first(uses: SqlUses, use: Use) -> None:
        if use.state is UseState.METERED:
            await delivery.as_person(ann).post(f"/consents/{consent_id}:withdraw")
        await settle(uses, use)

    monkeypatch.setattr(SqlUses, "settle", withdraw_first)
    assert (await delivery.ask(ann, consent_id)).json()["type"] == "/problems/consent-withdrawn"
    assert await delivery.told_kinds() == ["ConsentGiven", "ConsentWithdrawn", "UseRefused"]


async def test_a_single_use_consent_is_used_once(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann, use="single")
    answers = await asyncio.gather(*(delivery.ask(ann, consent_id) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    kinds = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert kinds == {"/problems/consent-already-used"}
    assert len(await delivery.rows("SELECT id FROM uses WHERE state = 'METERED'")) == 1
    assert await delivery.running.violations() == []


async def test_an_empty_deposit_refuses_and_frees_the_consent(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann, use="single")
    delivery.trade.left = 0
    refused = await delivery.ask(ann, consent_id, key="k")
    assert (refused.status_code, refused.json()["type"]) == (402, "/problems/deposit-exhausted")
    delivery.trade.left = 1
    assert (await delivery.ask(ann, consent_id, key="k")).status_code == 402  # a key keeps its outcome
    assert (await delivery.ask(ann, consent_id)).status_code == 200
    assert await delivery.told_kinds() == ["ConsentGiven", "UseRefused", "UseMetered"]


async def test_a_retry_answers_the_same_and_charges_nothing_more(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann, use="single")
    first = await delivery.ask(ann, consent_id, key="k")
    again = await delivery.ask(ann, consent_id, key="k")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert len(delivery.trade.held) == 1
    assert (await delivery.rows("SELECT answers FROM uses"))[0].answers == 2
    other = await delivery.ask(ann, consent_id, key="k", policy_case="case-9")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_eight_callers_with_one_key_make_one_use(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann, use="single")
    answers = await asyncio.gather(*(delivery.ask(ann, consent_id, key="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} <= {"/problems/key-unfinished"}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert len(await delivery.rows("SELECT id FROM uses")) == 1
    assert (await delivery.told_kinds()).count("UseMetered") == 1


async def test_a_stop_between_the_steps_is_gone_on_with_or_closed(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann, use="single")

    async def go_away(_use: Use) -> None:
        raise TemporarilyUnavailable

    delivery.trade.before = go_away
    assert (await delivery.ask(ann, consent_id, key="k")).status_code == 503
    assert (await delivery.rows("SELECT state FROM uses"))[0].state == "INTENDED"
    assert (await delivery.ask(ann, consent_id)).json()["type"] == "/problems/consent-already-used"
    delivery.trade.before = None
    assert (await delivery.ask(ann, consent_id, key="k")).status_code == 200


async def test_what_nobody_goes_on_with_is_closed_by_the_job(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann, use="single")

    async def stop(_use: Use) -> None:
        raise asyncio.CancelledError

    delivery.trade.before = stop
    with pytest.raises(asyncio.CancelledError):
        await delivery.ask(ann, consent_id, key="k")
    delivery.trade.before = None
    async with delivery.running.given.database.transaction() as conn:
        await conn.exec_driver_sql("UPDATE uses SET abandon_at = now() - interval '1 second'")
    await delivery.running.drain()
    assert await delivery.told_kinds() == ["ConsentGiven", "UseRefused"]
    assert (await delivery.ask(ann, consent_id, key="k")).json()["type"] == "/problems/use-abandoned"
    assert (await delivery.ask(ann, consent_id)).status_code == 200
    assert await delivery.running.violations() == []


async def test_no_answer_is_stored_and_its_digest_gives_nothing_away(delivery: Delivery, ann: Person) -> None:
    told = (await delivery.ask(ann, await delivery.consent(ann))).json()
    rows = str(await delivery.rows("SELECT u::text FROM uses u"))
    rows += str(await delivery.rows("SELECT k::text FROM idempotency_keys k"))
    outbox = str(await delivery.rows("SELECT o.payload, o.deposit FROM outbox o"))
    for text in (rows, outbox):
        assert "hypertension" not in text
        assert "found" not in text.replace("not_found", "")
        assert told["answer_nonce"] not in text
        assert "999-10" not in text
    assert told["answer_digest"] in rows
    assert await delivery.token(ann.id_number) not in outbox


async def test_the_buyer_can_prove_what_was_answered(delivery: Delivery, ann: Person) -> None:
    told = (await delivery.ask(ann, await delivery.consent(ann))).json()
    names = ("status", "groups", "data_as_of", "look_back_years", "version_digest")
    body = bytes.fromhex(told["answer_nonce"]) + canonical({name: told[name] for name in names})
    assert hashlib.sha256(body).hexdigest() == told["answer_digest"]
    use = (await delivery.insurer.get("/uses?contract_id=ctr_1")).json()["items"][0]
    assert use["answer_digest"] == told["answer_digest"]


async def test_the_day_that_the_specification_states_bounds_the_look_back(start: StartDelivery) -> None:
    delivery = await start(spec={"data_as_of": "2015-01-01", "look_back_years": 3})
    person = delivery.parties.add("pty_b", "999-10-0002")
    answer = (await delivery.ask(person, await delivery.consent(person, look_back_years=50))).json()
    assert (answer["data_as_of"], answer["look_back_years"], answer["status"]) == ("2015-01-01", 3, "no_record")


async def test_only_the_buyer_asks_and_gets_the_key(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    rival = delivery.running.client_for("pty_rival", "buyer")
    body = {"contract_id": "ctr_1", "subject_token": "0" * 64, "purpose": "underwriting", "policy_case": "case-1",
            "consent_id": consent_id}  # fmt: skip
    assert (await rival.post("/underwriting-queries", json=body)).json()["type"] == "/problems/entitlement-not-found"
    assert (await rival.get("/entitlements/ctr_1/subject-key")).status_code == 404
    assert (await rival.get("/entitlements/ctr_1")).status_code == 404
    assert (await rival.get("/uses?contract_id=ctr_1")).status_code == 404
    assert (await rival.get("/entitlements")).json()["items"] == []
    operator = delivery.running.client_for(OPERATOR, "authorised_operator")
    assert (await operator.get("/entitlements/ctr_1/subject-key")).status_code == 403
    assert (await operator.get("/entitlements")).json()["items"][0]["state"] == "IN_FORCE"
    hospital = delivery.running.client_for(HOSPITAL, "supplier")
    assert (await hospital.get("/uses?contract_id=ctr_1")).json()["items"] == []


async def test_a_person_sees_who_asked_but_not_what_was_answered(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    await delivery.ask(ann, consent_id)
    await delivery.ask(ann, consent_id, purpose="marketing")
    refused, asked = (await delivery.as_person(ann).get("/uses-of-me")).json()["items"]
    assert (asked["asked_by_party_id"], asked["policy_case"], asked["state"]) == (INSURER, "case-1", "METERED")
    assert asked["answer_kind"] == "disease_group_flags"
    assert "groups" not in asked
    assert (refused["state"], refused["reason"]) == ("REFUSED", "ConsentForOtherPurpose")
    bob = delivery.parties.add("pty_bob", "999-10-0002")
    assert (await delivery.as_person(bob).get("/uses-of-me")).json()["items"] == []


async def test_every_person_in_the_real_file_is_answered_as_the_csv_says(start: StartDelivery) -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared inputs are not here")
    patients = (SHARED / "patients.csv").read_text()
    conditions = (SHARED / "conditions.csv").read_text()
    delivery = await start(patients, conditions)
    people = list(csv.DictReader(io.StringIO(patients)))
    number_of = {person["Id"]: person["SSN"] for person in people}
    # A person is whom an ID number names: two patients of the file share one.
    rows_of: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(conditions)):
        rows_of.setdefault(number_of[row["PATIENT"]], []).append(row)
    dead = {person["SSN"] for person in people if person["DEATHDATE"]}
    key, day, statuses = await delivery.key(), as_of(conditions), set()
    async with delivery.running.ports.work(None) as work:
        entitlement = await work.entitlements.find("ctr_1")
    for number in number_of.values():
        version, facts = await delivery.running.ports.rooms.person(entitlement, "ver_1", hmac_sm3(key, number))
        assert facts is not None
        assert facts.deceased == (number in dead)
        for years in (1, 5, 100):
            answer = Answer.of(facts, tuple(GROUPS), version.data_as_of, years, version.version_digest)
            assert (answer.status, dict(answer.groups)) == expected_answer(rows_of.get(number, []), day, years)
            statuses.add(answer.status)
    assert statuses == {"found", "no_record"}


def test_the_newest_day_of_the_sample_is_known() -> None:
    assert as_of(CONDITIONS).isoformat() == "2020-06-01"
