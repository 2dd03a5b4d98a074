"""Deposits, holds and charges: money is held before a use, and each use has one effect."""

import asyncio
import itertools

import pytest

from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.refusals import Refusal
from kernel.signatures import new_key, sign_compact
from tests.trading.conftest import Market, done, refused
from tests.trading.fakes import BUYER
from trading.domain.payments import Direction, Instruction
from trading.outbound.payer import NOTICE_TYPE, Misbehaviour
from trading.use_cases import deposits


async def reason_of(awaited: object) -> str:
    try:
        await awaited  # type: ignore[misc]  # any coroutine
    except Refusal as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize(
    "payer",
    [Misbehaviour(), Misbehaviour(twice_ppm=1_000_000), Misbehaviour(never_ppm=1_000_000),
     Misbehaviour(late_ppm=1_000_000, twice_ppm=1_000_000, late_seconds=0.05)],
    ids=["well", "twice", "never", "late and twice"],
)  # fmt: skip
async def test_a_top_up_arrives_once_however_the_payer_calls_back(market: Market, payer: Misbehaviour) -> None:
    market.payer.misbehaviour = payer
    key = {"Idempotency-Key": "k"}
    top_up = done(await market.buyer.post("/top-ups", json={"amount_fen": 100_000}, headers=key))
    again = done(await market.buyer.post("/top-ups", json={"amount_fen": 100_000}, headers=key))
    assert again == top_up, "a retry hears what the first attempt heard"
    await market.running.drain()
    assert done(await market.buyer.get(f"/top-ups/{top_up['top_up_id']}"))["state"] == "RECEIVED"
    assert await market.deposit() == {
        "party_id": BUYER, "posted_fen": 100_000, "held_fen": 0, "available_fen": 100_000,
    }  # fmt: skip
    bank = done(await market.operator.get("/bank-statement"))
    assert (bank["balance_fen"], bank["ledger_fen"], bank["exceptions"]) == (100_000, 100_000, [])
    refused(await market.stranger.get(f"/top-ups/{top_up['top_up_id']}"), 404, "TopUpNotFound")


