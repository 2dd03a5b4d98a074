"""Certificates: the record that is deposited, the credential made of it, and how long it stands."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kernel.calendar import end_of_day
from rights.domain.filing import Allocation
from rights.domain.profiles import profile_of
from rights.domain.refusals import StepNotAllowed
from rights.domain.registration import Registration
from rights.domain.states import CERTIFICATE_ALLOWED, CertificateState

ISSUER = "urn:yaosu:rights"
TYPE = "DataPropertyRegistrationCertificate"
CREDENTIAL_TYPE = "vc+jwt"
NOTICE = (
    "Evidence of a registration on this market, not the source of any right, and not a certificate of the national "
    "registrar. It proves what was registered and when, not that the data or the statements are true. "
    "本证书是本市场登记事实的证明，不是权利来源，亦非国家登记机构证书；它证明登记的内容与时间，不证明数据或陈述属实。"
)
CLOCK_NOTICE = "Business time was moved for demonstration. 业务时间为演示而设定。"


@dataclass
class Certificate:
    """One certificate; its text never changes, only its state."""

    number: str
    registration_id: str
    profile: str
    name: str
    registrant_party_id: str
    dataset_id: str
    product_id: str
    version_id: str
    version_digest: str
    lineage_root: str
    authorisation_id: str
    allocations: Sequence[Allocation]
    effective_at: datetime
    expires_at: datetime
    record_sha256: str
    jwt_sha256: str
    file: str
    clock_moved: bool
    remarks: Sequence[str] = ()
    state: CertificateState = CertificateState.CERTIFIED
    reason: str = ""
    expiry_told: bool = False
    version: int = 1

    def in_force(self, at: datetime) -> bool:
        """Certified, and its time not over."""
        return self.state is CertificateState.CERTIFIED and at < self.expires_at

    def state_at(self, at: datetime) -> CertificateState:
        """Expiry is computed."""
        over = at >= self.expires_at and self.state in {CertificateState.CERTIFIED, CertificateState.CONTESTED}
        return CertificateState.EXPIRED if over else self.state

    def become(self, state: CertificateState, reason: str = "") -> None:
        """Contested, cleared, cancelled or passed on."""
        if state not in CERTIFICATE_ALLOWED.get(self.state, frozenset()):
            raise StepNotAllowed(state=self.state, wanted=state)
        self.state, self.reason = state, reason


def number_of(year: int, place: int) -> str:
    """``YS-2026-000001``: our own numbers, never of the national pattern."""
    return f"YS-{year}-{place:06d}"


def months_after(at: datetime, months: int) -> datetime:
    """The same day so many months on, or the month's last."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


def expiry(registration: Registration, effective_at: datetime) -> datetime:
    """The rule's term, never beyond the rights' own terms or the earliest end of a source contract or authorisation."""
    rules = registration.rules
    longest = max(allocation.term_months for allocation in registration.allocations)
    ends = [months_after(effective_at, min(rules.validity_months, longest))]
    if registration.subject.authorisation_ends_on is not None:
        ends.append(end_of_day(registration.subject.authorisation_ends_on))
    contract_ends_on = registration.form.get("source_contract_ends_on")
    if contract_ends_on:
        ends.append(end_of_day(date.fromisoformat(str(contract_ends_on))))
    # A source that ended meanwhile leaves a certificate that never is in force, and says so.
    return max(min(ends), effective_at + timedelta(seconds=1))


def record_of(registration: Registration, at: datetime, *, clock_moved: bool) -> dict[str, Any]:
    """What is deposited: applicant, data, rights, limits, papers by digest, every step (art. on deposit); JSON."""
    subject = registration.subject
    return {
        "registration_id": registration.registration_id,
        "profile": registration.profile,
        "law": registration.rules.law,
        "type": registration.type,
        "applicant": registration.applicant_party_id,
        "transferee": registration.transferee_party_id,
        "previous_certificate": registration.previous_certificate,
        "data": {
            "dataset_id": subject.dataset_id,
            "product_id": subject.product_id,
            "version_id": subject.version_id,
            "version_digest": subject.version_digest,
            "lineage_root": subject.lineage_root,
            "source_kind": subject.source_kind,
            "authorisation_id": subject.authorisation_id,
        },
        "form": dict(registration.form),
        "allocations": allocation_list(registration.allocations),
        "attachments": {paper.kind: paper.sha256 for paper in registration.papers},
        "steps": [
            {"state": step.state, "at": step.at.isoformat(), "by": step.by, "note": step.note}
            for step in registration.history
        ],
        "notice": {
            "published_on": registration.notice_published_on and registration.notice_published_on.isoformat(),
            "ends_on": registration.notice_ends_on and registration.notice_ends_on.isoformat(),
        },
        "remarks": remarks_of(registration, clock_moved=clock_moved),
        "recorded_at": at.isoformat(),
        "proves": NOTICE,
    }


def allocation_list(allocations: Sequence[Allocation]) -> list[dict[str, Any]]:
    """Who gets what; JSON."""
    return [
        {"party_id": each.party_id, "right": each.right, "term_months": each.term_months, "limits": each.limits}
        for each in allocations
    ]


def remarks_of(registration: Registration, *, clock_moved: bool) -> list[str]:
    """What the registrar remarked, the agreed limits, and whether business time was moved."""
    limits = [f"{each.right}: {each.limits}" for each in registration.allocations if each.limits]
    return [*registration.remarks, *limits, *([CLOCK_NOTICE] if clock_moved else [])]


def credential_of(
    registration: Registration, number: str, deposited_at: datetime, expires_at: datetime, *, clock_moved: bool
) -> dict[str, Any]:
    """The W3C verifiable credential of a deposited record; JSON."""
    subject = registration.subject
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", TYPE],
        "id": f"urn:yaosu:certificate:{number}",
        "issuer": ISSUER,
        "validFrom": deposited_at.isoformat(),
        "validUntil": expires_at.isoformat(),
        "credentialSubject": {
            "number": number,
            "profile": registration.profile,
            "profile_name": profile_of(registration.profile).zh,
            "registration_id": registration.registration_id,
            "name": str(registration.form.get("name", "")),
            "dataset_id": subject.dataset_id,
            "product_id": subject.product_id,
            "version_id": subject.version_id,
            "version_digest": subject.version_digest,
            "lineage_root": subject.lineage_root,
            "allocations": allocation_list(registration.allocations),
            "record_sha256": registration.record_sha256,
            "deposited_at": deposited_at.isoformat(),
            "remarks": remarks_of(registration, clock_moved=clock_moved),
            "notice": NOTICE,
        },
    }


def issue(registration: Registration, expires_at: datetime, file: str, *, clock_moved: bool) -> Certificate:
    """The certificate of a signed registration whose proof is there."""
    subject = registration.subject
    effective_at = registration.deposited_at
    if effective_at is None:
        message = "a certificate takes effect at its deposit"
        raise ValueError(message)
    return Certificate(
        registration.certificate_number, registration.registration_id, registration.profile,
        str(registration.form.get("name", "")), registration.applicant_party_id, subject.dataset_id,
        subject.product_id, subject.version_id, subject.version_digest, subject.lineage_root,
        subject.authorisation_id, registration.allocations, effective_at, expires_at, registration.record_sha256,
        registration.jwt_sha256, file, clock_moved, remarks_of(registration, clock_moved=clock_moved),
    )  # fmt: skip
