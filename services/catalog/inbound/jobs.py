"""What catalog does by itself: it carries on with every version that is not finished, and clears away."""

from catalog.use_cases.publishing import carry_on
from catalog.use_cases.uploads import sweep_uploads
from kernel.jobs import Job

JOBS = [
    Job("carry_on_versions", every_seconds=0.3, run=carry_on),
    Job("sweep_uploads", every_seconds=60, run=sweep_uploads),
]
