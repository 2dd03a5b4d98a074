"""What happens to bookings, loans and pledges, as it is told."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AssetBooked:
    """An asset stands on its holder's balance sheet."""

    booking_id: str
    dataset_id: str
    party_id: str
    cost_fen: int


@dataclass(frozen=True)
class LoanApplied:
    """A loan was asked for and every rule of eligibility passed."""

    loan_id: str
    borrower_party_id: str
    bank_party_id: str
    principal_fen: int


@dataclass(frozen=True)
class LoanRefused:
    """A loan was asked for and a rule of eligibility failed."""

    loan_id: str
    reason: str


@dataclass(frozen=True)
class LoanApproved:
    """Two people of the bank agreed."""

    loan_id: str
    approved_at: datetime


@dataclass(frozen=True)
class LoanContracted:
    """Bank and borrower signed the same loan and pledge contracts."""

    loan_id: str
    contract_sha256: str


@dataclass(frozen=True)
class LoanDisbursed:
    """The bank proved that it paid out."""

    loan_id: str
    principal_fen: int
    disbursed_at: datetime


@dataclass(frozen=True)
class LoanRepaid:
    """Nothing is outstanding."""

    loan_id: str
    repaid_at: datetime


@dataclass(frozen=True)
class LoanStepTaken:
    """Any other step of a loan."""

    loan_id: str
    step: str


@dataclass(frozen=True)
class WatchRaised:
    """Something happened that the bank should look at."""

    loan_id: str
    cause: str
    detail: str


@dataclass(frozen=True)
class PledgeRequested:
    """A right is asked for as security."""

    pledge_id: str
    loan_id: str
    lineage_root: str


@dataclass(frozen=True)
class PledgeHeld:
    """The registry holds the right."""

    pledge_id: str
    encumbrance_id: str


@dataclass(frozen=True)
class PledgeRefused:
    """The registry did not give the right."""

    pledge_id: str
    reason: str


@dataclass(frozen=True)
class PledgeSearched:
    """The outside registry was searched."""

    pledge_id: str
    clean: bool


@dataclass(frozen=True)
class PledgeRegistered:
    """The pledge stands in the outside registry."""

    pledge_id: str
    registry: str
    registration_number: str


@dataclass(frozen=True)
class PledgeConfirmed:
    """The pledge stands."""

    pledge_id: str
    encumbrance_id: str


@dataclass(frozen=True)
class PledgeReleased:
    """The right is free again."""

    pledge_id: str
    loan_id: str
    encumbrance_id: str
    released_at: datetime


@dataclass(frozen=True)
class PledgeStepTaken:
    """Any other step of a pledge."""

    pledge_id: str
    step: str
