"""Listings: what may be offered."""

from dataclasses import replace
from datetime import datetime

import pytest

from kernel.calendar import SHANGHAI
from tests.trading.conftest import Market, done, refused
from tests.trading.fakes import SPLIT, opening
from yaosu.catalog.v1.events_pb2 import CeilingPriceSet
from yaosu.rights.v1 import rights_service_pb2 as registry
from yaosu.rights.v1.events_pb2 import CertificateContested, CertificateIssued, EncumbrancePlaced, EncumbranceReleased


async def test_a_listing_carries_its_odrl_offer(market: Market) -> None:
    listing = await market.listed()
    assert listing["state"] == "PUBLISHED"
    assert listing["policy"]["@type"] == "Offer"
    assert listing["policy"]["permission"][0]["constraint"][0]["rightOperand"] == ["underwriting"]
    assert done(await market.buyer.get(f"/listings/{listing['listing_id']}")) == listing
    found = done(await market.running.client_for().get("/listings", params={"q": "核保"}))
    assert [each["listing_id"] for each in found["items"]] == [listing["listing_id"]]
    assert [type(event).__name__ for event in await market.running.told()] == ["ListingPublished"]


async def test_the_same_key_lists_once_and_answers_the_same_even_when_rights_change(market: Market) -> None:
    key = {"Idempotency-Key": "one"}
    first = await market.provider.post("/listings", json=opening(exclusive=True), headers=key)
    market.rights.encumber()
    again = await market.provider.post("/listings", json=opening(exclusive=True), headers=key)
    assert again.json() == done(first)
    refused(await market.provider.post("/listings", json=opening(price_fen=1), headers=key), 422, "KeyReused")


async def test_a_price_above_the_ceiling_is_refused(market: Market) -> None:
    market.catalog.change(ceiling_price_fen=250, authorisation_id="aut_one")
    problem = refused(await market.provider.post("/listings", json=opening(price_fen=251)), 409, "PriceOverCeiling")
    assert (problem["type"], problem["ceiling_price_fen"]) == ("/problems/price-over-ceiling", 250)
    await market.listed(price_fen=250)


async def test_public_data_without_a_ceiling_is_not_listed(market: Market) -> None:
    market.catalog.change(authorisation_id="aut_one")
    refused(await market.provider.post("/listings", json=opening()), 409, "CeilingPriceMissing")


async def test_only_its_owner_lists_a_published_product(market: Market) -> None:
    refused(await market.stranger.post("/listings", json=opening()), 422, "SplitUnbalanced")
    own = [{"role": "provider", "party_id": "pty_stranger", "share_ppm": 1_000_000}]
    refused(await market.stranger.post("/listings", json=opening(split=own)), 404, "ProductNotFound")
    refused(await market.buyer.post("/listings", json=opening()), 403, "RoleMissing")
    market.catalog.change(state="DRAFT")
    refused(await market.provider.post("/listings", json=opening()), 409, "ProductNotPublished")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"operators": frozenset()}, "OperateRightNotCertified"),
        ({"compliance_conclusion": "FAILED"}, "ComplianceNotPassed"),
        ({"compliance_conclusion": ""}, "ComplianceNotPassed"),
        ({"compliance_until": datetime(2020, 1, 1, tzinfo=SHANGHAI)}, "ComplianceNotPassed"),
        ({"level": "IMPORTANT"}, "LevelNotTradable"),
        ({"level": "CORE"}, "LevelNotTradable"),
        ({"objection_open": True}, "RightDisputed"),
    ],
)
async def test_what_the_registry_does_not_certify_is_not_listed(
    market: Market, change: dict[str, object], reason: str
) -> None:
    market.rights.known = replace(market.rights.known, **change)
    refused(await market.provider.post("/listings", json=opening()), 409, reason)


@pytest.mark.parametrize(
    ("kind", "exclusive", "reason"),
    [
        ("PLEDGE", True, "RightAlreadyPledged"),
        ("EXCLUSIVE_GRANT", False, "RightExclusivelyGranted"),
        ("TRANSFER", False, "RightInTransfer"),
        ("SEIZURE", False, "RightSeized"),
        ("DISPUTE_HOLD", False, "RightDisputed"),
    ],
)
async def test_what_lies_upon_the_right_decides_the_offer(
    market: Market,
    kind: str,
    exclusive: bool,  # noqa: FBT001 - a parameter of the table above
    reason: str,
) -> None:
    market.rights.encumber(kind=kind)
    refused(await market.provider.post("/listings", json=opening(exclusive=exclusive)), 409, reason)
    market.rights.encumber(kind=kind, state="RELEASED")
    await market.listed(exclusive=exclusive)


async def test_a_pledged_right_is_still_listed_non_exclusively(market: Market) -> None:
    market.rights.encumber()
    assert (await market.listed())["state"] == "PUBLISHED"


