"""What evidence tells of."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Deposited:
    """Some bytes have their place in the log, and a signed checkpoint covers it."""

    deposit_sha256: str
    index: int
    topic: str
    event_id: str
    aggregate_id: str
    deposited_at: datetime


@dataclass(frozen=True)
class CheckpointSigned:
    """The log's size and root were signed."""

    origin: str
    size: int
    root: str
    signed_at: datetime
