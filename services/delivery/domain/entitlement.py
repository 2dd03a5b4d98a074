"""What a buyer may do with a product: the terms of a signed contract, as long as nothing stands against it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from delivery.domain.refusals import DeliveryNotAgreed, EntitlementNotInForce


class Mode(StrEnum):
    """The ways of delivery."""

    UNDERWRITING = "underwriting"
    COHORT = "cohort"
    FILE = "file"


class EntitlementState(StrEnum):
    """Computed: only ENDED is written down, the rest follows from time and from what stands against it."""

    NOT_YET = "NOT_YET"
    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Entitlement:
    """One contract's terms as delivery needs them. ``suspended_for``: what stands against it at present."""

    contract_id: str
    product_id: str
    dataset_id: str
    lineage_root: str
    authorisation_id: str
    authorised_until: datetime | None
    provider_party_id: str
    supplier_party_id: str
    buyer_party_id: str
    purpose: str
    deliveries: tuple[str, ...]
    version_selector: str
    version_id: str
    specification: str
    specification_digest: str
    sealed_key: bytes
    starts_at: datetime
    ends_at: datetime
    notice: str
    notice_sha256: str
    ended_at: datetime | None = None
    suspended_for: tuple[str, ...] = ()

    def state_at(self, at: datetime) -> EntitlementState:
        """What it is at a moment of business time."""
        if self.ended_at is not None:
            return EntitlementState.ENDED
        if at >= self.ends_at or (self.authorised_until is not None and at >= self.authorised_until):
            return EntitlementState.EXPIRED
        if self.suspended_for:
            return EntitlementState.SUSPENDED
        return EntitlementState.IN_FORCE if at >= self.starts_at else EntitlementState.NOT_YET

    def need_in_force(self, at: datetime) -> None:
        """Refuse unless uses are allowed now."""
        state = self.state_at(at)
        if state is not EntitlementState.IN_FORCE:
            raise EntitlementNotInForce(
                contract_id=self.contract_id, because=state.value, suspended_for=list(self.suspended_for)
            )

    def need_delivery(self, mode: Mode) -> None:
        """Refuse a way of delivery that was not agreed."""
        if mode not in self.deliveries:
            raise DeliveryNotAgreed(contract_id=self.contract_id, deliveries=list(self.deliveries))

    def is_seen_by(self, party_id: str, roles: Collection[str]) -> bool:
        """Its three parties see it, and those who watch the market."""
        parties = {self.buyer_party_id, self.provider_party_id, self.supplier_party_id}
        return party_id in parties or not {"operator", "regulator"}.isdisjoint(roles)