async def test_eight_callbacks_at_once_post_once(market: Market) -> None:
    market.payer.misbehaviour = Misbehaviour(twice_ppm=1_000_000)
    done(await market.buyer.post("/top-ups", json={"amount_fen": 700}))
    (_, notice), *_rest = await market.payer.due(10)
    public = market.running.client_for()
    answers = await asyncio.gather(*(public.post("/payer-callbacks", json={"notice": notice}) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await market.deposit())["posted_fen"] == 700


async def test_a_notice_that_is_not_the_payers_changes_nothing(market: Market) -> None:
    top_up = done(await market.buyer.post("/top-ups", json={"amount_fen": 700}))
    words = {"reference": top_up["top_up_id"], "direction": "COLLECT", "amount_fen": 700, "outcome": "DONE"}
    forged = sign_compact(canonical(words), new_key(), "payer", NOTICE_TYPE)
    public = market.running.client_for()
    refused(await public.post("/payer-callbacks", json={"notice": forged}), 422, "SignatureInvalid")
    assert (await market.deposit())["posted_fen"] == 0
    await market.running.drain()


async def test_a_stop_before_the_payer_heard_is_made_good_by_the_job(market: Market) -> None:
    instruct = market.payer.instruct

    async def away(_instruction: Instruction) -> None:
        message = "killed"
        raise ConnectionError(message)

    market.payer.instruct = away
    assert (await market.buyer.post("/top-ups", json={"amount_fen": 700})).status_code == 503
    market.payer.instruct = instruct
    await market.running.drain()
    assert (await market.deposit())["posted_fen"] == 700


async def test_the_payer_does_a_reference_once_and_refuses_another_amount(market: Market) -> None:
    wish = Instruction("top_x", Direction.COLLECT, BUYER, 5)
    await market.payer.instruct(wish)
    await market.payer.instruct(wish)
    assert await market.payer.totals() == (5, 0)
    changed = Instruction("top_x", Direction.COLLECT, BUYER, 6)
    assert await reason_of(market.payer.instruct(changed)) == "InstructionChanged"
    more = Instruction("stl_x.1", Direction.PAY_OUT, "a", 6)
    assert await reason_of(market.payer.instruct(more)) == "SupervisedAccountShort"
    async with market.running.given.database.transaction() as conn:
        await conn.exec_driver_sql("DELETE FROM payer.callbacks")
        await conn.exec_driver_sql("DELETE FROM payer.instructions")


async def test_a_use_is_held_then_charged(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(1_000)
    assert await market.hold(contract_id, "case-1", "use_1") == 250
    assert (await market.deposit())["available_fen"] == 750
    await market.meter("use_1", contract_id)
    deposit = await market.deposit()
    assert (deposit["posted_fen"], deposit["held_fen"]) == (750, 0)


async def test_a_refused_use_gets_its_hold_back(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(250)
    await market.hold(contract_id, "case-1", "use_1")
    await market.refuse("use_1", contract_id)
    await market.refuse("use_never_held", contract_id)
    assert (await market.deposit())["available_fen"] == 250
    assert await market.hold(contract_id, "case-1", "use_2") == 250


async def test_a_refused_use_is_charged_no_more(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(250)
    await market.hold(contract_id, "case-1", "use_1")
    await market.refuse("use_1", contract_id)
    await market.meter("use_1", contract_id)
    deposit = await market.deposit()
    assert (deposit["posted_fen"], deposit["held_fen"]) == (250, 0)


async def test_holding_is_idempotent_by_use_id_even_at_once(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(1_000)
    held = await asyncio.gather(*(market.hold(contract_id, "case", "use_1") for _ in range(8)))
    assert set(held) == {250}
    assert (await market.deposit())["held_fen"] == 250
    other = (await market.contracted())["contract_id"]
    assert await reason_of(market.hold(other, "", "use_1")) == "UseIdTaken"


async def test_a_policy_case_is_charged_once_in_24_hours(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(10_000)
    assert [await market.use(contract_id, "case-1") for _ in range(3)] == [250, 0, 0]
    assert await market.use(contract_id, "case-2") == 250
    await market.running.clock.advance(hours=23, minutes=59)
    assert await market.use(contract_id, "case-1") == 0
    await market.running.clock.advance(minutes=2)
    assert await market.use(contract_id, "case-1") == 250
    other = (await market.contracted())["contract_id"]
    assert await market.use(other, "case-1") == 250
    assert (await market.deposit())["posted_fen"] == 10_000 - 4 * 250


async def test_calls_of_one_case_at_once_hold_once(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(10_000)
    held = await asyncio.gather(*(market.hold(contract_id, "case") for _ in range(8)))
    assert sorted(held) == [0] * 7 + [250]


@pytest.mark.parametrize("metered_first", [False, True])
async def test_when_the_covering_use_is_refused_the_next_one_pays(market: Market, metered_first: bool) -> None:  # noqa: FBT001 - a case of the test
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(250)
    for use_id in ("use_1", "use_2", "use_3"):
        await market.hold(contract_id, "case", use_id)
    if metered_first:
        await market.meter("use_2", contract_id)
    await market.refuse("use_1", contract_id)
    if not metered_first:
        await market.meter("use_2", contract_id)
    await market.meter("use_3", contract_id)
    deposit = await market.deposit()
    assert (deposit["posted_fen"], deposit["held_fen"]) == (0, 0)
    assert await market.hold(contract_id, "case") == 0


async def test_an_empty_deposit_is_unpaid_and_told_once(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    assert await reason_of(market.hold(contract_id)) == "DepositExhausted"
    await market.topped_up(250)
    await market.hold(contract_id)
    for _ in range(2):
        assert await reason_of(market.hold(contract_id)) == "DepositExhausted"
    told = [type(event).__name__ for event in await market.running.told()]
    assert told.count("DepositExhausted") == 2  # once before money came in, once after
    assert (await market.deposit())["available_fen"] == 0


async def test_spending_at_once_never_overdraws(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(250 * 5 + 249)
    outcomes = await asyncio.gather(*(reason_of(market.hold(contract_id)) for _ in range(16)))
    assert sorted(outcomes) == [""] * 5 + ["DepositExhausted"] * 11
    assert (await market.deposit())["available_fen"] == 249


async def test_a_use_needs_a_contract_in_force(market: Market) -> None:
    order = await market.ordered()
    await market.topped_up(1_000)
    assert await reason_of(market.hold(order["contract_id"])) == "ContractNotInForce"
    assert await reason_of(market.hold("ctr_x")) == "ContractNotFound"
    contract_id = (await market.contracted(term_days=1))["contract_id"]
    await market.running.clock.advance(days=1, seconds=1)
    assert await reason_of(market.hold(contract_id)) == "ContractNotInForce"


async def test_a_fixed_price_is_held_when_paid_and_charged_when_accepted(market: Market) -> None:
    contract = await market.contracted(billing="fixed", price_fen=90_001)
    contract_id, place = contract["contract_id"], f"/orders/{contract['order_id']}"
    assert await reason_of(market.hold(contract_id, mode="file")) == "OrderUnpaid"
    refused(await market.buyer.post(f"{place}:pay"), 402, "DepositExhausted")
    await market.topped_up(100_000)
    refused(await market.buyer.post(f"{place}:accept"), 409, "StepNotAllowed")
    assert done(await market.buyer.post(f"{place}:pay"))["state"] == "PAID"
    assert await market.use(contract_id, mode="file") == 0
    assert done(await market.buyer.get(place))["state"] == "DELIVERED"
    assert (await market.deposit())["held_fen"] == 90_001
    refused(await market.stranger.post(f"{place}:accept"), 404, "OrderNotFound")
    done(await market.buyer.post(f"{place}:accept"))
    await market.running.drain()
    assert done(await market.buyer.get(place))["state"] == "SETTLED"
    books = done(await market.provider.get("/reconciliations", params={"contract_id": contract_id}))
    assert books["charged_fen"] == books["settled_fen"] == books["bank_statement_fen"] == 90_001
    assert books["differences"] == []


async def test_the_same_seed_misbehaves_the_same() -> None:
    payers = [Misbehaviour(seed, 300_000, 300_000, 200_000) for seed in (1, 1, 2)]
    one, again, other = ([payer.delays(number) for number in range(50)] for payer in payers)
    assert one == again != other
    assert {len(delays) for delays in itertools.chain(one)} == {0, 1, 2}


async def test_asking_for_an_unknown_reference_finds_nothing(market: Market) -> None:
    assert not await deposits.ask_payer(market.ports, new_id("top"))
