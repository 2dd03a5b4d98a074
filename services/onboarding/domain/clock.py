"""The market's clock: an absolute pair of instants, which moves business time forward and never back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.clock import ClockNotMovable
from onboarding.domain.refusals import ClockBeyondPresent, ClockWouldGoBack

SNAP = timedelta(seconds=5)  # a wish for "now" that arrives a moment later still ends exactly at the present


@dataclass(frozen=True)
class ClockSetting:
    """Business time was ``business_at`` when machine time was ``machine_at``."""

    revision: int
    business_at: datetime
    machine_at: datetime


@dataclass(frozen=True)
class ClockRules:
    """What an operator of this deployment may do to time."""

    movable: bool = False
    may_pass_present: bool = False


@dataclass(frozen=True)
class ClockReading:
    """Business time now, how far it is from machine time, and who does not keep it yet."""

    business_at: datetime
    offset_seconds: float
    movable: bool
    pending_services: tuple[str, ...]


def next_business_time(
    wish: datetime, *, business_now: datetime, machine_now: datetime, begins: bool, rules: ClockRules
) -> datetime:
    """The business time to set at this machine time; refused when it would go back or pass the present.

    ``begins``: nothing has happened in the market yet, so its time may begin in the past.
    """
    if not rules.movable:
        raise ClockNotMovable
    if business_now - wish > SNAP and not begins:
        raise ClockWouldGoBack(now_at=business_now.isoformat())
    target = machine_now if abs(wish - machine_now) <= SNAP else wish
    if target > machine_now and not rules.may_pass_present:
        raise ClockBeyondPresent(present_at=machine_now.isoformat())
    return target if begins else max(target, business_now)
