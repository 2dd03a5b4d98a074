"""Consents: given by the person alone, fitting the contract, once."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.signatures import new_key, sign_compact
from tests.delivery.conftest import Delivery
from tests.delivery.market import INSURER, OPERATOR, PATIENTS, Person


async def _give(delivery: Delivery, person: Person, receipt: dict[str, Any], **signing: Any) -> tuple[int, str]:
    answer = await delivery.as_person(person).post("/consents", json={"receipt": person.sign(receipt, **signing)})
    return answer.status_code, answer.json().get("type", "")


async def test_a_receipt_of_the_insurer_is_no_consent(delivery: Delivery, ann: Person) -> None:
    receipt = await delivery.receipt(ann)
    by_insurer = await _give(delivery, ann, receipt, key=delivery.parties.insurer_key, kid=f"key_{INSURER}")
    assert by_insurer == (403, "/problems/consent-not-by-the-person")
    # Under the person's key id, but with another key.
    assert await _give(delivery, ann, receipt, key=new_key()) == (422, "/problems/signature-invalid")
    assert await _give(delivery, ann, receipt, typ="jws") == (422, "/problems/signature-invalid")
    insurer = delivery.running.client_for(INSURER, "buyer")
    assert (await insurer.post("/consents", json={"receipt": ann.sign(receipt)})).status_code == 403
    bob = delivery.parties.add("pty_bob", "999-10-0002")
    as_bob = await delivery.as_person(bob).post("/consents", json={"receipt": ann.sign(receipt)})
    assert as_bob.json()["type"] == "/problems/consent-not-by-the-person"
    assert await delivery.rows("SELECT id FROM consents") == []


async def test_nobody_consents_about_another_person(delivery: Delivery, ann: Person) -> None:
    other = await delivery.token("999-10-0002")
    receipt = await delivery.receipt(ann, subject_token=other)
    assert await _give(delivery, ann, receipt) == (403, "/problems/subject-is-another-person")


async def test_who_comes_into_the_data_later_is_not_told_of_under_anothers_consent(
    delivery: Delivery, ann: Person
) -> None:
    token = await delivery.token("999-10-0077")
    consent_id = await delivery.consent(ann, subject_token=token)
    newcomer = "\np77,1970-01-01,,999-10-0077,F,Jinan"
    delivery.catalog.publish("ver_2", PATIENTS + newcomer, "START,STOP,PATIENT,CODE\n2001-05-01,,p77,59621000")
    async with delivery.running.ports.work(None) as work:
        await work.entitlements.serve("ctr_1", "ver_2")
    answer = await delivery.ask(ann, consent_id, subject_token=token)
    assert answer.json()["type"] == "/problems/subject-is-another-person"


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"insurer_party_id": OPERATOR}, 422, "consent-for-other-contract"),
        ({"supplier_party_id": OPERATOR}, 422, "consent-for-other-contract"),
        ({"product_id": "prd_2"}, 422, "consent-for-other-contract"),
        ({"purpose": "marketing"}, 422, "consent-purpose-not-agreed"),
        ({"valid_until": "2020-01-01T00:00:00+08:00"}, 422, "consent-term-invalid"),
        ({"valid_until": "2199-01-01T00:00:00+08:00"}, 422, "consent-term-invalid"),
        ({"valid_until": "2030-01-01T00:00:00"}, 422, "receipt-malformed"),
        ({"valid_until": "soon"}, 422, "receipt-malformed"),
        ({"use": "always"}, 422, "receipt-malformed"),
        ({"look_back_years": 0}, 422, "receipt-malformed"),
        ({"look_back_years": 101}, 422, "receipt-malformed"),
        ({"look_back_years": True}, 422, "receipt-malformed"),
        ({"look_back_years": "１０"}, 422, "receipt-malformed"),
        ({"subject_token": "A" * 64}, 422, "receipt-malformed"),
        ({"policy_case": ""}, 422, "receipt-malformed"),
        ({"policy_case": "x" * 201}, 422, "receipt-malformed"),
        ({"more": "x"}, 422, "receipt-malformed"),
        ({"policy_case": "case\u0000"}, 422, "receipt-malformed"),
        ({"contract_id": 7}, 422, "receipt-malformed"),
        ({"notice_sha256": "0" * 64}, 422, "notice-not-shown"),
    ],
)
async def test_a_receipt_must_fit_form_and_contract(
    delivery: Delivery, ann: Person, changes: dict[str, Any], status: int, kind: str
) -> None:
    receipt = {**await delivery.receipt(ann), **changes}
    assert await _give(delivery, ann, receipt) == (status, f"/problems/{kind}")
    assert await delivery.rows("SELECT id FROM consents") == []


async def test_a_receipt_for_an_unknown_contract_is_refused(delivery: Delivery, ann: Person) -> None:
    receipt = {**await delivery.receipt(ann), "contract_id": "ctr_9"}
    assert await _give(delivery, ann, receipt) == (404, "/problems/entitlement-not-found")


async def test_a_payload_that_is_not_one_plain_object_is_refused(delivery: Delivery, ann: Person) -> None:
    for payload in (b"[]", b"{", b'{"use":"single","use":"single"}', b'"x"', b"[" * 9000, b'{"policy_case":"\\ud800"}'):
        signed = sign_compact(payload, ann.key, ann.key_id, "consent-receipt+jws")
        answer = await delivery.as_person(ann).post("/consents", json={"receipt": signed})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/receipt-malformed")


async def test_one_receipt_counts_once(delivery: Delivery, ann: Person) -> None:
    receipt = await delivery.receipt(ann, use="single")
    assert (await _give(delivery, ann, receipt))[0] == 201
    assert await _give(delivery, ann, receipt) == (409, "/problems/consent-already-given")


async def test_a_consent_is_given_once_under_a_key(delivery: Delivery, ann: Person) -> None:
    body = {"receipt": ann.sign(await delivery.receipt(ann))}
    headers = {"Idempotency-Key": "k"}
    first = await delivery.as_person(ann).post("/consents", json=body, headers=headers)
    again = await delivery.as_person(ann).post("/consents", json=body, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


async def test_only_its_person_withdraws_a_consent(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    bob = delivery.parties.add("pty_bob", "999-10-0002")
    answer = await delivery.as_person(bob).post(f"/consents/{consent_id}:withdraw")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/consent-not-found")
    first = await delivery.as_person(ann).post(f"/consents/{consent_id}:withdraw")
    again = await delivery.as_person(ann).post(f"/consents/{consent_id}:withdraw")
    assert first.json() == again.json()
    assert [each["state"] for each in (await delivery.as_person(ann).get("/consents")).json()["items"]] == ["WITHDRAWN"]
    assert (await delivery.as_person(bob).get("/consents")).json()["items"] == []


async def test_the_person_is_shown_who_asks_for_what(delivery: Delivery, ann: Person) -> None:
    notice = (await delivery.as_person(ann).get("/entitlements/ctr_1/notice")).json()["notice"]
    for told in ("名称 pty_insurer", "名称 pty_hospital", "underwriting", "hypertension", "撤回", "withdraw"):
        assert told in notice


async def test_a_consent_ends_with_its_time(delivery: Delivery, ann: Person) -> None:
    until = await delivery.running.clock.now() + timedelta(days=1)
    consent_id = await delivery.consent(ann, valid_until=until.isoformat())
    assert (await delivery.ask(ann, consent_id)).status_code == 200
    await delivery.running.clock.advance(days=1)
    assert (await delivery.ask(ann, consent_id)).json()["type"] == "/problems/consent-expired"
