"""Orders and contracts: who signs what, and what the registry has to say."""

import hashlib
import json
from typing import Any

from kernel.refusals import TemporarilyUnavailable
from tests.trading.conftest import Market, done, refused
from tests.trading.fakes import BUYER, PROVIDER
from trading.domain.refusals import RightAlreadyPledged
from trading.use_cases import contracts


async def test_a_contract_signed_by_key_and_by_click_comes_into_force(market: Market) -> None:
    order = await market.ordered()
    contract = order["contract"]
    assert (order["state"], contract["state"]) == ("PLACED", "DRAFT")
    assert hashlib.sha256(contract["agreement"].encode()).hexdigest() == contract["agreement_digest"]
    terms = json.loads(contract["agreement"])
    assert terms["yaosu:terms"]["specification_digest"] == "a" * 64
    assert terms["yaosu:terms"]["price_fen"] == 250
    place = f"/contracts/{contract['contract_id']}:sign"
    signature = market.parties.signed(BUYER, contract["agreement"])
    assert done(await market.buyer.post(place, json={"signature": signature}))["state"] == "SIGNING"
    signed = done(await market.provider.post(place, json={"click": True}))
    assert signed["state"] == "IN_FORCE"
    assert [(each["party_id"], each["way"]) for each in signed["signatures"]] == [(BUYER, "jws"), (PROVIDER, "click")]
    assert done(await market.buyer.get(f"/orders/{order['order_id']}"))["state"] == "CONTRACTED"
    told: Any = (await market.running.told())[-1]  # Any: one of many messages
    assert told.contract.agreement_digest == contract["agreement_digest"]
    assert told.contract.state == "IN_FORCE"


async def test_a_signature_must_be_ours_and_over_these_words(market: Market) -> None:
    contract = (await market.ordered())["contract"]
    place = f"/contracts/{contract['contract_id']}:sign"
    for signer, words in ((PROVIDER, contract["agreement"]), (BUYER, contract["agreement"] + " ")):
        wrong = {"signature": market.parties.signed(signer, words)}
        refused(await market.buyer.post(place, json=wrong), 422, "SignatureNotOurs")
    good = market.parties.signed(BUYER, contract["agreement"])
    head, body, tail = good.split(".")
    flipped = ".".join((head, body, ("A" if tail[0] != "A" else "B") + tail[1:]))
    refused(await market.buyer.post(place, json={"signature": flipped}), 422, "SignatureInvalid")
    refused(await market.buyer.post(place, json={}), 422, "SignatureMissing")
    refused(await market.buyer.post(place, json={"click": True, "signature": good}), 422, "SignatureMissing")
    refused(await market.stranger.post(place, json={"click": True}), 404, "ContractNotFound")
    machine = market.running.client_for(BUYER, "buyer", subject_id="cli_robot")
    refused(await machine.post(place, json={"click": True}), 403, "ClickNeedsPerson")
    done(await market.buyer.post(place, json={"signature": good}))
    refused(await market.buyer.post(place, json={"click": True}), 409, "AlreadySigned")


async def test_an_order_is_for_an_offered_purpose_and_not_for_ones_own_product(market: Market) -> None:
    listing = await market.listed()
    order = {"listing_id": listing["listing_id"], "purpose": "research"}
    problem = refused(await market.buyer.post("/orders", json=order), 409, "PurposeNotOffered")
    assert problem["purposes"] == ["underwriting"]
    own = market.running.client_for(PROVIDER, "buyer")
    refused(await own.post("/orders", json={**order, "purpose": "underwriting"}), 409, "OwnProduct")
    refused(await market.buyer.post("/orders", json={**order, "listing_id": "lst_x"}), 404, "ListingNotFound")


async def test_an_exclusive_contract_is_reserved_and_confirmed_at_the_registry(market: Market) -> None:
    contract = await market.contracted(exclusive=True)
    assert contract["state"] == "IN_FORCE"
    assert market.rights.grants == {contract["contract_id"]: "ACTIVE"}
    place = f"/contracts/{contract['contract_id']}"
    assert done(await market.buyer.post(f"{place}:end"))["state"] == "ENDED"
    await market.running.drain()
    assert market.rights.grants == {contract["contract_id"]: "RELEASED"}


