"""What rights tells."""

from dataclasses import dataclass
from datetime import datetime

from rights.domain.certificate import Certificate
from rights.domain.encumbrance import Encumbrance, Unit
from rights.domain.reports import Report
from rights.domain.states import CertificateState


@dataclass(frozen=True)
class RegistrationStepTaken:
    """A step of a registration that nobody but the log needs to hear of."""

    registration_id: str
    step: str


@dataclass(frozen=True)
class RegistrationRecorded:
    """The record is on its way into the log."""

    registration_id: str
    recorded_at: datetime


@dataclass(frozen=True)
class RegistrationDeposited:
    """It has taken effect."""

    registration_id: str
    record_sha256: str
    deposited_at: datetime


@dataclass(frozen=True)
class CertificateSigned:
    """The certificate's exact bytes are on their way into the log."""

    registration_id: str
    number: str


@dataclass(frozen=True)
class CertificateIssued:
    """It stands, or stands again."""

    certificate: Certificate
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class CertificateContested:
    """Somebody disputes it, or its source has ended."""

    certificate: Certificate
    reason: str


@dataclass(frozen=True)
class CertificateExpired:
    """It no longer stands: run out, cancelled or passed on."""

    certificate: Certificate
    state: CertificateState


@dataclass(frozen=True)
class EncumbrancePlaced:
    """It lies upon the right from now on."""

    encumbrance: Encumbrance


@dataclass(frozen=True)
class EncumbranceReleased:
    """It no longer does."""

    encumbrance: Encumbrance


@dataclass(frozen=True)
class EncumbranceStepTaken:
    """Reserved or cancelled, before anything lay upon the right."""

    encumbrance: Encumbrance


@dataclass(frozen=True)
class ReportIssued:
    """A report stands."""

    report: Report
