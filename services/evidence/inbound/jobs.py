"""What evidence does by itself."""

from evidence.use_cases.logs import place_waiting_deposits
from kernel.jobs import Job


def jobs(sequencer_interval_seconds: float) -> list[Job]:
    """The one sequencer."""
    return [Job("place_waiting_deposits", every_seconds=sequencer_interval_seconds, run=place_waiting_deposits)]
