"""The market's clock: the operator moves it, every service keeps it, a job goes on with those that did not answer."""

import asyncio
from datetime import datetime

from kernel.refusals import Refusal
from kernel.work import Ticket
from onboarding.domain.clock import ClockReading, next_business_time
from onboarding.domain.refusals import ClockNotYetHeld
from onboarding.ports import Onboarding, Work

READ_AT = "/onboarding/v1/clock"


async def advance_clock(app: Onboarding, once: Ticket, business_at: datetime) -> ClockReading:
    """Decide on the new time, keep it here, then have every other service keep it."""
    async with app.work(once) as work:
        # Whoever had the turn before may have moved the clock since this transaction began.
        business_now, machine_now = await work.market_clock.take_turn(), work.machine_now
        begins = await work.market_clock.newest() is None and await work.parties.only_operators()
        target = next_business_time(
            business_at, business_now=business_now, machine_now=machine_now, begins=begins, rules=app.rules.clock
        )
        await work.market_clock.set(target, machine_now, app.clocks.names)
        work.promise(READ_AT)
    await spread_clock(app)
    async with app.work(once) as work:
        reading = await _reading(app, work)
        if reading.pending_services:
            raise ClockNotYetHeld(pending_services=list(reading.pending_services))
        return work.settle(reading)


async def spread_clock(app: Onboarding) -> int:
    """Set the newest pair on every service that does not hold it; returns how many took it. What fails waits."""
    async with app.work(None) as work:
        setting, pending = await work.market_clock.newest(), await work.market_clock.pending()
    if setting is None or not pending:
        return 0
    answers = await asyncio.gather(*(app.clocks.set(name, setting) for name in pending), return_exceptions=True)
    taken = [name for name, answer in zip(pending, answers, strict=True) if answer is None]
    async with app.work(None) as work:
        for name in taken:
            await work.market_clock.held(name, setting.revision)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
    return len(taken)


async def read_clock(app: Onboarding) -> ClockReading:
    """Business time, and who does not keep it yet."""
    async with app.work(None) as work:
        return await _reading(app, work)


async def _reading(app: Onboarding, work: Work) -> ClockReading:
    offset = (work.now - work.machine_now).total_seconds()
    pending = tuple(await work.market_clock.pending())
    return ClockReading(work.now, offset, app.rules.clock.movable, pending)
