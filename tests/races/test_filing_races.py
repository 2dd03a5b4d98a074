"""Two parties hand in the same bytes at once; two sides of a bill confirm and dispute it at once."""

import pytest

from tests.races.racing import CALLERS, LOST, Call, Caller, Tally
from tests.rights.conftest import Centre, centre
from tests.rights.conftest import done as rights_done
from tests.rights.fakes import DESIGNER, OTHER
from tests.trading.conftest import Market, market

__all__ = ["centre", "market"]
FEW, MANY = 6, 500
SIZES = [
    pytest.param(FEW, id="few"),
    pytest.param(MANY, id="many", marks=[pytest.mark.promises, pytest.mark.timeout(0)]),
]


@pytest.mark.parametrize("rounds", SIZES)
async def test_the_same_bytes_are_registered_by_one_of_two(centre: Centre, rounds: int) -> None:
    tally = Tally(seed=10)
    for turn in range(rounds):
        rows = [f"{turn},{number}" for number in range(20)]
        callers = []
        for side in (DESIGNER, OTHER):
            filed = await centre.draft(centre.catalog.publish(side, rows=rows, content=f"bytes {turn}"))
            callers += [Caller(side, _handing_in(centre, side, filed["registration_id"]))] * (CALLERS // 2)
        await tally.one_winner(callers)
    tally.must_be_sound(DESIGNER, OTHER)
    assert await centre.running.violations() == []


def _handing_in(centre: Centre, party_id: str, registration_id: str) -> Call:
    async def call() -> str:
        answer = await centre.clients[party_id].post(f"/registrations/{registration_id}:submit")
        return registration_id if answer.is_success else LOST

    return call


@pytest.mark.parametrize("rounds", SIZES)
async def test_a_bill_is_settled_or_disputed_never_both(market: Market, rounds: int) -> None:
    contract_id = str((await market.contracted())["contract_id"])
    await market.topped_up(250 * rounds)
    tally = Tally(seed=11)
    for _ in range(rounds):
        await market.use(contract_id)
        statement_id = (await market.statement(contract_id))["statement_id"]
        path = f"/statements/{statement_id}"
        rights_done(await market.provider.post(f"{path}:confirm"))

        async def confirm(path: str = path) -> str:
            return "confirmed" if (await market.buyer.post(f"{path}:confirm")).is_success else LOST

        async def dispute(path: str = path) -> str:
            answer = await market.provider.post(f"{path}:dispute", json={"reason": "调用次数不符"})
            return "disputed" if answer.is_success else LOST

        winners = await tally.race([Caller("confirm", confirm), Caller("dispute", dispute)] * (CALLERS // 2))
        sides = [side for side, _ in winners]
        state = rights_done(await market.provider.get(path))["state"]
        tally.won[state] += 1
        # After a dispute the bill may still be confirmed by the buyer, yet never by both.
        if sides.count("dispute") > 1 or (state == "DISPUTED") != ("dispute" in sides):
            tally.faults.append(f"round {tally.rounds}: {state}, {winners}")
    tally.must_be_sound("DISPUTED")
    assert set(tally.won) <= {"DISPUTED", "SETTLING", "SETTLED"}
    if rounds == MANY:
        assert len(tally.won) > 1, f"{dict(tally.won)}"
    await market.running.drain()
