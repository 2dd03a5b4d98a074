"""The market's clock over HTTP."""

from datetime import datetime
from typing import Self

from kernel.web import PUBLIC, Moment, OnceKey, Router, Shape, View, allow
from onboarding.domain.clock import ClockReading
from onboarding.inbound.http.given import Ports
from onboarding.use_cases import clock

router = Router(tags=["clock"])


class ClockAdvance(Shape):
    """To when."""

    business_at: Moment


class ClockView(View):
    """Business time, how far it is from real time, and who does not keep it yet."""

    business_at: datetime
    offset_seconds: float
    movable: bool
    pending_services: list[str]

    @classmethod
    def of(cls, reading: ClockReading) -> Self:
        """From the reading."""
        return cls(
            business_at=reading.business_at, offset_seconds=reading.offset_seconds, movable=reading.movable,
            pending_services=list(reading.pending_services),
        )  # fmt: skip


@router.get("/clock", dependencies=[PUBLIC])
async def read_clock(onboarding: Ports) -> ClockView:
    """What time it is in the market."""
    return ClockView.of(await clock.read_clock(onboarding))


@router.post("/clock:advance", dependencies=[allow("operator")])
async def advance_clock(advance: ClockAdvance, onboarding: Ports, once: OnceKey) -> ClockView:
    """Move business time forward on every service; only in a demonstration or test market."""
    return ClockView.of(await clock.advance_clock(onboarding, once, advance.business_at))
