"""Vouchers and the entry on the balance sheet."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pledge.domain.asset import CertificateFact
from tests.conftest import StartService
from tests.pledge.outsiders import BORROWER, CO_HOLDER, FAR_AWAY, INSTITUTION, LONG_AGO, asset
from tests.pledge.story import begin, booking_body, problem, voucher_body, well

CERTIFICATE = CertificateFact("YS-1", "CERTIFIED", "dst_bim", FAR_AWAY, (("HOLD", BORROWER),))


async def test_an_asset_is_booked_at_cost_and_written_off_by_the_month(service: StartService) -> None:
    story = await begin(service)
    await story.running.clock.set(await story.running.clock.now() - timedelta(days=100))
    booking = await story.book()
    assert (booking["cost_fen"], booking["monthly_fen"], booking["basis"]) == (73_738_368, 2_048_288, "enterprise_cas")
    assert (len(booking["schedule"]), booking["carrying_fen"], booking["restricted"]) == (36, 73_738_368, False)
    await story.running.clock.advance(days=63)
    later = well(await story.borrower.get(f"/bookings/{booking['booking_id']}"))
    assert (later["amortised_fen"], later["carrying_fen"]) == (2 * 2_048_288, 73_738_368 - 2 * 2_048_288)


async def test_a_pledged_asset_shows_as_restricted(service: StartService) -> None:
    story = await begin(service)
    await story.held()
    (booking,) = well(await story.borrower.get("/bookings"))["items"]
    assert booking["restricted"] is True


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"stage": "research"}, "research-cost-capitalised"),
        ({"period": "2023-12"}, "cost-before-rule"),
        ({"period": "2199-01"}, "period-not-begun"),
    ],
)
async def test_what_the_rule_forbids_to_capitalise_is_refused(
    service: StartService, body: dict[str, object], refusal: str
) -> None:
    story = await begin(service)
    assert problem(await story.borrower.post("/vouchers", json=voucher_body(**body))) == refusal


async def test_research_is_expensed_beside_what_is_capitalised(service: StartService) -> None:
    story = await begin(service)
    costs = (
        voucher_body(voucher_number="A", amount_fen=1000),
        voucher_body(voucher_number="B", amount_fen=300, stage="research", capitalise=False),
    )
    ids = [well(await story.borrower.post("/vouchers", json=cost))["voucher_id"] for cost in costs]
    booking = well(await story.borrower.post("/bookings", json=booking_body(voucher_ids=ids)))
    assert (booking["cost_fen"], booking["expensed_fen"]) == (1000, 300)
    assert {v["booking_id"] for v in well(await story.borrower.get("/vouchers"))["items"]} == {booking["booking_id"]}


async def test_development_needs_all_five_conditions(service: StartService) -> None:
    story = await begin(service)
    voucher = well(await story.borrower.post("/vouchers", json=voucher_body()))
    body = booking_body(voucher_ids=[voucher["voucher_id"]], conditions={"intention": "minutes"})
    refused = await story.borrower.post("/bookings", json=body)
    assert problem(refused) == "development-conditions-not-met"
    assert refused.json()["missing"] == ["technical_feasibility", "benefit", "resources", "cost_measurable"]
    del body["conditions"]
    assert problem(await story.borrower.post("/bookings", json=body)) == "development-conditions-not-met"


async def test_a_voucher_and_an_asset_are_booked_once(service: StartService) -> None:
    story = await begin(service)
    booking = await story.book()
    assert problem(await story.borrower.post("/vouchers", json=voucher_body())) == "voucher-already-recorded"
    body = booking_body(voucher_ids=booking["voucher_ids"])
    assert problem(await story.borrower.post("/bookings", json=body)) == "voucher-already-booked"
    voucher = well(await story.borrower.post("/vouchers", json=voucher_body(voucher_number="V-2")))
    body = booking_body(voucher_ids=[voucher["voucher_id"]])
    assert problem(await story.borrower.post("/bookings", json=body)) == "asset-already-booked"
    body = booking_body(voucher_ids=[voucher["voucher_id"]], dataset_id="dst_other")
    assert problem(await story.borrower.post("/bookings", json=body)) == "voucher-of-other-dataset"


async def test_only_ones_own_vouchers_are_booked(service: StartService) -> None:
    story = await begin(service)
    voucher = well(await story.borrower.post("/vouchers", json=voucher_body()))
    other = story.client(CO_HOLDER, "provider")
    body = booking_body(voucher_ids=[voucher["voucher_id"]])
    assert problem(await other.post("/bookings", json=body)) == "voucher-not-found"
    booking = await story.book(number="V-2")
    assert problem(await other.get(f"/bookings/{booking['booking_id']}")) == "booking-not-found"


@pytest.mark.parametrize(
    ("certificate", "refusal"),
    [
        (replace(CERTIFICATE, expires_at=LONG_AGO), "certificate-not-in-force"),
        (replace(CERTIFICATE, state="CONTESTED"), "certificate-not-in-force"),
        (replace(CERTIFICATE, holders=(("HOLD", CO_HOLDER),)), "asset-not-controlled"),
    ],
)
async def test_only_what_is_certified_and_ones_own_is_booked(
    service: StartService, certificate: CertificateFact, refusal: str
) -> None:
    story = await begin(service)
    story.registry.facts = asset(certificates=[certificate])
    voucher = well(await story.borrower.post("/vouchers", json=voucher_body()))
    refused = await story.borrower.post("/bookings", json=booking_body(voucher_ids=[voucher["voucher_id"]]))
    assert problem(refused) == refusal


async def test_the_life_belongs_to_intangible_assets_alone(service: StartService) -> None:
    story = await begin(service)
    voucher = well(await story.borrower.post("/vouchers", json=voucher_body()))
    ids = [voucher["voucher_id"]]
    assert problem(await story.borrower.post("/bookings", json=booking_body(voucher_ids=ids, life_months=None))) == (
        "life-missing"
    )
    stock = booking_body(voucher_ids=ids, classification="inventory")
    assert problem(await story.borrower.post("/bookings", json=stock)) == "life-not-for-inventory"
    booking = well(await story.borrower.post("/bookings", json={**stock, "life_months": None}))
    assert (booking["schedule"], booking["monthly_fen"], booking["carrying_fen"]) == ([], None, 73_738_368)


async def test_an_enterprise_without_costs_books_nothing_and_an_institution_one_yuan(service: StartService) -> None:
    story = await begin(service)
    assert problem(await story.borrower.post("/bookings", json=booking_body())) == "nothing-to-capitalise"
    story.registry.facts = asset(certificates=[replace(CERTIFICATE, holders=(("HOLD", INSTITUTION),))])
    institution = story.client(INSTITUTION, "provider")
    booking = well(await institution.post("/bookings", json=booking_body()))
    assert (booking["basis"], booking["measurement"], booking["cost_fen"]) == ("government", "nominal", 100)
    assert booking["schedule"] == []
