"""Approval and release take two different people of the bank, and a release names what it frees."""

import pytest

from kernel.canonical import canonical
from kernel.signatures import new_key, sign_compact
from pledge.domain.asset import CertificateFact
from tests.conftest import StartService
from tests.pledge.builders import DIGEST, PRINCIPAL_FEN
from tests.pledge.outsiders import BANK, BORROWER, CO_HOLDER, FAR_AWAY, INSTITUTION, asset
from tests.pledge.story import begin, problem, well

DIGESTS = {"loan_contract_sha256": DIGEST, "pledge_contract_sha256": DIGEST}


async def test_the_same_person_does_not_approve_twice(service: StartService) -> None:
    story = await begin(service)
    await story.applied()
    first = well(await story.loan_step(story.anna, "approve"))
    assert (first["state"], [made["subject_id"] for made in first["approvals"]]) == ("APPLIED", ["anna"])
    assert problem(await story.loan_step(story.anna, "approve")) == "second-person-needed"
    assert well(await story.loan_step(story.bea, "approve"))["state"] == "APPROVED"


async def test_the_rules_are_asked_again_at_the_second_approval(service: StartService) -> None:
    story = await begin(service)
    await story.applied()
    well(await story.loan_step(story.anna, "approve"))
    story.registry.facts = asset(objection_open=True)
    assert problem(await story.loan_step(story.bea, "approve")) == "objection-open"
    assert (await story.loan())["state"] == "APPLIED"
    story.registry.facts = asset()
    assert well(await story.loan_step(story.bea, "approve"))["state"] == "APPROVED"


async def test_the_same_person_does_not_release_twice(service: StartService) -> None:
    story = await begin(service)
    await story.deregistered()
    assert well(await story.pledge_step(story.anna, "release", story.notice()))["state"] == "DEREGISTERED"
    assert problem(await story.pledge_step(story.anna, "release", story.notice())) == "second-person-needed"
    assert story.registry.holds[story.pledge_id] == "ACTIVE"


@pytest.mark.parametrize(
    "wrong", [{"pledge_id": "plg_other"}, {"principal_fen": PRINCIPAL_FEN + 1}, {"borrower_party_id": CO_HOLDER}]
)
async def test_a_release_that_names_something_else_frees_nothing(
    service: StartService, wrong: dict[str, object]
) -> None:
    story = await begin(service)
    await story.deregistered()
    well(await story.pledge_step(story.anna, "release", story.notice()))
    assert problem(await story.pledge_step(story.bea, "release", story.notice(**wrong))) == "release-mismatch"
    assert (await story.pledge())["state"] == "DEREGISTERED"
    assert story.registry.holds[story.pledge_id] == "ACTIVE"


async def test_both_sides_sign_the_same_digests_once_each(service: StartService) -> None:
    story = await begin(service)
    await story.approved()
    both = {**DIGESTS, "click": True, "signature": "aaaaaaaa.bbbbbbbb.cccccccc"}
    assert problem(await story.loan_step(story.anna, "contract", both)) == "signature-not-given"
    assert problem(await story.loan_step(story.anna, "contract", DIGESTS)) == "signature-not-given"
    well(await story.loan_step(story.anna, "contract", {**DIGESTS, "click": True}))
    assert problem(await story.loan_step(story.bea, "contract", {**DIGESTS, "click": True})) == "already-signed"
    other = {**DIGESTS, "pledge_contract_sha256": "cd" * 32, "click": True}
    assert problem(await story.loan_step(story.borrower, "contract", other)) == "contract-differs"
    signed = well(await story.loan_step(story.borrower, "contract", {**DIGESTS, "click": True}))
    assert signed["state"] == "CONTRACTED"


async def test_a_contract_is_signed_by_a_key_of_ones_own_over_its_own_words(service: StartService) -> None:
    story = await begin(service)
    await story.approved()
    text = canonical({**DIGESTS, "loan_id": story.loan_id, "principal_fen": PRINCIPAL_FEN})
    keys = story.parties.keys
    for key, kid, words in (
        (keys[BANK], f"key_{BANK}", text), (keys[BORROWER], f"key_{BORROWER}", text.replace(b"200000000", b"1")),
    ):  # fmt: skip
        jws = sign_compact(words, key, kid, "yaosu-loan-contract")
        refused = await story.loan_step(story.borrower, "contract", {**DIGESTS, "signature": jws})
        assert problem(refused) == "signature-not-ours"
    forged = sign_compact(text, new_key(), f"key_{BORROWER}", "yaosu-loan-contract")
    refused = await story.loan_step(story.borrower, "contract", {**DIGESTS, "signature": forged})
    assert problem(refused) == "signature-invalid"
    assert (await story.loan())["contract"] is None


async def test_a_co_holder_must_agree_with_its_own_key_to_this_very_loan(service: StartService) -> None:
    story = await begin(service)
    holders = (("OPERATE", BORROWER), ("OPERATE", CO_HOLDER))
    story.registry.facts = asset(certificates=(CertificateFact("YS-1", "CERTIFIED", "dst_bim", FAR_AWAY, holders),))
    await story.policy()
    await story.book()
    missing = await story.apply()
    assert problem(missing) == "co-holder-consent-missing"
    assert missing.json()["party_ids"] == [CO_HOLDER]
    wanted = {"asset": "dst_bim", "bank_party_id": BANK, "borrower_party_id": BORROWER,
              "principal_fen": PRINCIPAL_FEN, "term_months": 12}  # fmt: skip
    key, kid = story.parties.keys[CO_HOLDER], f"key_{CO_HOLDER}"
    for consent in (
        sign_compact(canonical({**wanted, "principal_fen": 1}), key, kid, "yaosu-pledge-consent"),
        sign_compact(canonical(wanted), story.parties.keys[BORROWER], f"key_{BORROWER}", "yaosu-pledge-consent"),
        sign_compact(canonical(wanted), new_key(), kid, "yaosu-pledge-consent"),
        sign_compact(canonical(wanted), key, kid, "another-type"),
    ):
        assert problem(await story.apply(co_holder_consents=[consent])) == "consent-invalid"
    consent = sign_compact(canonical(wanted), key, kid, "yaosu-pledge-consent")
    assert well(await story.apply(co_holder_consents=[consent]))["state"] == "APPLIED"


async def test_a_public_institution_may_book_but_not_pledge(service: StartService) -> None:
    story = await begin(service)
    holders = (("HOLD", INSTITUTION), ("OPERATE", INSTITUTION))
    story.registry.facts = asset(certificates=(CertificateFact("YS-2", "CERTIFIED", "dst_bim", FAR_AWAY, holders),))
    await story.policy()
    institution = story.client(INSTITUTION, "provider")
    await story.book(institution)
    assert problem(await story.apply(institution)) == "public-institution-may-not-pledge"
