"""The races over HTTP, against several processes of the same services, over Kafka."""

import asyncio
import random
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from market.demo.rights_steps import file
from tests.market.process import folder_for_a_market
from tests.promises.stack_world import need_servers
from tests.promises.verdict import judge
from tests.promises.workload import _table
from tests.races.processes import Several, several
from tests.races.racing import LOST, Call, Caller, Tally
from tests.races.tenants import Right

ROUNDS = 100
SEED = 17
LATE_SECONDS = 0.05
PRICE_FEN = 36_000
TAKERS = dict.fromkeys(("pledge", "sale", "transfer"), "taker")
NAME = "2026年青岛市城阳区工业生产台账数据集"
pytestmark = [pytest.mark.promises, pytest.mark.timeout(1800), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenants() -> AsyncIterator[Several]:
    """One market for all races; at the end everything that is checked after faults is checked here too."""
    need_servers()
    with folder_for_a_market() as data:
        async with several(data, SEED) as market:
            yield market
            verdict = await judge(market.world, await market.workload.actors())
            assert verdict.violations == []


def chance_of(round_number: int = 0) -> random.Random:
    return random.Random(SEED * 1_000_003 + round_number)  # noqa: S311 - the same at each run


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def right(tenants: Several) -> Right:
    """A right that everybody is after."""
    return await Right.made(tenants, chance_of())


async def test_of_pledges_sales_and_transfers_exactly_one_gets_the_right(right: Right) -> None:
    tally = Tally(SEED, LATE_SECONDS)
    for _ in range(ROUNDS):
        await right.ready()
        await tally.one_winner([
            *right.pledges("bank")[:2], *right.pledges("second_bank")[1:3], *right.sales(), *right.transfers()[:1],
        ])  # fmt: skip
        if len(live := await right.live()) != 1:
            tally.faults.append(f"round {tally.rounds}: {live}")
        await right.free()
    tally.must_be_sound("pledge", "sale", "transfer")


async def test_a_seizure_always_stands_and_who_took_the_right_came_before_it(right: Right) -> None:
    tally = Tally(SEED + 1, LATE_SECONDS, groups=TAKERS)
    for _ in range(ROUNDS):
        await right.ready()
        takers = [right.pledges("bank")[0], *right.pledges("second_bank")[2:], *right.sales()[:2], right.transfers()[1]]
        winners = await tally.race([*right.seizures(), *takers])
        live = await right.live()
        taken = {thing for side, thing in winners if side != "seizure"}
        tally.won["taker" if taken else "seizure"] += 1
        if live.count("SEIZURE") != 2 or len(taken) > 1 or len(live) != 2 + len(taken):
            tally.faults.append(f"round {tally.rounds}: {live}, {winners}")
        if taken and live[0] == "SEIZURE":
            tally.faults.append(f"round {tally.rounds}: taken after it was seized: {live}")
        await right.free()
    tally.must_be_sound("seizure", "taker")


async def test_a_right_given_back_goes_to_one_taker_or_to_none(right: Right) -> None:
    # Whoever takes it after it was given back has it: so it is the giving back that is held back when a taker won.
    tally = Tally(SEED + 2, LATE_SECONDS, groups=TAKERS, holds_back={"taker": "release", "release": "taker"})
    for _ in range(ROUNDS):
        await right.ready()
        pledge = await right.pledges("bank")[0].call()
        right.freeing.clear()
        officers = right.several.both("bank", "bank_2")
        releases = [Caller("release", partial(right.cancel, officer, pledge)) for officer in officers]
        takers = [right.pledges("second_bank")[0], *right.sales()[:2], right.transfers()[0]]
        winners = await tally.race([*releases, *takers])
        taken = {thing for side, thing in winners if side != "release"}
        tally.won["taker" if taken else "release"] += 1
        if len(taken) > 1 or len(await right.live()) != len(taken) or not {"release"} & {side for side, _ in winners}:
            tally.faults.append(f"round {tally.rounds}: {winners}, {await right.live()}")
        await right.free()
    tally.must_be_sound("release", "taker")


async def test_a_deposit_for_one_order_pays_one_order(tenants: Several) -> None:
    asset = await tenants.workload.publish("co_designer", chance_of(1))
    listing = await _listed(tenants, asset)
    waiting = [await _contracted(tenants, asset, listing) for _ in range(8)]
    tally = Tally(SEED + 3, LATE_SECONDS)
    for _ in range(ROUNDS):
        await tenants.workload._top_up(tenants.workload.stage["insurer"], PRICE_FEN)
        buyers = tenants.both("insurer")
        callers = [
            Caller(("one", "other")[place % 2], _paying(buyers[place % 2], order))
            for place, order in enumerate(waiting)
        ]  # fmt: skip
        _, paid = await tally.one_winner(callers)
        waiting = [order for order in waiting if order != paid] + [await _contracted(tenants, asset, listing)]
        waiting = waiting[:8]
    tally.must_be_sound("one", "other")
    deposit = await tenants.workload.stage["insurer"].get("/trading/v1/deposits/mine")
    assert (deposit["available_fen"], deposit["held_fen"]) == (0, ROUNDS * PRICE_FEN)


async def _listed(tenants: Several, asset: Any) -> str:
    owner = tenants.workload.stage[asset.owner]
    listing = await owner.post("/trading/v1/listings", {
        "product_id": asset.product_id, "billing": "fixed", "price_fen": PRICE_FEN, "exclusive": False,
        "term_days": 365, "purposes": ["analysis"], "version_selector": f"pinned:{asset.version_id}",
        "split": [{"role": "provider", "party_id": owner.party_id, "share_ppm": 1_000_000}],
    })  # fmt: skip
    return str(listing["listing_id"])


async def _contracted(tenants: Several, asset: Any, listing: str) -> str:
    buyer, owner = tenants.workload.stage["insurer"], tenants.workload.stage[asset.owner]
    order = await buyer.post("/trading/v1/orders", {"listing_id": listing, "purpose": "analysis"})
    for actor in (owner, buyer):
        signature = actor.sign(order["contract"]["agreement"].encode(), "yaosu-agreement")
        await actor.post(f"/trading/v1/contracts/{order['contract']['contract_id']}:sign", {"signature": signature})
    return str(order["order_id"])


def _paying(buyer: Any, order: str) -> Call:
    async def call() -> str:
        await buyer.post(f"/trading/v1/orders/{order}:pay")
        return order

    return call


async def test_one_key_sent_eight_times_at_once_by_two_doors_is_one_payment(tenants: Several) -> None:
    buyers, made = tenants.both("facility"), []
    for turn in range(ROUNDS):
        key, barrier = f"race-{turn}", asyncio.Barrier(8)

        async def one(place: int, key: str = key, barrier: asyncio.Barrier = barrier) -> str:
            await barrier.wait()
            asked = await buyers[place % 2].post("/trading/v1/top-ups", {"amount_fen": 1}, key=key)
            return str(asked["top_up_id"])

        made.append(set(await asyncio.gather(*map(one, range(8)))))
    assert [len(ids) for ids in made] == [1] * ROUNDS
    ids = [top_up for named in made for top_up in named]
    assert len(set(ids)) == ROUNDS
    for top_up in ids:
        await buyers[0].until(f"/trading/v1/top-ups/{top_up}", "state", "RECEIVED")
    deposit = await buyers[0].get("/trading/v1/deposits/mine")
    assert deposit["available_fen"] == ROUNDS


async def test_the_same_bytes_are_registered_by_one_of_two(tenants: Several) -> None:
    tally, content = Tally(SEED + 4, LATE_SECONDS), _table(chance_of(2))
    copies = {name: await _copy(tenants, name, content) for name in ("designer", "co_designer")}
    filed = {name: await _filed(tenants, name, copy) for name, copy in copies.items()}
    for _ in range(ROUNDS):
        side, path = await tally.one_winner([
            Caller(name, _submitting(actor, path))
            for name, path in filed.items() for actor in tenants.both(name) * 2
        ])  # fmt: skip
        if not path:
            break  # nobody won, which the tally has written down
        await tenants.workload.stage[side].post(f"{path}:withdraw")
        filed[side] = await _filed(tenants, side, copies[side])
    tally.must_be_sound("designer", "co_designer")


async def _copy(tenants: Several, name: str, content: bytes) -> tuple[str, str]:
    """The same bytes as a dataset of this party's."""
    workload, owner = tenants.workload, tenants.workload.stage[name]
    dataset = await owner.post("/catalog/v1/datasets", {
        "title": "台账", "title_en": "Records", "description": "生产台账。", "description_en": "Records of production.",
        "theme": "community", "form": "table", "source_kind": "own_production",
    })  # fmt: skip
    return dataset["dataset_id"], await workload._version(owner, dataset["dataset_id"], content)


async def _filed(tenants: Several, name: str, copy: tuple[str, str]) -> str:
    """Everything up to the handing in."""
    return await file(
        tenants.workload.stage[name], {"dataset_id": copy[0]}, profile="nda-2026", version_id=copy[1], name=NAME,
        source_kind="own_production",
    )  # fmt: skip


def _submitting(actor: Any, path: str) -> Call:
    async def call() -> str:
        submitted = await actor.post(f"{path}:submit")
        return path if submitted["state"] == "SUBMITTED" else LOST

    return call
