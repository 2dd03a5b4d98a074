"""Uploads that go past the market's own door, straight to its object store, by a ticket."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Upload:
    """A ticket for exactly these bytes of a version's file. ``opened_at`` is machine time, as the store reckons."""

    id: str
    version_id: str
    party_id: str
    name: str
    size: int
    sha256: str
    media_type: str
    opened_at: datetime
