"""Objections, in the notice or against a standing certificate."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rights.domain.refusals import ObjectionDecided


class ObjectionState(StrEnum):
    """OPEN until the reviewer decides."""

    OPEN = "OPEN"
    DISMISSED = "DISMISSED"
    UPHELD = "UPHELD"


@dataclass
class Objection:
    """Who objects to a registration, why, and what was decided."""

    objection_id: str
    registration_id: str
    party_id: str
    reason: str
    raised_at: datetime
    # A dispute hold placed for it, when it is against a certificate.
    encumbrance_id: str = ""
    state: ObjectionState = ObjectionState.OPEN
    decided_at: datetime | None = None
    decision: str = ""
    version: int = 1

    def decide(self, state: ObjectionState, at: datetime, decision: str) -> None:
        """Once."""
        if self.state is not ObjectionState.OPEN:
            raise ObjectionDecided(state=self.state)
        self.state, self.decided_at, self.decision = state, at, decision
