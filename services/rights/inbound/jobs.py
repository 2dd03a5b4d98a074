"""Clocks, certificates in the making, and certificates that ran out."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from kernel.jobs import Job
from kernel.refusals import Refusal
from rights.ports import Registering
from rights.use_cases import certificates, reviews

log = structlog.get_logger()


async def _each(names: Sequence[str], step: Callable[[str], Awaitable[bool]]) -> int:
    """Take each a step on; what is refused stays for the next round and does not hold the others up."""
    moved = 0
    for name in names:
        try:
            moved += await step(name)
        except Refusal as refusal:
            log.info("step waits", what=name, reason=refusal.reason)
    return moved


async def run_clocks(app: Registering) -> int:
    """What time alone brings about."""
    return await _each(await reviews.overdue(app), lambda name: reviews.run_clock(app, name))


async def advance_certificates(app: Registering) -> int:
    """Asking for the proofs of what is under way is cheaper than hearing every deposit of the market."""
    return await _each(await certificates.under_way(app), lambda name: certificates.advance(app, name))


JOBS = [
    Job("run_registration_clocks", every_seconds=1.0, run=run_clocks),
    Job("advance_certificates", every_seconds=0.25, run=advance_certificates),
    Job("tell_expired_certificates", every_seconds=5.0, run=certificates.tell_expired),
]
