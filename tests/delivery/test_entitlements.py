"""Entitlements begin, pause and end with what others tell."""

from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from tests.delivery.conftest import Delivery, StartDelivery
from tests.delivery.market import CONDITIONS, INSURER, PATIENTS, Person, contract_signed, specification
from yaosu.catalog.v1.catalog_service_pb2 import Dataset
from yaosu.catalog.v1.events_pb2 import AuthorisationEnded, VersionPublished
from yaosu.onboarding.v1.events_pb2 import PartySuspended
from yaosu.rights.v1.events_pb2 import CertificateContested, CertificateIssued
from yaosu.rights.v1.rights_service_pb2 import Certificate
from yaosu.trading.v1.events_pb2 import ContractEnded


async def _state(delivery: Delivery) -> str:
    return str((await delivery.insurer.get("/entitlements/ctr_1")).json()["state"])


async def test_a_signed_contract_entitles_and_an_ended_one_does_not(delivery: Delivery, ann: Person) -> None:
    assert await _state(delivery) == "IN_FORCE"
    consent_id = await delivery.consent(ann)
    token = await delivery.token(ann.id_number)
    ended = ContractEnded(contract_id="ctr_1", ended_at=_now(), reason="by the buyer")
    await delivery.running.hear(ended, about="ctr_1")
    assert await _state(delivery) == "ENDED"
    body = {"contract_id": "ctr_1", "subject_token": token, "purpose": "underwriting", "policy_case": "case-1",
            "consent_id": consent_id}  # fmt: skip
    answer = await delivery.insurer.post("/underwriting-queries", json=body)
    assert (answer.status_code, answer.json()["because"]) == (409, "ENDED")
    assert (await delivery.insurer.get("/entitlements/ctr_1/subject-key")).status_code == 409


async def test_the_key_of_a_contract_is_its_own_and_sealed_at_rest(delivery: Delivery) -> None:
    other = contract_signed(delivery.catalog.specification, await delivery.running.clock.now(), "ctr_2")
    await delivery.running.hear(other, about="ctr_2")
    first, second = await delivery.key("ctr_1"), await delivery.key("ctr_2")
    assert len(first) == len(second) == 32
    assert first != second
    for row in await delivery.rows("SELECT sealed_key FROM entitlements"):
        assert first not in row.sealed_key
        assert second not in row.sealed_key


async def test_time_ends_it(delivery: Delivery) -> None:
    await delivery.running.clock.advance(days=365)
    assert await _state(delivery) == "EXPIRED"


async def test_it_ends_with_the_authorisation(start: StartDelivery) -> None:
    delivery = await start()
    await delivery.running.hear(AuthorisationEnded(authorisation_id="aut_1", ended_at=_now()), about="aut_1")
    assert await _state(delivery) == "ENDED"
    late = contract_signed(delivery.catalog.specification, await delivery.running.clock.now(), "ctr_2")
    await delivery.running.hear(late, about="ctr_2")
    assert (await delivery.insurer.get("/entitlements/ctr_2")).json()["suspended_for"] == ["authorisation_ended"]


async def test_the_term_of_the_authorisation_bounds_it(delivery: Delivery) -> None:
    now = await delivery.running.clock.now()
    delivery.catalog.until = now + timedelta(days=10)
    await delivery.running.hear(contract_signed(delivery.catalog.specification, now, "ctr_2"), about="ctr_2")
    await delivery.running.clock.advance(days=10)
    assert (await delivery.insurer.get("/entitlements/ctr_2")).json()["state"] == "EXPIRED"
    assert await _state(delivery) == "IN_FORCE"


async def test_a_contested_certificate_suspends_until_it_stands_again(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    contested = CertificateContested(
        registration_id="reg_1", number="N1", lineage_root="dst_source", reason="objection"
    )
    await delivery.running.hear(contested, about="reg_1")
    refused = await delivery.insurer.post("/cohort-queries", json={"contract_id": "ctr_1", "measure": "count"})
    assert (refused.status_code, refused.json()["suspended_for"]) == (409, ["certificate_contested"])
    assert await _state(delivery) == "SUSPENDED"
    certificate = Certificate(number="N1", lineage_root="dst_source")
    issued = CertificateIssued(registration_id="reg_1", certificate=certificate)
    await delivery.running.hear(issued, about="reg_1")
    assert (await delivery.ask(ann, consent_id)).status_code == 200


async def test_a_contract_that_names_another_specification_entitles_to_nothing(delivery: Delivery) -> None:
    odd = contract_signed(specification(k_min=30), await delivery.running.clock.now(), "ctr_2")
    await delivery.running.hear(odd, about="ctr_2")
    assert (await delivery.insurer.get("/entitlements/ctr_2")).status_code == 404
    assert "SpecificationDiffers" in (await delivery.running.dead_letters())[0]


async def test_the_latest_conforming_version_answers(delivery: Delivery, ann: Person) -> None:
    consent_id = await delivery.consent(ann)
    first = (await delivery.ask(ann, consent_id)).json()
    delivery.catalog.publish("ver_2", PATIENTS, CONDITIONS + "\n2020-05-01,,p1,230690007")
    await _publish(delivery, "ver_2")
    second = (await delivery.ask(ann, consent_id)).json()
    assert not first["groups"]["stroke"]
    assert second["groups"]["stroke"]
    assert first["version_digest"] != second["version_digest"]
    delivery.catalog.put("ver_3", {"else.csv": b"no persons"})
    await _publish(delivery, "ver_3")
    assert (await delivery.ask(ann, consent_id)).json()["version_digest"] == second["version_digest"]


async def test_a_pinned_contract_stays_with_its_version(start: StartDelivery) -> None:
    delivery = await start(selector="pinned:ver_1")
    delivery.catalog.publish("ver_2", PATIENTS, CONDITIONS)
    await _publish(delivery, "ver_2")
    assert (await delivery.insurer.get("/entitlements/ctr_1")).json()["version_id"] == "ver_1"


async def test_a_suspended_buyer_does_nothing(delivery: Delivery) -> None:
    await delivery.running.hear(PartySuspended(party_id=INSURER, reason="fraud"), about=INSURER)
    assert (await delivery.insurer.get("/entitlements/ctr_1/subject-key")).json()["type"] == "/problems/party-barred"


async def test_a_way_of_delivery_not_agreed_is_refused(start: StartDelivery) -> None:
    delivery = await start(deliveries=("cohort",))
    body = {"contract_id": "ctr_1", "subject_token": "0" * 64, "purpose": "underwriting", "policy_case": "c"}
    answer = await delivery.insurer.post("/underwriting-queries", json=body)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/delivery-not-agreed")


async def _publish(delivery: Delivery, version_id: str) -> None:
    event = VersionPublished(version_id=version_id, dataset=Dataset(dataset_id="dst_governed"))
    await delivery.running.hear(event, about="dst_governed")
    assert await delivery.running.dead_letters() == []


def _now() -> Timestamp:
    at = Timestamp()
    at.GetCurrentTime()
    return at
