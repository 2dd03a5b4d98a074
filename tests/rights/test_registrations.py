"""Registration from draft to certificate, and everything that stops it on the way."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from rights.domain.filing import Subject
from tests.rights.conftest import FORM, Centre, done, refused, shares
from tests.rights.fakes import CO_DESIGNER, DESIGNER, OTHER, REGISTRAR


async def test_a_registration_becomes_a_certificate(centre: Centre) -> None:
    subject, certificate = await centre.certified()
    assert certificate["number"] == "YS-2026-000001"
    assert certificate["state"] == "CERTIFIED"
    assert certificate["version_digest"] == subject.version_digest
    assert {holder["right"] for holder in certificate["holders"]} == {"HOLD", "USE", "OPERATE"}
    registration = done(await centre.designer.get(f"/registrations/{certificate['registration_id']}"))
    states = [step["state"] for step in registration["history"]]
    assert states == ["SUBMITTED", "ACCEPTED", "REVIEWING", "NOTICING", "DEPOSITING", "SIGNED", "CERTIFIED"]
    names = [type(event).__name__ for event in await centre.running.told()]
    assert names[-4:] == ["RegistrationRecorded", "RegistrationDeposited", "CertificateSigned", "CertificateIssued"]
    assert await centre.running.violations() == []


async def test_a_submission_with_anything_missing_is_refused_with_the_whole_list(centre: Centre) -> None:
    subject = centre.catalog.publish(form="bim")
    body = {
        "type": "initial",
        "profile": "nda-2026",
        "dataset_id": subject.dataset_id,
        "version_id": subject.version_id,
    }
    opened = done(await centre.designer.post("/registrations", json={**body, "form": {"name": "模型"}}))
    path = f"/registrations/{opened['registration_id']}"
    checked = done(await centre.designer.get(f"{path}/pre-check"))
    assert not checked["clean"]
    problem = refused(await centre.designer.post(f"{path}:submit"), "PreCheckNotClean")
    assert problem["items"] == checked["items"]
    assert {item["where"] for item in problem["items"]} >= {"/form/overview", "/attachments/design_contract"}
    form = {**FORM, "data_form": "model"}
    done(await centre.designer.put(f"{path}/form", json={"form": form, "allocations": shares(DESIGNER)}))
    for item in done(await centre.designer.get(f"{path}/pre-check"))["items"]:
        await centre.attach(centre.designer, opened["registration_id"], item["where"].rsplit("/", 1)[1])
    assert done(await centre.designer.get(f"{path}/pre-check")) == {"clean": True, "items": []}
    assert done(await centre.designer.post(f"{path}:submit"))["state"] == "SUBMITTED"


async def test_raw_public_data_is_not_registered_as_property(centre: Centre) -> None:
    subject = centre.catalog.publish(OTHER, source="public_body")
    body = {
        "type": "initial", "profile": "nda-2026", "dataset_id": subject.dataset_id, "version_id": subject.version_id,
        "form": FORM, "allocations": shares(OTHER),
    }  # fmt: skip
    refused(await centre.other.post("/registrations", json=body), "RawPublicDataNotRegistrable")
    assert done(await centre.other.post("/registrations", json={**body, "profile": "public-2025"}))["state"] == "DRAFT"


async def test_a_product_of_public_data_is_registered_as_such_first(centre: Centre) -> None:
    ends_on = date(2028, 12, 31)
    subject = centre.catalog.publish(source="public_product", authorisation_id="aut_1", ends_on=ends_on)
    product_id = centre.catalog.make_product(subject)
    body = {"type": "initial", "profile": "nda-2026", "product_id": product_id, "version_id": subject.version_id}
    refused(await centre.designer.post("/registrations", json=body), "PublicRegistrationFirst")
    allocations = shares(DESIGNER, term_months=36)
    first = await centre.finish(
        await centre.submitted(subject, profile="public-2025", product_id=product_id, allocations=allocations)
    )
    assert first["expires_at"] == "2029-01-01T00:00:00+08:00"
    second = await centre.finish(await centre.submitted(subject, product_id=product_id, allocations=allocations))
    assert (second["profile"], second["number"]) == ("nda-2026", "YS-2026-000002")
    assert await centre.running.violations() == []


async def test_an_authorisation_that_ended_stops_the_registration(centre: Centre) -> None:
    subject = centre.catalog.publish(source="public_product", authorisation_id="aut_1", ends_on=date(2028, 12, 31))
    opened = await centre.draft(subject, profile="public-2025")
    measured = centre.catalog.versions[subject.version_id]
    ended = replace(measured.subject, authorisation_in_force=False)
    centre.catalog.versions[subject.version_id] = replace(measured, subject=ended)
    refused(await centre.designer.post(f"/registrations/{opened['registration_id']}:submit"), "AuthorisationNotInForce")


async def test_the_registrar_registers_nothing_of_its_own(centre: Centre) -> None:
    subject = centre.catalog.publish()
    body = {
        "type": "initial", "profile": "nda-2026", "dataset_id": subject.dataset_id, "version_id": subject.version_id,
        "allocations": shares(DESIGNER, REGISTRAR),
    }  # fmt: skip
    refused(await centre.designer.post("/registrations", json=body), "RegistrarOwnData")


async def test_nobody_judges_its_own_registration(centre: Centre) -> None:
    registration = await centre.submitted(centre.catalog.publish())
    own = centre.running.client_for(DESIGNER, "reviewer")
    refused(await own.post(f"/registrations/{registration['registration_id']}:accept"), "RegistrarOwnData")


async def test_silence_accepts_after_three_working_days(centre: Centre) -> None:
    registration = await centre.submitted(centre.catalog.publish())
    assert registration["acceptance_due_on"] == "2026-09-08"
    await centre.pass_day("2026-09-08")
    accepted = done(await centre.designer.get(f"/registrations/{registration['registration_id']}"))
    assert (accepted["state"], accepted["history"][-1]["by"]) == ("ACCEPTED", "clock")
    assert accepted["review_due_on"] == "2026-09-22"


async def test_a_correction_is_asked_for_once_and_a_missed_deadline_lapses(centre: Centre) -> None:
    registration = await centre.submitted(centre.catalog.publish())
    await centre.step(registration, "request-correction", items=["补充样例"], days=2)
    path = f"/registrations/{registration['registration_id']}"
    await centre.attach(centre.designer, registration["registration_id"], "data_sample")
    assert done(await centre.designer.post(f"{path}:submit"))["state"] == "SUBMITTED"
    asked = await centre.step(registration, "request-correction", items=["再次补充"], days=2)
    assert asked["requested"] == ["再次补充"]
    await centre.pass_day(asked["correction_due_on"])
    assert done(await centre.designer.get(path))["state"] == "LAPSED"
    refused(await centre.designer.post(f"{path}:submit"), "StepNotAllowed")


async def test_evidence_is_handed_in_while_the_clock_stands(centre: Centre) -> None:
    registration = await centre.submitted(centre.catalog.publish())
    await centre.step(registration, "accept")
    await centre.step(registration, "start-review")
    await centre.step(registration, "request-evidence", items=["来源证明"])
    await centre.attach(centre.designer, registration["registration_id"], "source_contract")
    again = done(await centre.designer.post(f"/registrations/{registration['registration_id']}:submit"))
    assert again["state"] == "REVIEWING"


async def test_a_refused_registration_can_be_made_anew(centre: Centre) -> None:
    subject = centre.catalog.publish()
    registration = await centre.submitted(subject)
    ended = await centre.step(registration, "refuse", reason="权属不清")
    assert (ended["state"], ended["reason"]) == ("REFUSED", "权属不清")
    await centre.certified(subject)


async def test_the_same_thing_is_registered_once(centre: Centre) -> None:
    subject = centre.catalog.publish()
    await centre.submitted(subject)
    again = await centre.draft(subject)
    refused(await centre.designer.post(f"/registrations/{again['registration_id']}:submit"), "AlreadyRegistered")


async def test_what_is_certified_is_not_registered_again(centre: Centre) -> None:
    subject, _ = await centre.certified()
    again = await centre.draft(subject)
    refused(await centre.designer.post(f"/registrations/{again['registration_id']}:submit"), "AlreadyRegistered")


async def test_a_newer_version_has_a_certificate_of_its_own_over_the_same_units(centre: Centre) -> None:
    subject, first = await centre.certified()
    newer = centre.catalog.publish(dataset_id=subject.dataset_id, lineage_root=subject.lineage_root)
    _, second = await centre.certified(newer)
    assert first["lineage_root"] == second["lineage_root"]
    async with centre.running.ports.work() as work:
        units = await work.registry.units(subject.lineage_root, work.now)
    assert len(units) == 3
    assert await centre.running.violations() == []


async def test_other_parties_registrations_do_not_exist(centre: Centre) -> None:
    opened = await centre.draft(centre.catalog.publish())
    path = f"/registrations/{opened['registration_id']}"
    for client in (centre.other, centre.reviewer):
        refused(await client.get(path), "RegistrationNotFound")
    refused(await centre.other.post(f"{path}:submit"), "RegistrationNotFound")
    refused(await centre.reviewer.post(f"{path}:accept"), "RegistrationNotFound")
    answer = await centre.other.put(f"{path}/attachments/data_sample", content=b"x")
    refused(answer, "RegistrationNotFound")
    theirs = centre.catalog.publish(OTHER)
    body = {"type": "initial", "profile": "nda-2026", "dataset_id": theirs.dataset_id, "version_id": theirs.version_id}
    refused(await centre.designer.post("/registrations", json=body), "AssetUnknown")
    assert (await centre.buyer.post("/registrations", json=body)).status_code == 403
    done(await centre.designer.post(f"{path}:submit"))
    assert done(await centre.reviewer.get(path))["state"] == "SUBMITTED"
    assert done(await centre.reviewer.get("/registrations?state=SUBMITTED"))["items"] != []
    assert done(await centre.other.get("/registrations"))["items"] == []


async def test_co_holders_see_what_they_get(centre: Centre) -> None:
    registration = await centre.submitted(centre.catalog.publish(), allocations=shares(DESIGNER, CO_DESIGNER))
    listed = done(await centre.co_designer.get("/registrations"))["items"]
    assert [item["registration_id"] for item in listed] == [registration["registration_id"]]


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [("love_letter", b"x", "AttachmentKindUnknown"), ("data_sample", b"", "AttachmentEmpty")],
)
async def test_papers_of_another_kind_and_empty_ones_are_refused(
    centre: Centre, kind: str, content: bytes, reason: str
) -> None:
    opened = await centre.draft(centre.catalog.publish())
    answer = await centre.designer.put(
        f"/registrations/{opened['registration_id']}/attachments/{kind}", content=content
    )
    refused(answer, reason)


async def test_a_paper_that_is_too_large_leaves_nothing_behind(centre: Centre) -> None:
    opened = await centre.draft(centre.catalog.publish())
    rules = replace(centre.running.ports.rules, attachment_bytes_max=1000)
    object.__setattr__(centre.running.ports, "rules", rules)
    path = f"/registrations/{opened['registration_id']}"
    answer = await centre.designer.put(f"{path}/attachments/data_sample", content=b"x" * 1001)
    assert answer.status_code == 413
    sample = (await centre.designer.get(f"{path}/attachments/data_sample")).content
    assert sample.decode() == "data_sample 正文"


BODY: dict[str, Any] = {"type": "initial", "profile": "nda-2026"}


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "change"}, {"type": "renewal"}, {"profile": "dip"}, {"dataset_id": "dst_nothing"},
        {"version_id": None},
        {"form": {"name": "a\u200bb"}}, {"form": {"volume_records": 1.5}}, {"form": {"volume_records": -1}},
        {"form": {"time_from": "2026-02-30"}}, {"form": {"industry": "Ｅ４７"}}, {"colour": "red"},
        {"allocations": [{"party_id": DESIGNER, "right": "SELL", "term_months": 1}]},
        {"allocations": [{"party_id": DESIGNER, "right": "USE", "term_months": 0}]},
    ],
)  # fmt: skip
async def test_bad_input_is_refused(centre: Centre, changes: dict[str, Any]) -> None:
    subject: Subject = centre.catalog.publish()
    whole = {**BODY, "dataset_id": subject.dataset_id, "version_id": subject.version_id}
    answer = await centre.designer.post("/registrations", json={**whole, **changes})
    assert answer.status_code in {404, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert done(await centre.designer.get("/registrations"))["items"] == []


async def test_a_repeated_submission_answers_the_same(centre: Centre) -> None:
    opened = await centre.draft(centre.catalog.publish())
    path, headers = f"/registrations/{opened['registration_id']}:submit", {"Idempotency-Key": "once"}
    first = await centre.designer.post(path, headers=headers)
    again = await centre.designer.post(path, headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_rules_can_be_read(centre: Centre) -> None:
    items = done(await centre.buyer.get("/profiles"))["items"]
    assert [item["code"] for item in items] == ["nda-2026", "public-2025"]
    assert items[0]["clocks"] == {"acceptance_days": 3, "review_days": 10, "notice_days": 5, "correction_days": 5}


async def test_notices_are_public(centre: Centre) -> None:
    await centre.noticed(await centre.submitted(centre.catalog.publish()))
    nobody = centre.running.client_for()
    notice = done(await nobody.get("/notices"))["items"][0]
    assert (notice["name"], notice["ends_on"]) == (FORM["name"], "2026-09-10")
