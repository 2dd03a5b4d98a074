"""What delivery does by the clock."""

from delivery.use_cases.entitlements import warm_rooms
from delivery.use_cases.uses import close_abandoned
from kernel.jobs import Job


def jobs(*, warm: bool) -> list[Job]:
    """Close what a stop left half-way; make rooms ready."""
    closing = Job("close_abandoned_uses", every_seconds=2.0, run=close_abandoned)
    return [closing, Job("warm_rooms", every_seconds=5.0, run=warm_rooms)] if warm else [closing]
