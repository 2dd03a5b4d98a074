"""What pledge does by itself: it goes on with what was left half-way, and lets debts age."""

from kernel.jobs import Job
from pledge.ports import Pledging
from pledge.use_cases.steps import resume
from pledge.use_cases.watches import age_loans

BATCH = 50


async def resume_pledges(app: Pledging) -> int:
    """Take the next step of each pledge that waits for somebody outside."""
    return await resume(app, BATCH)


async def age_debts(app: Pledging) -> int:
    """Overdue and defaulted are computed from the calendar."""
    return await age_loans(app, BATCH)


JOBS = [
    Job("resume_pledges", every_seconds=1.0, run=resume_pledges),
    Job("age_debts", every_seconds=5.0, run=age_debts),
]
