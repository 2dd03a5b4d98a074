"""What delivery tells the others."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ConsentGiven:
    """A person consented."""

    consent_id: str
    contract_id: str
    receipt_sha256: str
    given_at: datetime


@dataclass(frozen=True)
class ConsentTakenBack:
    """A person withdrew a consent; ``ConsentWithdrawn`` in the contract, a name that here means the refusal."""

    consent_id: str
    contract_id: str
    withdrawn_at: datetime


@dataclass(frozen=True)
class UseMetered:
    """A use was recorded; it is charged as held."""

    use_id: str
    contract_id: str
    mode: str
    policy_case: str
    version_digest: str
    used_at: datetime
    provider_party_id: str
    lineage_root: str
    buyer_party_id: str


@dataclass(frozen=True)
class UseRefused:
    """A use was refused after its price may have been held; the hold is to be given back."""

    use_id: str
    contract_id: str
    reason: str
    refused_at: datetime
