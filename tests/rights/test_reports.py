"""Compliance, quality and value reports over HTTP."""

from typing import Any

import pytest

from kernel.canonical import canonical
from kernel.signatures import new_key, public_jwk, sign_compact
from rights.domain.filing import Subject
from rights.use_cases.assets import show_asset
from tests.rights.conftest import Centre, done, refused
from tests.rights.fakes import LAW_FIRM

HEADS = ("parties", "source", "content", "tradability", "circulation", "process")
KEY = new_key()


def opinion(subject: Subject, **changes: Any) -> dict[str, Any]:
    return {
        "dataset_id": subject.dataset_id, "version_id": subject.version_id,
        "heads": [{"head": head, "finding": "未见异常", "result": "PASSED"} for head in HEADS],
        "level": "GENERAL_2", "conclusion": "PASSED", "valid_until_on": "2027-09-02", **changes,
    }  # fmt: skip


async def filed(centre: Centre, body: dict[str, Any], *, over: Any = None, kid: str = "key_1") -> Any:
    centre.parties.keys[LAW_FIRM, "key_1"] = dict(public_jwk(KEY))
    signature = sign_compact(canonical(body if over is None else over), KEY, kid, "yaosu-compliance-file")
    return await centre.law_firm.post("/compliance-files", json={**body, "signature": signature})


async def test_a_signed_opinion_is_kept_and_gates_what_others_decide(centre: Centre) -> None:
    subject = centre.catalog.publish()
    report = done(await filed(centre, opinion(subject)))
    assert (report["conclusion"], report["level"]) == ("PASSED", "GENERAL_2")
    assert report["valid_until_at"] == "2027-09-03T00:00:00+08:00"
    product_id = centre.catalog.make_product(subject)
    for dataset_id, product in ((subject.dataset_id, ""), ("", product_id)):
        facts = await show_asset(centre.running.ports, dataset_id, product)
        assert facts.compliance is not None
        assert facts.compliance.report_id == report["report_id"]


async def test_a_newer_opinion_takes_the_older_ones_place(centre: Centre) -> None:
    subject = centre.catalog.publish()
    done(await filed(centre, opinion(subject)))
    heads = [{"head": head, "finding": "来源不合法", "result": "FAILED"} for head in HEADS]
    done(await filed(centre, opinion(subject, heads=heads, conclusion="FAILED", level="CORE")))
    facts = await show_asset(centre.running.ports, subject.dataset_id, "")
    assert facts.compliance is not None
    assert (facts.compliance.conclusion, facts.compliance.level) == ("FAILED", "CORE")


async def test_an_opinion_on_one_product_says_nothing_of_another(centre: Centre) -> None:
    subject = centre.catalog.publish()
    one, other = centre.catalog.make_product(subject), centre.catalog.make_product(subject)
    body = opinion(subject)
    del body["dataset_id"]
    done(await filed(centre, {**body, "product_id": one}))
    assert (await show_asset(centre.running.ports, "", one)).compliance is not None
    assert (await show_asset(centre.running.ports, "", other)).compliance is None


async def test_an_opinion_signed_over_other_words_or_by_another_key_is_refused(centre: Centre) -> None:
    body = opinion(centre.catalog.publish())
    refused(await filed(centre, body, over={**body, "conclusion": "FAILED"}), "SignedOtherWords")
    refused(await filed(centre, body, kid="key_9"), "SigningKeyNotRegistered")
    centre.parties.keys[LAW_FIRM, "key_2"] = dict(public_jwk(new_key()))
    refused(await filed(centre, body, kid="key_2"), "SignatureInvalid")


@pytest.mark.parametrize(
    "changes",
    [
        {"heads": [{"head": "parties", "finding": "x", "result": "PASSED"}]},
        {"conclusion": "FAILED"}, {"conclusion": "CONDITIONAL"}, {"conditions": ["只限核保"]},
        {"valid_until_on": "2026-09-02"},
    ],
)  # fmt: skip
async def test_an_opinion_that_contradicts_itself_is_refused(centre: Centre, changes: dict[str, Any]) -> None:
    refused(await filed(centre, opinion(centre.catalog.publish(), **changes)), "ReportNotConsistent")


