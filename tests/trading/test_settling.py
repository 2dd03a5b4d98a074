"""Statements, settlement and trade certificates: what was charged reaches everyone's account, and is proved."""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.canonical import sha256_hex
from kernel.signatures import header_of, verify_compact
from tests.trading.conftest import Market, done, refused
from tests.trading.fakes import PROVIDER
from trading.domain.settlements import split_shares
from trading.outbound.payer import Misbehaviour
from trading.use_cases import certificates, settlements


async def used(market: Market, cases: int = 3) -> str:
    contract_id = str((await market.contracted())["contract_id"])
    await market.topped_up(10_000)
    for number in range(cases):
        await market.use(contract_id, f"case-{number}")
    await market.use(contract_id, "case-0")
    return contract_id


async def books(market: Market, contract_id: str) -> dict[str, Any]:
    return done(await market.provider.get("/reconciliations", params={"contract_id": contract_id}))


@pytest.mark.parametrize(
    "payer",
    [Misbehaviour(), Misbehaviour(twice_ppm=1_000_000), Misbehaviour(never_ppm=1_000_000)],
    ids=["well", "twice", "never"],
)
async def test_charged_is_settled_is_split_is_at_the_bank(market: Market, payer: Misbehaviour) -> None:
    market.payer.misbehaviour = payer
    contract_id = await used(market)
    before = await books(market, contract_id)
    assert [each["between"] for each in before["differences"]] == ["ledger/bill"]
    statement = await market.confirmed(contract_id)
    assert [statement[name] for name in ("state", "calls", "covered", "amount_fen")] == ["SETTLING", 3, 1, 750]
    await market.running.drain()
    seen = await books(market, contract_id)
    assert seen["metered_fen"] == seen["charged_fen"] == seen["settled_fen"] == seen["bank_statement_fen"] == 750
    assert [(each["role"], each["amount_fen"]) for each in seen["splits"]] == [
        ("operator", 450), ("treasury", 188), ("exchange", 67), ("tax", 45),
    ]  # fmt: skip
    assert seen["differences"] == []
    bank = done(await market.operator.get("/bank-statement"))
    assert (bank["credit_fen"], bank["debit_fen"], bank["exceptions"]) == (10_000, 750, [])
    assert bank["balance_fen"] == bank["ledger_fen"]
    settled: list[Any] = [event for event in await market.running.told() if type(event).__name__ == "OrderSettled"]
    assert [(event.amount_fen, event.provider_party_id) for event in settled] == [(750, PROVIDER)]


async def test_the_trade_certificate_is_deposited_signed_and_proved(market: Market) -> None:
    contract_id = await used(market)
    market.evidence.ready = False
    await market.confirmed(contract_id)
    await market.running.drain()
    (settlement,) = done(await market.provider.get("/settlements"))["items"]
    number = settlement["trade_certificate_number"]
    year = (await market.running.clock.now()).year
    assert number == f"TC-{year}-000001"
    refused(await market.buyer.get(f"/trade-certificates/{number}/file"), 409, "CertificateNotReady")
    refused(await market.stranger.get(f"/trade-certificates/{number}"), 404, "CertificateNotFound")
    market.evidence.ready = True
    await market.running.drain()
    shown = done(await market.buyer.get(f"/trade-certificates/{number}"))
    assert shown["state"] == "CERTIFIED"
    file = (await market.buyer.get(f"/trade-certificates/{number}/file")).text
    jwt = file.splitlines()[1].removeprefix("extra ")
    assert sha256_hex(jwt.encode()) == shown["jwt_sha256"]
    keys = done(await market.running.client_for().get("/issuer-keys"))
    key = next(each for each in keys["keys"] if each["kid"] == header_of(jwt)["kid"])
    credential = json.loads(verify_compact(jwt, key["jwk"], "vc+jwt"))
    assert (credential["type"][1], credential["issuer"]) == ("TradeCertificate", "urn:yaosu:trading")
    assert credential["id"] == f"urn:yaosu:trade-certificate:{number}"
    subject = credential["credentialSubject"]
    assert subject["settlement"]["amount_fen"] == 750
    assert subject["registration_certificates"] == ["DR-2026-000001"]
    assert subject["product"]["version_digests"] == ["d" * 64]
    assert datetime.fromisoformat(key["valid_from"]) <= datetime.fromisoformat(credential["validFrom"])
    assert "d" not in key["jwk"]
    assert base64.urlsafe_b64decode(jwt.split(".")[1] + "==")


async def test_a_pledged_assets_income_goes_to_the_control_account(market: Market) -> None:
    market.rights.encumber()
    contract_id = await used(market)
    await market.confirmed(contract_id)
    await market.running.drain()
    (settlement,) = done(await market.provider.get("/settlements", params={"contract_id": contract_id}))["items"]
    own = settlement["shares"][0]
    assert (own["role"], own["account"], own["amount_fen"], own["diverted"]) == (
        "control_account", "account:control", 450, True,
    )  # fmt: skip
    assert [share["diverted"] for share in settlement["shares"][1:]] == [False] * 3


