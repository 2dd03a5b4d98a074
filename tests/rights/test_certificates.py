"""Certificates: made in two deposits, signed by our key, contested, ended; verified with nothing but the trust file."""

import json
import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from kernel.canonical import canonical, sha256_hex
from kernel.signatures import verify_compact
from market.verify.certificate import verify_text
from market.verify.trust import Trust
from rights.domain.certificate import NOTICE
from tests.rights.conftest import Centre, done, refused
from tests.rights.test_registry import refusal_of, taken, wanted
from tests.verify.issuing import SmallMarket
from yaosu.catalog.v1.events_pb2 import AuthorisationEnded


async def signed_jwt(centre: Centre, number: str) -> str:
    async with centre.running.given.database.transaction() as conn:
        query = text("SELECT jwt FROM registrations WHERE certificate_number = :number")
        return str(await conn.scalar(query, {"number": number}))


async def test_the_credential_states_what_was_registered_and_is_signed_by_a_published_key(centre: Centre) -> None:
    subject, certificate = await centre.certified()
    jwt = await signed_jwt(centre, certificate["number"])
    published = done(await centre.running.client_for().get("/issuer-keys"))
    assert published["issuer"] == "urn:yaosu:rights"
    claims = json.loads(verify_compact(jwt, published["keys"][0]["jwk"], "vc+jwt"))
    assert claims["id"] == "urn:yaosu:certificate:YS-2026-000001"
    stated = claims["credentialSubject"]
    assert (stated["version_digest"], stated["lineage_root"]) == (subject.version_digest, subject.lineage_root)
    assert stated["record_sha256"] == certificate["record_sha256"]
    assert claims["validFrom"] == stated["deposited_at"] == certificate["effective_at"]
    assert stated["notice"] == NOTICE
    assert "权利来源" in NOTICE
    assert any("Business time was moved" in remark for remark in stated["remarks"])
    assert not re.search(r"\bSJ\d", jwt + json.dumps(claims))


async def test_the_certificate_is_verified_with_nothing_but_the_trust_file(centre: Centre) -> None:
    _, certificate = await centre.certified()
    jwt = (await signed_jwt(centre, certificate["number"])).encode()
    published = done(await centre.running.client_for().get("/issuer-keys"))
    market = SmallMarket()
    market.deposit(b"before", jwt, b"after")
    issuers = [{"issuer": published["issuer"], **key} for key in published["keys"]]
    trust = Trust.from_json(canonical({**market.trust(), "issuers": issuers}))
    verdict = verify_text(market.file(jwt), trust)
    assert (verdict.kind, verdict.subject["number"]) == ("DataPropertyRegistrationCertificate", certificate["number"])


async def test_the_record_is_kept_byte_for_byte(centre: Centre) -> None:
    _, certificate = await centre.certified()
    answer = await centre.designer.get(f"/certificates/{certificate['number']}/record")
    assert sha256_hex(answer.content) == certificate["record_sha256"]
    assert canonical(json.loads(answer.content)) == answer.content
    record = json.loads(answer.content)
    assert set(record["attachments"]) == {"identity_proof", "acquisition_proof", "data_sample", "data_description"}
    assert record["proves"] == NOTICE
    refused(await centre.buyer.get(f"/certificates/{certificate['number']}/record"), "CertificateNotFound")


async def test_a_log_that_is_away_holds_the_certificate_up_and_nothing_is_lost(centre: Centre) -> None:
    centre.evidence.held_up = True
    registration = await centre.submitted(centre.catalog.publish())
    noticed = await centre.noticed(registration)
    await centre.pass_day(noticed["notice_ends_on"])
    path = f"/registrations/{registration['registration_id']}"
    assert done(await centre.designer.get(path))["state"] == "DEPOSITING"
    centre.evidence.held_up = False
    await centre.running.drain()
    certified = done(await centre.designer.get(path))
    assert (certified["state"], certified["certificate_number"]) == ("CERTIFIED", "YS-2026-000001")
    number = certified["certificate_number"]
    file = (await centre.buyer.get(f"/certificates/{number}/file")).text
    assert file.startswith("c2sp.org/tlog-proof@v1")


async def test_numbers_follow_on_without_a_gap(centre: Centre) -> None:
    numbers = [(await centre.certified())[1]["number"] for _ in range(3)]
    assert numbers == ["YS-2026-000001", "YS-2026-000002", "YS-2026-000003"]


async def test_an_expired_certificate_says_so_and_the_others_are_told_once(centre: Centre) -> None:
    _, certificate = await centre.certified()
    await centre.pass_day("2029-12-31")
    await centre.running.drain()
    assert done(await centre.buyer.get(f"/certificates/{certificate['number']}"))["state"] == "EXPIRED"
    names = [type(event).__name__ for event in await centre.running.told()]
    assert names.count("CertificateExpired") == 1


