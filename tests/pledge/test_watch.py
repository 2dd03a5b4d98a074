"""The watch: what other services tell becomes alerts, values, income and states."""

from datetime import timedelta

import pytest
from google.protobuf.message import Message

from tests.conftest import StartService
from tests.pledge.builders import PRINCIPAL_FEN
from tests.pledge.outsiders import APPRAISER, asset, value
from tests.pledge.story import CONTROL_ACCOUNT, Story, begin, problem, well
from yaosu.rights.v1 import events_pb2 as rights
from yaosu.rights.v1.rights_service_pb2 import (
    ENCUMBRANCE_KIND_EXCLUSIVE_GRANT,
    ENCUMBRANCE_KIND_SEIZURE,
    Encumbrance,
)  # fmt: skip
from yaosu.trading.v1 import events_pb2 as trading


async def _causes(story: Story) -> list[str]:
    return [watch["cause"] for watch in well(await story.anna.get("/watches", params={"open": "true"}))["items"]]


SEIZED = Encumbrance(encumbrance_id="enc_9", lineage_root="lin_bim", kind=ENCUMBRANCE_KIND_SEIZURE)
GRANTED = Encumbrance(encumbrance_id="enc_9", lineage_root="lin_bim", kind=ENCUMBRANCE_KIND_EXCLUSIVE_GRANT)


@pytest.mark.parametrize(
    ("event", "causes"),
    [
        (rights.CertificateContested(registration_id="r", number="YS-1", lineage_root="lin_bim"), ["CERTIFICATE"]),
        (rights.CertificateExpired(registration_id="r", number="YS-1", lineage_root="lin_bim"), ["CERTIFICATE"]),
        (rights.CertificateExpired(registration_id="r", number="YS-9", lineage_root="lin_other"), []),
        (rights.EncumbrancePlaced(encumbrance_id="enc_9", encumbrance=SEIZED), ["ENCUMBRANCE"]),
        (rights.EncumbrancePlaced(encumbrance_id="enc_9", encumbrance=GRANTED), []),
        (trading.ListingSuspended(listing_id="l", product_id="prd_bim", reason="x"), ["LISTING"]),
        (trading.ListingSuspended(listing_id="l", product_id="prd_unknown", reason="x"), []),
    ],
)
async def test_what_endangers_the_security_alerts_the_bank(
    service: StartService, event: Message, causes: list[str]
) -> None:
    story = await begin(service)
    await story.performing()
    await story.running.hear(event, about="key")
    assert await _causes(story) == causes
    assert (await story.told()).count("WatchRaised") == len(causes)
    assert await story.running.dead_letters() == []
    assert well(await story.rival.get("/watches"))["items"] == []


@pytest.mark.parametrize(
    ("value_fen", "band"),
    [(400_000_000, "normal"), (330_000_000, "watch"), (280_000_000, "call"), (240_000_000, "default")],
)
async def test_a_newer_value_moves_the_loan_through_the_bands(service: StartService, value_fen: int, band: str) -> None:
    story = await begin(service)
    await story.performing()
    story.registry.facts = asset(values=[value("rpt_new", value_fen)])
    issued = rights.ReportIssued(report_id="rpt_new", kind="value", dataset_id="dst_bim", lineage_root="lin_bim")
    await story.running.hear(issued, about="rpt_new")
    (standing,) = well(await story.anna.get("/portfolio"))["items"]
    assert (standing["valuation_fen"], standing["band"]) == (value_fen, band)
    assert standing["ltv_ppm"] == PRINCIPAL_FEN * 1_000_000 // value_fen
    assert await _causes(story) == (["REPORT"] if band == "normal" else ["LTV", "REPORT"])


async def test_a_report_that_the_bank_would_not_lend_on_changes_nothing(service: StartService) -> None:
    story = await begin(service)
    await story.performing()
    for report in (value("rpt_new", 1, appraiser_party_id="pty_unknown"), value("rpt_new", 1, purpose="booking")):
        story.registry.facts = asset(values=[report])
        issued = rights.ReportIssued(report_id="rpt_new", kind="value", dataset_id="dst_bim", lineage_root="lin_bim")
        await story.running.hear(issued, about=f"rpt_{report.purpose}")
    assert (await story.loan())["valuation_fen"] == 427_451_303
    assert await _causes(story) == []
    assert APPRAISER not in str(await _causes(story))


def _settled(settlement_id: str, account: str, amount_fen: int = 80_000) -> trading.OrderSettled:
    shares = [
        trading.Share(party_id="x", role="provider", amount_fen=amount_fen, account=account),
        trading.Share(party_id="y", role="exchange", amount_fen=5_000, account="fees"),
    ]
    return trading.OrderSettled(
        settlement_id=settlement_id, contract_id="ctr_1", lineage_root="lin_bim", amount_fen=amount_fen + 5_000,
        shares=shares, trade_certificate_number="T-1",
    )  # fmt: skip


async def test_licence_income_into_the_control_account_is_counted_once(service: StartService) -> None:
    story = await begin(service)
    await story.performing()
    await story.running.hear(_settled("stl_1", CONTROL_ACCOUNT), about="stl_1")
    await story.running.hear(_settled("stl_1", CONTROL_ACCOUNT), about="stl_1")
    await story.running.hear(_settled("stl_2", CONTROL_ACCOUNT, 20_000), about="stl_2")
    await story.running.hear(_settled("stl_3", "the owner's account"), about="stl_3")
    account = well(await story.borrower.get(f"/pledges/{story.pledge_id}/income"))
    assert (account["control_account"], account["total_fen"]) == (CONTROL_ACCOUNT, 100_000)
    assert [item["settlement_id"] for item in account["items"]] == ["stl_2", "stl_1"]
    (standing,) = well(await story.anna.get("/portfolio"))["items"]
    assert standing["income_fen"] == 100_000


async def test_an_alert_is_resolved_once_by_the_bank(service: StartService) -> None:
    story = await begin(service)
    await story.performing()
    event = rights.CertificateExpired(registration_id="r", number="YS-1", lineage_root="lin_bim")
    await story.running.hear(event, about="r")
    (watch,) = well(await story.borrower.get("/watches"))["items"]
    path = f"/watches/{watch['watch_id']}:resolve"
    assert problem(await story.rival.post(path, json={"note": "x"})) == "watch-not-found"
    assert well(await story.anna.post(path, json={"note": "renewed"}))["note"] == "renewed"
    assert problem(await story.bea.post(path, json={"note": "again"})) == "watch-resolved"
    assert await _causes(story) == []


async def test_a_debt_ages_by_the_calendar_and_can_still_be_repaid(service: StartService) -> None:
    story = await begin(service)
    await story.running.clock.set(await story.running.clock.now() - timedelta(days=600))
    loan = await story.performing()
    await story.running.drain()
    assert (await story.loan())["state"] == "PERFORMING"
    await story.running.clock.advance(days=367)
    await story.running.drain()
    late = await story.loan()
    assert (late["state"], late["matures_on"]) == ("OVERDUE", loan["matures_on"])
    await story.running.clock.advance(days=91)
    await story.running.drain()
    assert (await story.loan())["state"] == "DEFAULTED"
    assert await _causes(story) == ["REPAYMENT", "REPAYMENT"]
    assert well(await story.loan_step(story.anna, "repay", await story.proof()))["state"] == "REPAID"
    assert (await story.pledge())["state"] == "DISCHARGED"
    assert await story.running.violations() == []
