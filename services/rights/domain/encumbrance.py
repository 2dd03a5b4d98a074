"""What lies upon rights, and the rules by which the registry gives or refuses a further burden."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.refusals import Conflict
from rights.domain import registry_refusals as refusals
from rights.domain.source_rights import Right


class EncumbranceKind(StrEnum):
    """The first three exclude each other on a unit; the last two can always be recorded."""

    PLEDGE = "PLEDGE"
    EXCLUSIVE_GRANT = "EXCLUSIVE_GRANT"
    TRANSFER = "TRANSFER"
    SEIZURE = "SEIZURE"
    DISPUTE_HOLD = "DISPUTE_HOLD"


class EncumbranceState(StrEnum):
    """RESERVED and ACTIVE block."""

    RESERVED = "RESERVED"
    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"
    RELEASED = "RELEASED"


K, S = EncumbranceKind, EncumbranceState
EXCLUDING = frozenset({K.PLEDGE, K.EXCLUSIVE_GRANT, K.TRANSFER})
ALLOWED: Mapping[EncumbranceState, frozenset[EncumbranceState]] = {
    S.RESERVED: frozenset({S.ACTIVE, S.CANCELLED}),
    S.ACTIVE: frozenset({S.RELEASED}),
    S.CANCELLED: frozenset(),
    S.RELEASED: frozenset(),
}
_REFUSALS: Mapping[EncumbranceKind, type[Conflict]] = {
    K.SEIZURE: refusals.RightSeized,
    K.DISPUTE_HOLD: refusals.RightDisputed,
    K.PLEDGE: refusals.RightAlreadyPledged,
    K.EXCLUSIVE_GRANT: refusals.RightExclusivelyGranted,
    K.TRANSFER: refusals.RightInTransfer,
}


@dataclass(frozen=True)
class Unit:
    """One holder's one right in one asset; ``in_force``: some certificate of it stands now."""

    unit_id: str
    lineage_root: str
    right: Right
    holder_party_id: str
    in_force: bool = True
    certificate_number: str = ""


@dataclass
class Encumbrance:
    """One burden and the units it lies upon. ``right`` or ``holder`` empty: all of them."""

    encumbrance_id: str
    lineage_root: str
    kind: EncumbranceKind
    state: EncumbranceState
    right: Right | None
    holder_party_id: str
    beneficiary_party_id: str
    owner_service: str
    reference: str
    request_sha256: str
    fencing_version: int
    placed_at: datetime
    unit_ids: Sequence[str] = ()
    licence_policy: str = ""
    control_account: str = ""
    court: str = ""
    order_number: str = ""
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    version: int = 1

    @property
    def live(self) -> bool:
        """Whether it binds now."""
        return self.state in {S.RESERVED, S.ACTIVE}

    def confirm(self, fencing_version: int, at: datetime) -> None:
        """Only who holds the fencing version of the reservation."""
        if fencing_version != self.fencing_version:
            raise refusals.StaleFence(encumbrance_id=self.encumbrance_id)
        self.become(S.ACTIVE)
        self.confirmed_at = at

    def become(self, state: EncumbranceState, at: datetime | None = None) -> None:
        """Move on, if the table allows."""
        if state not in ALLOWED[self.state]:
            if state is S.CANCELLED and self.state is S.ACTIVE:
                raise refusals.EncumbranceStands(encumbrance_id=self.encumbrance_id)
            if state is S.ACTIVE:
                raise refusals.ReservationCancelled(encumbrance_id=self.encumbrance_id, state=self.state)
            raise refusals.EncumbranceNotStanding(encumbrance_id=self.encumbrance_id, state=self.state)
        self.state, self.ended_at = state, at


def refuse_for(lying: Encumbrance) -> Conflict:
    """The refusal that this burden is the cause of."""
    return _REFUSALS[lying.kind](encumbrance_id=lying.encumbrance_id, lineage_root=lying.lineage_root)


def check_unseized(live: Iterable[Encumbrance], rights: Collection[Right], holders: Collection[str]) -> None:
    """Refuse when a seizure or dispute touches one of these rights of one of these holders."""
    for lying in sorted(live, key=lambda each: each.kind, reverse=True):  # seizures before disputes
        right_touched = lying.right is None or lying.right in rights
        holder_touched = not lying.holder_party_id or lying.holder_party_id in holders
        if lying.kind not in EXCLUDING and lying.live and right_touched and holder_touched:
            raise refuse_for(lying)


def check_free(live: Iterable[Encumbrance], units: Collection[Unit]) -> None:
    """Refuse when a pledge, an exclusive grant or a transfer lies upon one of these units."""
    wanted = {unit.unit_id for unit in units}
    for lying in live:
        if lying.kind in EXCLUDING and lying.live and wanted & set(lying.unit_ids):
            raise refuse_for(lying)


def units_taken(
    kind: EncumbranceKind, right: Right, holder: str, units: Sequence[Unit], consenting: Collection[str]
) -> list[Unit]:
    """The units a pledge or an exclusive grant takes: every co-holder's unit of the right, lest one of them defeat it.

    A pledge needs the consent of each co-holder; for an exclusive grant the seller answers for it in its contract.
    """
    of_right = [unit for unit in units if unit.right is right]
    own = [unit for unit in of_right if unit.holder_party_id == holder]
    if not own:
        raise refusals.RightNotHeld(right=right, holder_party_id=holder)
    if not own[0].in_force:
        raise refusals.CertificateNotInForce(right=right, holder_party_id=holder)
    others = {unit.holder_party_id for unit in of_right if unit.in_force} - {holder}
    missing = sorted(others - set(consenting))
    if kind is K.PLEDGE and missing:
        raise refusals.CoHolderConsentMissing(missing_party_ids=missing)
    return of_right
