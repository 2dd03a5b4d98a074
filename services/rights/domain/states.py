"""The states of a registration, and which may follow which (china-practice 1E)."""

from collections.abc import Mapping
from enum import StrEnum


class RegistrationState(StrEnum):
    """Where a registration stands; ``-ING`` passes by itself or waits for somebody, ``-ED`` is settled."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    HELD_FOR_REVIEW = "HELD_FOR_REVIEW"
    CORRECTION_REQUESTED = "CORRECTION_REQUESTED"
    ACCEPTED = "ACCEPTED"
    REVIEWING = "REVIEWING"
    EVIDENCE_REQUESTED = "EVIDENCE_REQUESTED"
    NOTICING = "NOTICING"
    OBJECTED = "OBJECTED"
    DEPOSITING = "DEPOSITING"
    SIGNED = "SIGNED"
    CERTIFIED = "CERTIFIED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


S = RegistrationState
_END = frozenset({S.REFUSED, S.WITHDRAWN, S.LAPSED})

ALLOWED: Mapping[RegistrationState, frozenset[RegistrationState]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.HELD_FOR_REVIEW, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.ACCEPTED, S.CORRECTION_REQUESTED, *_END}),
    # Silence does not accept a near copy: a person has to look.
    S.HELD_FOR_REVIEW: frozenset({S.ACCEPTED, S.CORRECTION_REQUESTED, *_END}),
    S.CORRECTION_REQUESTED: frozenset({S.SUBMITTED, S.HELD_FOR_REVIEW, *_END}),
    S.ACCEPTED: frozenset({S.REVIEWING, S.REFUSED, S.WITHDRAWN}),
    S.REVIEWING: frozenset({S.EVIDENCE_REQUESTED, S.NOTICING, S.REFUSED, S.WITHDRAWN}),
    S.EVIDENCE_REQUESTED: frozenset({S.REVIEWING, *_END}),
    S.NOTICING: frozenset({S.OBJECTED, S.DEPOSITING, S.REFUSED, S.WITHDRAWN}),
    S.OBJECTED: frozenset({S.NOTICING, S.REFUSED, S.WITHDRAWN}),
    S.DEPOSITING: frozenset({S.SIGNED}),
    S.SIGNED: frozenset({S.CERTIFIED}),
    S.CERTIFIED: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.LAPSED: frozenset(),
}
# In these the applicant may hand in papers and change the form.
OPEN_FOR_FORM = frozenset({S.DRAFT, S.CORRECTION_REQUESTED})
OPEN_FOR_PAPERS = OPEN_FOR_FORM | {S.EVIDENCE_REQUESTED}
ENDED_EMPTY = _END
PAUSING = frozenset({S.EVIDENCE_REQUESTED, S.NOTICING, S.OBJECTED})


class CertificateState(StrEnum):
    """What became of a certificate. EXPIRED is computed from its date."""

    CERTIFIED = "CERTIFIED"
    CONTESTED = "CONTESTED"
    CANCELLED = "CANCELLED"
    TRANSFERRED = "TRANSFERRED"
    EXPIRED = "EXPIRED"


C = CertificateState
CERTIFICATE_ALLOWED: Mapping[CertificateState, frozenset[CertificateState]] = {
    C.CERTIFIED: frozenset({C.CONTESTED, C.CANCELLED, C.TRANSFERRED}),
    C.CONTESTED: frozenset({C.CERTIFIED, C.CANCELLED}),
    C.CANCELLED: frozenset(),
    C.TRANSFERRED: frozenset(),
}
