"""Clocks, certificates in the making, and certificates that ran out."""

import structlog

from kernel.jobs import Job
from kernel.refusals import Refusal
from rights.ports import Registering
from rights.use_cases import certificates, reviews

log = structlog.get_logger()


async def advance_certificates(app: Registering) -> int:
    """Asking for the proofs of what is under way is cheaper than hearing every deposit of the market."""
    try:
        return await certificates.advance_certificates(app)
    except Refusal as refusal:
        log.info("certificates wait", reason=refusal.reason)
        return 0


JOBS = [
    Job("run_registration_clocks", every_seconds=1.0, run=reviews.run_clocks),
    Job("advance_certificates", every_seconds=0.25, run=advance_certificates),
    Job("tell_expired_certificates", every_seconds=5.0, run=certificates.tell_expired),
]