@pytest.mark.parametrize(
    "bad",
    [
        {"terms": {"permissions": [{"action": "fly"}]}},
        {"terms": {"prohibitions": [{"action": "use", "constraints": [
            {"left_operand": "mood", "operator": "eq", "right_operand": "good"}]}]}},
        {"terms": {"permissions": [{"action": "read", "constraints": [
            {"left_operand": "count", "operator": "isAnyOf", "right_operand": [1]}]}]}},
        {"terms": {"permissions": [{"action": "read", "constraints": [
            {"left_operand": "k", "operator": "gteq", "right_operand": "20"}]}]}},
    ],
)  # fmt: skip
async def test_an_unknown_policy_term_is_refused(market: Market, bad: dict[str, object]) -> None:
    refused(await market.provider.post("/listings", json=opening(**bad)), 422, "PolicyTermUnknown")


@pytest.mark.parametrize(
    "bad",
    [
        {"price_fen": 0}, {"price_fen": -1}, {"price_fen": 1.5}, {"price_fen": 10**16}, {"price_fen": "250"},
        {"term_days": 0}, {"term_days": 1827}, {"purposes": []}, {"purposes": ["Ｕnderwriting"]}, {"billing": "gift"},
        {"unknown": 1}, {"exclusive": "yes"}, {"product_id": "ｐrd"}, {"terms": {"extra": []}},
        {"split": SPLIT[:-1]}, {"split": []}, {"split": [{**SPLIT[1], "share_ppm": 1_000_000}]},
    ],
)  # fmt: skip
async def test_a_malformed_listing_is_refused(market: Market, bad: dict[str, object]) -> None:
    answer = await market.provider.post("/listings", json=opening(**bad))
    assert answer.status_code == 422
    assert done(await market.provider.get("/listings"))["items"] == []


async def test_a_pinned_version_must_be_of_the_product(market: Market) -> None:
    foreign = opening(version_selector="pinned:ver_x")
    refused(await market.provider.post("/listings", json=foreign), 409, "VersionNotOffered")
    assert (await market.listed(version_selector="pinned:ver_one"))["version_selector"] == "pinned:ver_one"


async def test_a_withdrawn_listing_takes_no_orders(market: Market) -> None:
    listing = await market.listed()
    place = f"/listings/{listing['listing_id']}:withdraw"
    refused(await market.stranger.post(place), 404, "ListingNotFound")
    assert done(await market.provider.post(place))["state"] == "WITHDRAWN"
    refused(await market.provider.post(place), 409, "StepNotAllowed")
    order = {"listing_id": listing["listing_id"], "purpose": "underwriting"}
    refused(await market.buyer.post("/orders", json=order), 409, "ListingNotOpen")


async def state_of(market: Market, listing_id: str) -> str:
    return str(done(await market.buyer.get(f"/listings/{listing_id}"))["state"])


async def test_a_contested_certificate_suspends_until_it_is_issued_again(market: Market) -> None:
    listing_id = (await market.listed())["listing_id"]
    contested = CertificateContested(registration_id="reg_1", number="DR-1", lineage_root="dat_root")
    await market.running.hear(contested, about="reg_1")
    assert await state_of(market, listing_id) == "SUSPENDED"
    issued = CertificateIssued(registration_id="reg_1")
    issued.certificate.number, issued.certificate.lineage_root = "DR-1", "dat_root"
    await market.running.hear(issued, about="reg_1")
    assert await state_of(market, listing_id) == "PUBLISHED"
    names = [type(event).__name__ for event in await market.running.told()]
    assert names == ["ListingPublished", "ListingSuspended", "ListingResumed"]


async def test_two_causes_must_both_go_before_it_resumes_and_a_pledge_is_none(market: Market) -> None:
    listing_id = (await market.listed())["listing_id"]
    for number, kind in enumerate((registry.ENCUMBRANCE_KIND_SEIZURE, registry.ENCUMBRANCE_KIND_DISPUTE_HOLD)):
        placed = EncumbrancePlaced(encumbrance_id=f"enc_{number}")
        placed.encumbrance.kind, placed.encumbrance.lineage_root = kind, "dat_root"
        await market.running.hear(placed, about=f"enc_{number}")
    for number, expected in ((0, "SUSPENDED"), (1, "PUBLISHED")):
        gone = EncumbranceReleased(encumbrance_id=f"enc_{number}")
        gone.encumbrance.kind, gone.encumbrance.lineage_root = registry.ENCUMBRANCE_KIND_SEIZURE, "dat_root"
        await market.running.hear(gone, about=f"enc_{number}")
        assert await state_of(market, listing_id) == expected
    pledged = EncumbrancePlaced(encumbrance_id="enc_9")
    pledged.encumbrance.kind, pledged.encumbrance.lineage_root = registry.ENCUMBRANCE_KIND_PLEDGE, "dat_root"
    await market.running.hear(pledged, about="enc_9")
    assert await state_of(market, listing_id) == "PUBLISHED"


async def test_a_lower_ceiling_suspends_what_is_above_it(market: Market) -> None:
    listing_id = (await market.listed())["listing_id"]
    for ceiling, expected in ((249, "SUSPENDED"), (250, "PUBLISHED")):
        event = CeilingPriceSet(product_id="prd_one", authorisation_id="aut", ceiling_price_fen=ceiling)
        await market.running.hear(event, about="prd_one")
        assert await state_of(market, listing_id) == expected
