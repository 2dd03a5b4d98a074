"""What the registry says of an asset, as far as lending on it needs to know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

PASSED = "PASSED"
LEVELS_NOT_PLEDGEABLE = frozenset({"IMPORTANT", "CORE"})


@dataclass(frozen=True)
class CertificateFact:
    """One certificate and who holds which right by it."""

    number: str
    state: str
    dataset_id: str
    expires_at: datetime | None
    holders: Sequence[tuple[str, str]]  # (right, party id); right is HOLD, USE or OPERATE

    def in_force(self, at: datetime) -> bool:
        """Certified and not run out."""
        return self.state == "CERTIFIED" and (self.expires_at is None or at < self.expires_at)

    def gives(self, right: str, party_id: str) -> bool:
        """Whether the party holds the right by it."""
        return (right, party_id) in self.holders


@dataclass(frozen=True)
class EncumbranceFact:
    """What lies upon the asset and is not ended; ``reference`` is the owner service's own name for it."""

    encumbrance_id: str
    kind: str
    owner_service: str
    reference: str


@dataclass(frozen=True)
class ValueFact:
    """One value report."""

    report_id: str
    appraiser_party_id: str
    purpose: str
    value_fen: int
    valid_until_at: datetime | None

    def in_date(self, at: datetime) -> bool:
        """Whether it may still be relied on."""
        return self.valid_until_at is None or at < self.valid_until_at


@dataclass(frozen=True)
class AssetFacts:
    """An asset as the registry knows it now: a reading, never a hold."""

    lineage_root: str
    certificates: Sequence[CertificateFact] = ()
    encumbrances: Sequence[EncumbranceFact] = ()
    compliance_conclusion: str = ""
    compliance_valid_until_at: datetime | None = None
    level: str = ""
    values: Sequence[ValueFact] = field(default=())
    objection_open: bool = False

    def in_force(self, at: datetime) -> list[CertificateFact]:
        """The certificates in force."""
        return [certificate for certificate in self.certificates if certificate.in_force(at)]

    def co_holders(self, right: str, party_id: str, at: datetime) -> list[str]:
        """Who else holds the right, in a fixed order."""
        holders = {holder for certificate in self.in_force(at) for held, holder in certificate.holders if held == right}
        return sorted(holders - {party_id})

    def complies(self, at: datetime) -> bool:
        """Whether a passed compliance opinion is in date."""
        in_date = self.compliance_valid_until_at is None or at < self.compliance_valid_until_at
        return self.compliance_conclusion == PASSED and in_date