async def test_an_objection_in_the_notice_stops_it_until_it_is_decided(centre: Centre) -> None:
    noticed = await centre.noticed(await centre.submitted(centre.catalog.publish()))
    path = f"/registrations/{noticed['registration_id']}"
    objection = done(await centre.other.post(f"{path}/objections", json={"reason": "数据属于我方"}))
    await centre.pass_day(noticed["notice_ends_on"])
    assert done(await centre.designer.get(path))["state"] == "OBJECTED"
    decided = f"{path}/objections/{objection['objection_id']}:dismiss"
    assert done(await centre.reviewer.post(decided, json={"reason": "无证据"}))["state"] == "DISMISSED"
    refused(await centre.reviewer.post(decided, json={"reason": "无证据"}), "ObjectionDecided")
    await centre.running.drain()
    assert done(await centre.designer.get(path))["state"] == "CERTIFIED"


async def test_an_objection_that_is_right_ends_the_registration(centre: Centre) -> None:
    noticed = await centre.noticed(await centre.submitted(centre.catalog.publish()))
    path = f"/registrations/{noticed['registration_id']}"
    objection = done(await centre.other.post(f"{path}/objections", json={"reason": "数据属于我方"}))
    done(await centre.reviewer.post(f"{path}/objections/{objection['objection_id']}:uphold", json={"reason": "属实"}))
    assert done(await centre.designer.get(path))["state"] == "REFUSED"


async def test_an_objection_to_a_certificate_contests_it_and_holds_the_right(centre: Centre) -> None:
    subject, certificate = await centre.certified()
    path = f"/registrations/{certificate['registration_id']}"
    objection = done(await centre.other.post(f"{path}/objections", json={"reason": "数据属于我方"}))
    assert done(await centre.buyer.get(f"/certificates/{certificate['number']}"))["state"] == "CONTESTED"
    assert (await refusal_of(centre, wanted(subject))).reason == "RightDisputed"
    done(await centre.reviewer.post(f"{path}/objections/{objection['objection_id']}:dismiss", json={"reason": "无据"}))
    assert done(await centre.buyer.get(f"/certificates/{certificate['number']}"))["state"] == "CERTIFIED"
    names = [type(event).__name__ for event in await centre.running.told()]
    assert names.count("CertificateContested") == 1
    assert names.count("CertificateIssued") == 2
    await taken(centre, wanted(subject))


async def test_of_two_objections_the_certificate_waits_for_both(centre: Centre) -> None:
    _, certificate = await centre.certified()
    path = f"/registrations/{certificate['registration_id']}"
    both = [
        done(await client.post(f"{path}/objections", json={"reason": "x"})) for client in (centre.other, centre.bank)
    ]
    states = []
    for objection in both:
        done(await centre.reviewer.post(f"{path}/objections/{objection['objection_id']}:dismiss", json={"reason": "y"}))
        states.append(done(await centre.buyer.get(f"/certificates/{certificate['number']}"))["state"])
    assert states == ["CONTESTED", "CERTIFIED"]


async def test_an_upheld_objection_cancels_the_certificate(centre: Centre) -> None:
    _, certificate = await centre.certified()
    path = f"/registrations/{certificate['registration_id']}"
    objection = done(await centre.other.post(f"{path}/objections", json={"reason": "数据属于我方"}))
    done(await centre.reviewer.post(f"{path}/objections/{objection['objection_id']}:uphold", json={"reason": "属实"}))
    assert done(await centre.buyer.get(f"/certificates/{certificate['number']}"))["state"] == "CANCELLED"
    told = [event for event in await centre.running.told() if type(event).__name__ == "CertificateExpired"]
    assert [str(getattr(event, "state", "")) for event in told] == ["CANCELLED"]
    assert await centre.running.violations() == []


async def test_a_draft_cannot_be_objected_to(centre: Centre) -> None:
    registration = await centre.submitted(centre.catalog.publish())
    path = f"/registrations/{registration['registration_id']}/objections"
    refused(await centre.other.post(path, json={"reason": "x"}), "ObjectionNotPossible")


async def test_the_end_of_an_authorisation_contests_what_stands_on_it(centre: Centre) -> None:
    ends_on = date(2028, 12, 31)
    subject = centre.catalog.publish(source="public_product", authorisation_id="aut_1", ends_on=ends_on)
    _, certificate = await centre.certified(subject, profile="public-2025")
    await centre.running.hear(AuthorisationEnded(authorisation_id="aut_1", reason="收回"), about="aut_1")
    assert done(await centre.buyer.get(f"/certificates/{certificate['number']}"))["state"] == "CONTESTED"


@pytest.mark.parametrize(
    ("query", "found"), [("q=城阳区", 1), ("q=YS-2026-000001", 1), ("q=YS-2026-000009", 0), ("holder=pty_other", 0)]
)
async def test_the_register_is_public_and_can_be_searched(centre: Centre, query: str, found: int) -> None:
    await centre.certified()
    nobody = centre.running.client_for()
    items: list[dict[str, Any]] = done(await nobody.get(f"/certificates?{query}"))["items"]
    assert len(items) == found
    refused(await nobody.get("/certificates/YS-2026-000007"), "CertificateNotFound")
