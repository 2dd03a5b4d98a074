"""What catalog does by itself: it carries on with every version that is not finished."""

from catalog.use_cases.publishing import carry_on
from kernel.jobs import Job

JOBS = [Job("carry_on_versions", every_seconds=0.3, run=carry_on)]
