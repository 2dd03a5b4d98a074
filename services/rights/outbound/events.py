"""Our events and answers as the contracts of ``yaosu.rights.v1``."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from rights.domain import events
from rights.domain.certificate import Certificate
from rights.domain.encumbrance import Encumbrance, Unit
from rights.domain.reports import Report
from yaosu.rights.v1 import events_pb2 as told
from yaosu.rights.v1 import rights_service_pb2 as contract


def moment(at: datetime | None) -> Timestamp | None:
    """A moment on the wire; unset when there is none."""
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def unit_message(unit: Unit, number: str = "") -> contract.RightUnit:
    """A unit on the wire."""
    return contract.RightUnit(
        unit_id=unit.unit_id, lineage_root=unit.lineage_root, right=f"RIGHT_{unit.right}",
        holder_party_id=unit.holder_party_id, certificate_number=number or unit.certificate_number,
    )  # fmt: skip


def certificate_message(
    certificate: Certificate, units: Sequence[Unit], state: str = "", remarks: Sequence[str] = ()
) -> contract.Certificate:
    """A certificate on the wire."""
    return contract.Certificate(
        number=certificate.number, registration_id=certificate.registration_id, profile=certificate.profile,
        dataset_id=certificate.dataset_id, product_id=certificate.product_id, version_id=certificate.version_id,
        version_digest=certificate.version_digest, lineage_root=certificate.lineage_root,
        units=[unit_message(unit, certificate.number) for unit in units],
        effective_at=moment(certificate.effective_at), expires_at=moment(certificate.expires_at),
        state=state or certificate.state, annotations=[*certificate.remarks, *remarks],
    )  # fmt: skip


def encumbrance_message(lying: Encumbrance) -> contract.Encumbrance:
    """An encumbrance on the wire."""
    return contract.Encumbrance(
        encumbrance_id=lying.encumbrance_id, lineage_root=lying.lineage_root,
        kind=f"ENCUMBRANCE_KIND_{lying.kind}",
        state=f"ENCUMBRANCE_STATE_{lying.state}",
        right=f"RIGHT_{lying.right or 'UNSPECIFIED'}",
        beneficiary_party_id=lying.beneficiary_party_id, owner_service=lying.owner_service, reference=lying.reference,
        fencing_version=lying.fencing_version,
        licence_policy=f"LICENCE_POLICY_{lying.licence_policy or 'UNSPECIFIED'}",
        control_account=lying.control_account, unit_ids=lying.unit_ids,
    )  # fmt: skip


def _report_message(report: Report) -> told.ReportIssued:
    return told.ReportIssued(
        report_id=report.report_id, kind=report.kind, dataset_id=report.dataset_id, product_id=report.product_id,
        lineage_root=report.lineage_root, conclusion=report.conclusion,
    )  # fmt: skip


def as_contract(event: object) -> Message:
    """The message that tells a domain event."""
    match event:
        case events.RegistrationStepTaken(registration_id, step):
            return told.RegistrationStepTaken(registration_id=registration_id, step=step)
        case events.RegistrationRecorded(registration_id, recorded_at):
            return told.RegistrationRecorded(registration_id=registration_id, recorded_at=moment(recorded_at))
        case events.RegistrationDeposited(registration_id, record_sha256, deposited_at):
            return told.RegistrationDeposited(
                registration_id=registration_id, record_sha256=record_sha256, deposited_at=moment(deposited_at)
            )
        case events.ReportIssued(report):
            return _report_message(report)
        case events.EncumbrancePlaced() | events.EncumbranceReleased() | events.EncumbranceStepTaken():
            return _encumbrance_told(event)
        case _:
            return _certificate_told(event)


def _encumbrance_told(
    event: events.EncumbrancePlaced | events.EncumbranceReleased | events.EncumbranceStepTaken,
) -> Message:
    lying = event.encumbrance
    message = {
        events.EncumbrancePlaced: told.EncumbrancePlaced,
        events.EncumbranceReleased: told.EncumbranceReleased,
        events.EncumbranceStepTaken: told.EncumbranceStepTaken,
    }[type(event)]
    return message(encumbrance_id=lying.encumbrance_id, encumbrance=encumbrance_message(lying))


def _certificate_told(event: object) -> Message:
    match event:
        case events.CertificateSigned(registration_id, number):
            return told.CertificateSigned(registration_id=registration_id, number=number)
        case events.CertificateIssued(kept, units):
            return told.CertificateIssued(
                registration_id=kept.registration_id, certificate=certificate_message(kept, units)
            )
        case events.CertificateContested(kept, reason):
            return told.CertificateContested(
                registration_id=kept.registration_id, number=kept.number, lineage_root=kept.lineage_root, reason=reason
            )
        case events.CertificateExpired(kept, state):
            return told.CertificateExpired(
                registration_id=kept.registration_id, number=kept.number, lineage_root=kept.lineage_root, state=state
            )
    message = f"no contract tells {type(event).__name__}"
    raise TypeError(message)
