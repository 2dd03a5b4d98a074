"""The ledger against a model: whatever is topped up, held, metered, refused and waited for, both end the same."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.ids import new_id
from kernel.refusals import Unpaid
from tests.trading.conftest import Market, done
from trading.domain.holds import Metered, Use
from trading.use_cases.uses import hold_for_use

PRICE = 250
STEPS = st.one_of(
    st.tuples(st.just("top_up"), st.integers(1, 1_000)),
    st.tuples(st.just("hold"), st.integers(0, 2)),
    st.tuples(st.just("meter"), st.integers(0, 9)),
    st.tuples(st.just("refuse"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)


@dataclass
class Modelled:
    """One hold of the model."""

    case: int
    held_at: datetime
    amount: int
    covered_by: str = ""
    state: str = "OPEN"


@dataclass
class Model:
    """The rules said once more, in a dictionary."""

    posted: int = 0
    holds: dict[str, Modelled] = field(default_factory=dict)
    windows: dict[int, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(each.amount for each in self.holds.values() if each.state == "OPEN")

    def hold(self, use_id: str, case: int, at: datetime) -> int | None:
        opener, until = self.windows.get(case, ("", at))
        if case and until > at:
            self.holds[use_id] = Modelled(case, at, 0, opener)
            return 0
        if self.posted - self.held < PRICE:
            return None
        self.holds[use_id] = Modelled(case, at, PRICE)
        if case:
            self.windows[case] = (use_id, at + timedelta(hours=24))
        return PRICE

    def meter(self, use_id: str) -> None:
        hold = self.holds[use_id]
        if hold.state == "OPEN":
            hold.state = "CHARGED" if hold.amount else "COVERED"
            self.posted -= hold.amount

    def refuse(self, use_id: str) -> None:
        hold = self.holds[use_id]
        if hold.state != "OPEN":
            return
        hold.state = "RELEASED"
        if not hold.case or self.windows[hold.case][0] != use_id:
            return
        heirs = [name for name, each in self.holds.items()
                 if each.covered_by == use_id and each.state in {"OPEN", "COVERED"}]  # fmt: skip
        if not heirs or not hold.amount:
            del self.windows[hold.case]
            return
        heir = self.holds[heirs[0]]
        for name in heirs[1:]:
            self.holds[name].covered_by = heirs[0]
        heir.amount, hold.amount, heir.covered_by = hold.amount, 0, ""
        self.windows[hold.case] = (heirs[0], heir.held_at + timedelta(hours=24))
        if heir.state == "COVERED":
            heir.state = "OPEN"
            self.meter(heirs[0])


async def play(market: Market, contract_id: str, model: Model, step: tuple[str, int]) -> None:
    """One step in both worlds."""
    name, number = step
    at = await market.running.clock.now()
    names = list(model.holds)
    if name == "top_up":
        await market.topped_up(number)
        model.posted += number
    elif name == "wait":
        await market.running.clock.advance(hours=number)
    elif name == "hold":
        use_id = new_id("use")
        case = f"case-{number}" if number else ""
        held: int | None = None
        with suppress(Unpaid):
            held = await hold_for_use(market.ports, Use(use_id, contract_id, "underwriting", case))
        assert held == model.hold(use_id, number, at)
    elif names and name == "meter":
        async with market.ports.work() as work:
            await work.uses.charge([Metered(names[number % len(names)], at, "d")], at)
        model.meter(names[number % len(names)])
    elif names:
        async with market.ports.work() as work:
            await work.uses.release(names[number % len(names)], at)
        model.refuse(names[number % len(names)])


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=5, max_size=30))
async def test_the_ledger_agrees_with_its_model(market: Market, steps: list[tuple[str, int]]) -> None:
    contract_id = (await market.contracted())["contract_id"]
    before = await market.deposit()
    model = Model(posted=before["available_fen"])
    kept = before["posted_fen"] - before["available_fen"]  # held for the contracts of earlier rounds
    for step in steps:
        await play(market, contract_id, model, step)
        deposit = await market.deposit()
        assert (deposit["posted_fen"] - kept, deposit["held_fen"] - kept) == (model.posted, model.held)
    books = done(await market.provider.get("/reconciliations", params={"contract_id": contract_id}))
    charged = [each for each in model.holds.values() if each.state == "CHARGED"]
    assert (books["calls"], books["charged_fen"]) == (len(charged), sum(each.amount for each in charged))
    assert await market.running.violations() == []