async def test_a_statement_waits_for_open_holds(market: Market) -> None:
    contract_id = await used(market)
    await market.hold(contract_id, "case-9", "use_open")
    statement_id = (await market.statement(contract_id))["statement_id"]
    place = f"/statements/{statement_id}:confirm"
    assert refused(await market.provider.post(place), 409, "UsesStillOpen")["open"] == 1
    await market.refuse("use_open", contract_id)
    assert done(await market.provider.post(place))["confirmed_by"] == [PROVIDER]
    refused(await market.provider.post(place), 409, "StepNotAllowed")
    refused(await market.stranger.post(place), 404, "StatementNotFound")


async def test_a_use_is_billed_once(market: Market) -> None:
    contract_id = await used(market)
    assert (await market.statement(contract_id))["amount_fen"] == 750
    today = (await market.running.clock.now()).date().isoformat()
    again = {"contract_id": contract_id, "period_from": "2020-01-01", "period_to": today}
    refused(await market.provider.post("/statements", json=again), 409, "NothingToBill")
    refused(await market.stranger.post("/statements", json=again), 404, "ContractNotFound")
    backwards = {**again, "period_from": today, "period_to": "2020-01-01"}
    refused(await market.provider.post("/statements", json=backwards), 422, "PeriodMalformed")
    await market.use(contract_id, "case-10")
    assert (await market.statement(contract_id))["amount_fen"] == 250


async def test_a_disputed_statement_is_confirmed_only_after_the_dispute_is_withdrawn(market: Market) -> None:
    contract_id = await used(market)
    statement_id = (await market.statement(contract_id))["statement_id"]
    place = f"/statements/{statement_id}"
    done(await market.provider.post(f"{place}:confirm"))
    disputed = done(await market.buyer.post(f"{place}:dispute", json={"reason": "二次计费"}))
    assert (disputed["state"], disputed["confirmed_by"]) == ("DISPUTED", [])
    refused(await market.provider.post(f"{place}:confirm"), 409, "StepNotAllowed")
    done(await market.buyer.post(f"{place}:confirm"))
    assert done(await market.provider.post(f"{place}:confirm"))["state"] == "SETTLING"


class Killed(BaseException):
    """The process is gone between two steps."""


def kill_at(target: object, name: str, nth: int) -> Callable[[], None]:
    """Let the n-th call of a port die before it does anything; gives back the way to undo that."""
    real, calls = getattr(target, name), [0]

    async def dying(*args: object, **kwargs: object) -> object:
        calls[0] += 1
        if calls[0] == nth:
            raise Killed
        return await real(*args, **kwargs)

    setattr(target, name, dying)
    return lambda: setattr(target, name, real)


@pytest.mark.parametrize(
    ("port", "name", "nth"), [("rights", "asset", 1), *(("payer", "instruct", n) for n in (1, 2, 4))]
)
async def test_a_settlement_killed_between_any_two_steps_ends_with_the_same_sums(
    market: Market, port: str, name: str, nth: int
) -> None:
    contract_id = await used(market)
    statement_id = (await market.statement(contract_id))["statement_id"]
    done(await market.provider.post(f"/statements/{statement_id}:confirm"))
    undo = kill_at(getattr(market, port), name, nth)
    with pytest.raises(Killed):
        await market.buyer.post(f"/statements/{statement_id}:confirm")
    undo()
    await market.running.drain()
    seen = await books(market, contract_id)
    assert (seen["settled_fen"], seen["bank_statement_fen"], seen["differences"]) == (750, 750, [])


async def test_settling_and_certifying_at_once_happens_once(market: Market) -> None:
    contract_id = await used(market)
    await market.confirmed(contract_id)
    (settlement,) = done(await market.provider.get("/settlements"))["items"]
    await asyncio.gather(*(settlements.settle(market.ports, settlement["settlement_id"]) for _ in range(4)))
    notices = [notice for _, notice in await market.payer.due(50)]
    public = market.running.client_for()
    await asyncio.gather(*(public.post("/payer-callbacks", json={"notice": text}) for text in notices * 2))
    number = done(await market.provider.get(f"/settlements/{settlement['settlement_id']}"))["trade_certificate_number"]
    for _ in range(2):
        moved = await asyncio.gather(*(certificates.advance_certificate(market.ports, number) for _ in range(4)))
        assert sum(moved) == 1
    names = [type(event).__name__ for event in await market.running.told()]
    assert (names.count("OrderSettled"), names.count("TradeCertificateSigned")) == (1, 1)


@st.composite
def splits(draw: st.DrawFn) -> list[dict[str, Any]]:
    cuts = sorted(draw(st.sets(st.integers(1, 999_999), max_size=7)))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, 1_000_000], strict=True)]
    return [{"role": "tax", "party_id": f"p{n}", "account": "", "share_ppm": part} for n, part in enumerate(parts)]


@given(amount=st.integers(1, 10**15), split=splits(), control=st.sampled_from(["", "account:control"]))
def test_a_split_loses_and_makes_no_fen(amount: int, split: list[dict[str, Any]], control: str) -> None:
    split[0]["role"] = "provider"
    shares = split_shares("stl_x", amount, split, "p0", control)
    assert sum(share.amount_fen for share in shares) == amount
    assert shares == split_shares("stl_x", amount, split, "p0", control)
    for share, line in zip(shares, split, strict=True):
        exact = amount * line["share_ppm"]
        assert abs(share.amount_fen * 1_000_000 - exact) < 1_000_000
    assert (shares[0].role == "control_account") is bool(control)
