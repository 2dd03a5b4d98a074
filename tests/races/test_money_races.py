"""Spending the same deposit, charging and giving back the same hold, and one key used at once."""

import asyncio

import httpx
import pytest
from sqlalchemy import text

from kernel.ids import new_id
from kernel.told import Told, ToldTogether
from tests.races.racing import CALLERS, Call, Caller, Tally
from tests.trading.conftest import Market, market
from trading.domain.holds import Metered
from trading.use_cases import uses

__all__ = ["market"]
FEW, MANY = 6, 500
SIZES = [
    pytest.param(FEW, id="few"),
    pytest.param(MANY, id="many", marks=[pytest.mark.promises, pytest.mark.timeout(0)]),
]
NEGATIVE_ROUNDS_MAX = 60
PRICE_FEN = 250


def _spending(market: Market, contract_id: str) -> Call:
    async def call() -> str:
        use_id = new_id("use")
        await market.hold(contract_id, use_id=use_id)
        return use_id

    return call


async def _spend(market: Market, tally: Tally, contract_id: str) -> str:
    callers = [Caller(side, _spending(market, contract_id)) for side in ["one", "other"] * (CALLERS // 2)]
    return (await tally.one_winner(callers))[1]


@pytest.mark.parametrize("rounds", SIZES)
async def test_a_deposit_for_one_use_is_spent_once(market: Market, rounds: int) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(PRICE_FEN)
    tally = Tally(seed=7)
    for _ in range(rounds):
        use_id = await _spend(market, tally, contract_id)
        await uses.release_use(market.ports, _told(), use_id)
    tally.must_be_sound("one", "other")


def _told() -> Told:
    return Told("yaosu.delivery.v1", new_id("evt"), new_id("use"), 1, "t", b"", None)  # type: ignore[arg-type]  # no time


@pytest.mark.parametrize("rounds", SIZES)
async def test_a_hold_is_charged_or_given_back_never_both(market: Market, rounds: int) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(PRICE_FEN * rounds)
    tally = Tally(seed=8)
    for _ in range(rounds):
        use_id = new_id("use")
        await market.hold(contract_id, use_id=use_id)
        async with market.ports.work() as work:
            now = work.now

        async def charge(use_id: str = use_id, now: object = now) -> str:
            metered = Metered(use_id, now, "d")  # type: ignore[arg-type]  # a moment
            await uses.charge_uses(market.ports, ToldTogether([_told()]), [uses.Charging(metered, contract_id, "")])
            return ""

        async def release(use_id: str = use_id) -> str:
            await uses.release_use(market.ports, _told(), use_id)
            return ""

        await tally.race([Caller("charge", charge), Caller("release", release)] * (CALLERS // 2))
        async with market.running.given.database.transaction() as conn:
            state = await conn.scalar(text("SELECT state FROM holds WHERE use_id = :it"), {"it": use_id})
        tally.won[str(state)] += 1
    tally.must_be_sound("CHARGED", "RELEASED")
    assert set(tally.won) <= {"CHARGED", "RELEASED"}
    deposit = await market.deposit()
    assert deposit["posted_fen"] == PRICE_FEN * (rounds - tally.won["CHARGED"])
    assert deposit["held_fen"] == 0


async def _order_eight_times(market: Market, listing_id: str, key: str) -> tuple[set[str], int]:
    """The orders that the answers name, and how many there are now."""
    barrier = asyncio.Barrier(CALLERS)

    async def one() -> httpx.Response:
        await barrier.wait()
        body = {"listing_id": listing_id, "purpose": "underwriting"}
        return await market.buyer.post("/orders", json=body, headers={"Idempotency-Key": key})

    answers = await asyncio.gather(*(one() for _ in range(CALLERS)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    async with market.running.given.database.transaction() as conn:
        kept = int(await conn.scalar(text("SELECT count(*) FROM orders")) or 0)
    return {answer.json()["order_id"] for answer in answers if answer.status_code == 201}, kept


@pytest.mark.parametrize("rounds", SIZES)
async def test_one_key_sent_eight_times_at_once_places_one_order(market: Market, rounds: int) -> None:
    listing_id = (await market.listed())["listing_id"]
    for turn in range(rounds):
        named, kept = await _order_eight_times(market, listing_id, f"k{turn}")
        assert len(named) == 1
        assert kept == turn + 1


async def test_keys_without_their_index_are_caught(market: Market) -> None:
    listing_id = (await market.listed())["listing_id"]
    async with market.running.given.database.transaction() as conn:
        await conn.execute(text("ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey"))
    kept = rounds = 0
    while kept == rounds and rounds < NEGATIVE_ROUNDS_MAX:
        _, kept = await _order_eight_times(market, listing_id, f"k{rounds}")
        rounds += 1
    assert kept > rounds


async def test_a_deposit_without_its_guard_is_caught(market: Market) -> None:
    contract_id = (await market.contracted())["contract_id"]
    await market.topped_up(PRICE_FEN)
    tally = Tally(seed=9)
    async with market.running.given.database.transaction() as conn:
        await conn.execute(text("ALTER TABLE accounts DROP CONSTRAINT guarded_account_covers"))
    await _spend(market, tally, contract_id)
    assert tally.faults
    async with market.running.given.database.transaction() as conn:  # as it was, for the checkers that look at the end
        await conn.execute(text("DELETE FROM holds"))
        await conn.execute(text("UPDATE accounts SET held_fen = 0"))
