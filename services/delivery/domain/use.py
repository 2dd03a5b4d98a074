"""One use of data: intended before anything is held, then metered or refused, for ever on record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.events import UseMetered, UseRefused
from kernel.refusals import StateChanged


class UseState(StrEnum):
    """Where a use stands."""

    INTENDED = "INTENDED"
    METERED = "METERED"
    REFUSED = "REFUSED"


TRANSITIONS: Mapping[UseState, frozenset[UseState]] = {
    UseState.INTENDED: frozenset({UseState.METERED, UseState.REFUSED}),
    UseState.METERED: frozenset(),
    UseState.REFUSED: frozenset(),
}


@dataclass(frozen=True)
class Asked:
    """Who asks for what, and why. ``key`` and ``request_sha256`` name the caller's attempt."""

    contract_id: str
    mode: Mode
    buyer_party_id: str
    caller_subject_id: str
    purpose: str
    key: str
    request_sha256: str
    policy_case: str = ""
    subject_token: str = ""
    consent_id: str = ""


@dataclass(frozen=True)
class Use:
    """A use on record. Never the answer: only its hiding digest."""

    id: str
    asked: Asked
    state: UseState
    version_id: str
    intended_at: datetime
    takes_single_consent: bool = False
    held_fen: int = 0
    version_digest: str = ""
    answer_digest: str = ""
    reason: str = ""
    problem: str = ""
    settled_at: datetime | None = None

    def metered(
        self, entitlement: Entitlement, version_digest: str, answer_digest: str, held_fen: int, at: datetime
    ) -> tuple["Use", UseMetered]:
        """It is charged as held from here on."""
        self._need(UseState.METERED)
        done = replace(
            self, state=UseState.METERED, version_digest=version_digest, answer_digest=answer_digest,
            held_fen=held_fen, settled_at=at,
        )  # fmt: skip
        asked = self.asked
        event = UseMetered(
            use_id=self.id, contract_id=asked.contract_id, mode=asked.mode, policy_case=asked.policy_case,
            version_digest=version_digest, used_at=at, provider_party_id=entitlement.provider_party_id,
            lineage_root=entitlement.lineage_root, buyer_party_id=entitlement.buyer_party_id,
        )  # fmt: skip
        return done, event

    def refused(self, reason: str, problem: str, at: datetime) -> tuple["Use", UseRefused]:
        """Closed without an answer; ``problem`` is the refusal as it was written, to be told again to a retry."""
        self._need(UseState.REFUSED)
        done = replace(self, state=UseState.REFUSED, reason=reason, problem=problem, settled_at=at)
        return done, UseRefused(self.id, self.asked.contract_id, reason, at)

    def _need(self, to: UseState) -> None:
        if to not in TRANSITIONS[self.state]:
            raise StateChanged(use_id=self.id, state=self.state.value)
