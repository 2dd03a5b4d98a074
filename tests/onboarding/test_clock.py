"""The market's clock goes forward, on every service, or says which one does not follow."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import SHANGHAI
from kernel.refusals import Refusal, TemporarilyUnavailable
from kernel.rpc import Peer
from kernel.tokens import ServiceKeys
from onboarding.domain.clock import SNAP, ClockRules, ClockSetting, next_business_time
from onboarding.outbound.clocks import PeerClocks
from onboarding.use_cases.clock import spread_clock
from tests.conftest import StartService
from tests.onboarding.building import Onboarded, refused, start_onboarding

NAMES = ("catalog", "rights", "evidence")


class FakeClocks:
    """Other services' clocks; some may be away."""

    def __init__(self) -> None:
        self.names = NAMES
        self.away: set[str] = set()
        self.held: dict[str, ClockSetting] = {}

    async def set(self, service: str, setting: ClockSetting) -> None:
        if service in self.away:
            raise TemporarilyUnavailable
        self.held[service] = setting


@pytest.fixture
def clocks() -> FakeClocks:
    return FakeClocks()


@pytest.fixture
async def market(service: StartService, clocks: FakeClocks) -> Onboarded:
    """A market in which nobody but the operator is."""
    return await start_onboarding(service, clocks=clocks)


async def _advance(market: Onboarded, at: datetime, **headers: str):
    return await market.operator.post("/clock:advance", json={"business_at": at.isoformat()}, headers=headers)


async def _reading(market: Onboarded) -> Any:
    return (await market.public.get("/clock")).json()


