"""A deposit: the digests of some bytes and, once the sequencer took it, its place in the log."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import new as digest
from hashlib import sha256

from evidence.domain.events import Deposited
from evidence.domain.tree import leaf_hash


class DepositState(StrEnum):
    """Where a deposit stands."""

    PENDING = "PENDING"
    DEPOSITED = "DEPOSITED"


@dataclass(frozen=True)
class Deposit:
    """What is kept of the bytes: their digests, and which event brought them; never the bytes."""

    sha256: str
    sm3: str
    size_bytes: int
    leaf_hash: bytes
    topic: str
    event_id: str
    aggregate_id: str
    recorded_at: datetime
    state: DepositState = DepositState.PENDING
    index: int | None = None
    deposited_at: datetime | None = None

    @classmethod
    def of(cls, data: bytes, *, topic: str, event_id: str, aggregate_id: str, recorded_at: datetime) -> "Deposit":
        """Take the digests of the stored bytes exactly as they came."""
        return cls(
            sha256=sha256(data).hexdigest(),
            sm3=digest("sm3", data).hexdigest(),
            size_bytes=len(data),
            leaf_hash=leaf_hash(data),
            topic=topic,
            event_id=event_id,
            aggregate_id=aggregate_id,
            recorded_at=recorded_at,
        )

    def place(self, index: int, at: datetime) -> tuple["Deposit", Deposited]:
        """Give it its position in the log."""
        placed = replace(self, state=DepositState.DEPOSITED, index=index, deposited_at=at)
        return placed, Deposited(self.sha256, index, self.topic, self.event_id, self.aggregate_id, at)