async def test_the_registrys_refusal_reaches_the_signer_and_the_contract_is_refused(market: Market) -> None:
    order = await market.ordered(exclusive=True)
    place = f"/contracts/{order['contract_id']}"
    done(await market.provider.post(f"{place}:sign", json={"click": True}))
    market.rights.refusal = RightAlreadyPledged(pledge_id="plg_1")
    key = {"Idempotency-Key": "sign"}
    for _ in range(2):
        problem = refused(
            await market.buyer.post(f"{place}:sign", json={"click": True}, headers=key), 409, "RightAlreadyPledged"
        )
        assert problem["type"] == "/problems/right-already-pledged"
    contract = done(await market.buyer.get(place))
    assert (contract["state"], contract["refusal"]["reason"]) == ("REFUSED", "RightAlreadyPledged")
    assert market.rights.grants == {order["contract_id"]: "CANCELLED"}
    assert done(await market.buyer.get(f"/orders/{order['order_id']}"))["state"] == "CANCELLED"


async def test_a_stop_between_reserve_and_confirm_is_made_good_by_the_job(market: Market) -> None:
    order = await market.ordered(exclusive=True)
    place = f"/contracts/{order['contract_id']}"
    done(await market.provider.post(f"{place}:sign", json={"click": True}))
    reserve, confirm = market.rights.reserve, market.rights.confirm
    for step in ("reserve", "confirm"):

        async def away(*_: object) -> None:
            raise TemporarilyUnavailable

        setattr(market.rights, step, away)
    assert (await market.buyer.post(f"{place}:sign", json={"click": True})).status_code == 503
    market.rights.reserve = reserve
    await market.running.drain()
    assert done(await market.buyer.get(place))["state"] == "RESERVING"
    market.rights.confirm = confirm
    await market.running.drain()
    assert done(await market.buyer.get(place))["state"] == "IN_FORCE"
    assert sum(type(event).__name__ == "ContractSigned" for event in await market.running.told()) == 1


async def test_bringing_into_force_twice_tells_once(market: Market) -> None:
    contract = await market.contracted()
    again = await contracts.bring_into_force(market.ports, contract["contract_id"])
    assert again.state == "IN_FORCE"
    assert sum(type(event).__name__ == "ContractSigned" for event in await market.running.told()) == 1


async def test_a_pledge_that_asks_for_consent_waits_for_the_bank(market: Market) -> None:
    order = await market.ordered()
    market.rights.encumber(licence_policy="CONSENT")
    place = f"/contracts/{order['contract_id']}"
    done(await market.provider.post(f"{place}:sign", json={"click": True}))
    refused(await market.buyer.post(f"{place}:sign", json={"click": True}), 409, "PledgeeConsentMissing")
    refused(await market.stranger.post(f"{place}:consent"), 404, "ContractNotFound")
    refused(await market.stranger.get(place), 404, "ContractNotFound")
    assert done(await market.bank.get(place))["state"] == "SIGNING"
    done(await market.bank.post(f"{place}:consent"))
    assert done(await market.buyer.post(f"{place}:sign", json={"click": True}))["state"] == "IN_FORCE"


async def test_a_free_pledge_lets_licences_go_on(market: Market) -> None:
    market.rights.encumber(licence_policy="NOTIFY")
    assert (await market.contracted())["state"] == "IN_FORCE"


async def test_another_partys_contract_does_not_exist(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    for place in ("", ":end"):
        method = market.stranger.post if place else market.stranger.get
        refused(await method(f"/contracts/{contract_id}{place}"), 404, "ContractNotFound")
    assert done(await market.stranger.get("/contracts"))["items"] == []
    assert len(done(await market.operator.get("/contracts"))["items"]) == 1
    assert (await market.running.client_for().get(f"/contracts/{contract_id}")).status_code == 401


async def test_a_contract_ends_with_its_term(market: Market) -> None:
    contract_id = (await market.contracted(term_days=30))["contract_id"]
    await market.running.clock.advance(days=30, seconds=1)
    shown = await contracts.show_contract(market.ports, contract_id)
    assert shown.state == "ENDED"
    await market.running.drain()
    assert done(await market.buyer.get(f"/contracts/{contract_id}"))["state"] == "ENDED"
    assert type((await market.running.told())[-1]).__name__ == "ContractEnded"