async def test_eight_who_move_the_clock_at_once_never_set_it_back(market: Onboarded) -> None:
    begins = datetime(2026, 8, 3, 9, tzinfo=SHANGHAI)
    await _advance(market, begins)
    answers = await asyncio.gather(*(_advance(market, begins + timedelta(days=7)) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {200, 503}, "503: the others hold it a moment later"
    assert await market.running.violations() == []


async def test_a_new_market_begins_in_the_past_and_ends_at_the_present(market: Onboarded, clocks: FakeClocks) -> None:
    assert (await _reading(market))["offset_seconds"] == 0
    past = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    answer = await _advance(market, past)
    assert answer.status_code == 200, answer.text
    assert set(clocks.held) == set(NAMES)
    assert {setting.business_at for setting in clocks.held.values()} == {past}
    assert datetime.fromisoformat((await _reading(market))["business_at"]) - past < timedelta(minutes=1)
    assert (await market.apply()).view["applied_at"].startswith("2026-03-02T09:")
    assert (await _advance(market, past + timedelta(days=10))).status_code == 200
    end = await _advance(market, datetime.now(SHANGHAI))
    assert (end.json()["offset_seconds"], end.json()["pending_services"]) == (0, [])
    assert await market.running.violations() == []


async def test_time_never_goes_back_once_somebody_is_there(market: Onboarded) -> None:
    await market.apply()
    refused(await _advance(market, datetime.now(SHANGHAI) - timedelta(days=1)), "clock-would-go-back", 409)


async def test_time_begins_once(market: Onboarded) -> None:
    past = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    await _advance(market, past)
    problem = refused(await _advance(market, past - timedelta(days=1)), "clock-would-go-back", 409)
    assert problem["now_at"].startswith("2026-03-02T09:")


async def test_time_does_not_pass_the_present(market: Onboarded) -> None:
    refused(await _advance(market, datetime.now(SHANGHAI) + timedelta(days=1)), "clock-beyond-present", 409)


async def test_where_the_clock_is_fixed_it_stays(market: Onboarded) -> None:
    rules = replace(market.running.ports.rules, clock=ClockRules(movable=False))
    object.__setattr__(market.running.ports, "rules", rules)
    assert not (await _reading(market))["movable"]
    refused(await _advance(market, datetime.now(SHANGHAI)), "clock-not-movable", 403)


async def test_only_the_operator_moves_it(market: Onboarded) -> None:
    client = await (await market.party()).log_in()
    answer = await client.post("/clock:advance", json={"business_at": "2026-03-02T09:00:00+08:00"})
    refused(answer, "role-missing", 403)
    refused(await _advance(market, datetime(2026, 3, 2)), "invalid-fields", 422)  # noqa: DTZ001 - the point of it


async def test_a_service_that_is_away_gets_the_time_when_it_is_back(market: Onboarded, clocks: FakeClocks) -> None:
    clocks.away = {"rights"}
    past = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    headers = {"Idempotency-Key": "clock-1"}
    problem = refused(await _advance(market, past, **headers), "clock-not-yet-held", 503)
    assert problem["pending_services"] == ["rights"]
    again = refused(await _advance(market, past, **headers), "key-unfinished", 409)
    assert again["resource"] == "/onboarding/v1/clock"
    assert (await _reading(market))["pending_services"] == ["rights"]
    assert "rights" not in clocks.held
    clocks.away = set()
    await market.running.drain()
    assert (await _reading(market))["pending_services"] == []
    assert clocks.held["rights"] == clocks.held["catalog"]


async def test_a_stop_after_the_decision_leaves_nothing_undone(market: Onboarded, clocks: FakeClocks) -> None:
    past = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    async with market.running.ports.work(None) as work:
        await work.market_clock.set(past, work.machine_now, NAMES)
    await market.running.drain()
    assert set(clocks.held) == set(NAMES)
    assert (await _reading(market))["pending_services"] == []


async def test_an_answer_to_an_older_setting_does_not_settle_the_newer(market: Onboarded) -> None:
    async with market.running.ports.work(None) as work:
        old = await work.market_clock.set(work.now, work.machine_now, NAMES)
        await work.market_clock.set(work.now, work.machine_now, NAMES)
        await work.market_clock.held("rights", old.revision)
        assert "rights" in await work.market_clock.pending()
    assert await spread_clock(market.running.ports) == len(NAMES)


async def test_the_same_key_moves_it_once(market: Onboarded) -> None:
    past = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    headers = {"Idempotency-Key": "clock-1"}
    first, again = await _advance(market, past, **headers), await _advance(market, past, **headers)
    assert (again.status_code, again.json()) == (200, first.json())


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001 - given a zone beside


@given(wish=moments, business_now=moments, machine_now=moments, begins=st.booleans())
def test_whatever_is_wished_time_neither_goes_back_nor_passes_the_present(
    wish: datetime, business_now: datetime, machine_now: datetime, *, begins: bool
) -> None:
    business_now = min(business_now, machine_now)
    try:
        at = next_business_time(
            wish, business_now=business_now, machine_now=machine_now, begins=begins, rules=ClockRules(movable=True)
        )
    except Refusal as refusal:
        assert refusal.reason in {"ClockWouldGoBack", "ClockBeyondPresent"}  # noqa: PT017 - either answer is right
    else:
        assert at <= machine_now
        assert begins or at >= business_now
        assert abs(at - wish) <= SNAP


async def test_another_service_keeps_the_time_over_its_own_door(service: StartService, tmp_path: Path) -> None:
    evidence = await service("evidence")
    address = f"unix:{tmp_path / 'evidence.sock'}"
    await evidence.host.listen(address)
    channel = grpc.aio.insecure_channel(address)
    keys = ServiceKeys(tmp_path / "keys", "onboarding")
    clocks = PeerClocks(lambda name: Peer(name, channel, keys), ["evidence"])
    market = await start_onboarding(service, clocks=clocks)
    past = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    assert (await _advance(market, past)).json()["pending_services"] == []
    assert (await evidence.clock.now()) - past < timedelta(minutes=1)
    assert abs((await evidence.clock.now()) - (await market.running.clock.now())) < timedelta(seconds=1)
    await channel.close(None)
    await evidence.host.close()


async def test_a_service_that_nobody_answers_for_is_named(service: StartService, tmp_path: Path) -> None:
    channel = grpc.aio.insecure_channel(f"unix:{tmp_path / 'nobody.sock'}")
    keys = ServiceKeys(tmp_path / "keys", "onboarding")
    clocks = PeerClocks(lambda name: Peer(name, channel, keys), ["evidence"], deadline_seconds=0.3)
    market = await start_onboarding(service, clocks=clocks)
    problem = refused(await _advance(market, datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)), "clock-not-yet-held", 503)
    assert problem["pending_services"] == ["evidence"]
    await channel.close(None)