async def test_quality_comes_from_what_was_counted_on_the_bytes(centre: Centre) -> None:
    subject = centre.catalog.publish()
    body = {"dataset_id": subject.dataset_id, "version_id": subject.version_id}
    report = done(await centre.appraiser.post("/quality-reports", json=body))
    assert (report["score_ppm"], report["grade"]) == (900_000, "A")
    completeness = report["content"]["dimensions"][0]
    assert completeness["indicators"][0]["rules"] == [
        {"rule": "elements_filled", "scope": "data.csv", "a": 90, "b": 100, "lower_is_better": False}
    ]
    weighted = {**body, "weights": {"completeness": 1_000_000, "accuracy": 0}}
    assert done(await centre.appraiser.post("/quality-reports", json=weighted))["score_ppm"] == 900_000
    refused(
        await centre.appraiser.post("/quality-reports", json={**body, "weights": {"accuracy": 1}}), "WeightsUnbalanced"
    )


def appraisal(subject: Subject, **changes: Any) -> dict[str, Any]:
    return {
        "dataset_id": subject.dataset_id, "method": "income", "purpose": "pledge", "base_on": "2026-09-01",
        "parameters": {"incomes_fen": [160_000_000, 190_000_000, 220_000_000], "discount_rate_ppm": 150_000},
        "evidence": [{"name": "许可合同", "sha256": "a" * 64}],
        "signers": [{"name": "李评估", "licence_number": "1"}, {"name": "赵评估", "licence_number": "2"}], **changes,
    }  # fmt: skip


async def test_a_value_report_shows_its_working_and_is_good_for_a_year(centre: Centre) -> None:
    subject = centre.catalog.publish()
    report = done(await centre.appraiser.post("/value-reports", json=appraisal(subject)))
    assert report["value_fen"] == 427_451_303
    assert report["valid_until_at"] == "2027-09-02T00:00:00+08:00"
    assert len(report["content"]["working"]) == 4
    facts = await show_asset(centre.running.ports, subject.dataset_id, "")
    assert [value.value_fen for value in facts.values] == [427_451_303]


@pytest.mark.parametrize(
    "changes",
    [
        {"signers": [{"name": "李评估", "licence_number": "1"}]}, {"evidence": []}, {"base_on": "2026-09-30"},
        {"method": "guess"}, {"parameters": {}}, {"parameters": {"incomes_fen": [1.5], "discount_rate_ppm": 1}},
        {"purpose": "vanity"},
    ],
)  # fmt: skip
async def test_a_value_without_its_grounds_is_refused(centre: Centre, changes: dict[str, Any]) -> None:
    answer = await centre.appraiser.post("/value-reports", json=appraisal(centre.catalog.publish(), **changes))
    assert answer.status_code == 422


async def test_nobody_appraises_its_own_data(centre: Centre) -> None:
    subject = centre.catalog.publish()
    own = centre.running.client_for(subject.owner_party_id, "appraiser")
    refused(await own.post("/value-reports", json=appraisal(subject)), "AppraiserNotIndependent")


async def test_reports_are_shown_to_whom_they_concern(centre: Centre) -> None:
    subject = centre.catalog.publish()
    report = done(await centre.appraiser.post("/value-reports", json=appraisal(subject)))
    path = f"/reports/{report['report_id']}"
    for client in (centre.appraiser, centre.designer, centre.bank):
        assert done(await client.get(path))["value_fen"] == 427_451_303
    refused(await centre.buyer.get(path), "ReportNotFound")
    listed = f"/reports?dataset_id={subject.dataset_id}"
    assert len(done(await centre.bank.get(listed))["items"]) == 1
    assert done(await centre.buyer.get(listed))["items"] == []
    for client, body in ((centre.designer, appraisal(subject)), (centre.law_firm, appraisal(subject))):
        assert (await client.post("/value-reports", json=body)).status_code == 403


async def test_a_repeated_request_is_answered_as_the_first_whatever_became_of_its_ground(centre: Centre) -> None:
    subject = centre.catalog.publish()
    body = {"dataset_id": subject.dataset_id, "version_id": subject.version_id}
    headers = {"Idempotency-Key": "once"}
    first = await centre.appraiser.post("/quality-reports", json=body, headers=headers)
    centre.catalog.versions.clear()
    again = await centre.appraiser.post("/quality-reports", json=body, headers=headers)
    refused(await centre.appraiser.post("/quality-reports", json=body), "AssetUnknown")
    assert (first.status_code, first.content) == (again.status_code, again.content)
