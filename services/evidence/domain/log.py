"""The log: its name, its sealed key and how far it has grown."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Log:
    """The one log. Its size is the number of positions given."""

    origin: str
    vkey: str
    sealed_seed: bytes
    created_at: datetime
    size: int = 0

    def grown(self, by: int) -> "Log":
        """The log with so many more entries."""
        return replace(self, size=self.size + by)
