"""What onboarding does by itself."""

from kernel.jobs import Job
from onboarding.use_cases.clock import spread_clock
from onboarding.use_cases.sessions import forget_lapsed

JOBS = (
    Job("spread_clock", every_seconds=1.0, run=spread_clock),
    Job("forget_lapsed", every_seconds=60.0, run=forget_lapsed),
)
