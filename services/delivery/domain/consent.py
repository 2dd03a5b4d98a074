"""A person's consent to be asked about: read from the receipt, kept, used, withdrawn."""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from delivery.domain.entitlement import Entitlement
from delivery.domain.events import ConsentGiven, ConsentTakenBack
from delivery.domain.refusals import (
    ConsentExpired,
    ConsentForOtherCase,
    ConsentForOtherContract,
    ConsentForOtherPurpose,
    ConsentForOtherSubject,
    ConsentPurposeNotAgreed,
    ConsentTermInvalid,
    ConsentWithdrawn,
    NoticeNotShown,
    ReceiptMalformed,
)  # fmt: skip

RECEIPT_TYP = "consent-receipt+jws"
RECEIPT_CHARACTERS_MAX = 16 * 1024
TERM_MAX = timedelta(days=5 * 366)
LOOK_BACK_YEARS_MAX = 100
TEXT_CHARACTERS_MAX = 200
_HEX64 = re.compile(r"[0-9a-f]{64}")


class ConsentState(StrEnum):
    """Whether it was taken back; that it expired or was used up is computed."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"


class ConsentUse(StrEnum):
    """How often it may be used."""

    SINGLE = "single"
    MULTIPLE = "multiple"


@dataclass(frozen=True)
class Receipt:
    """What the person signed: a closed set of members."""

    subject_token: str
    insurer_party_id: str
    supplier_party_id: str
    product_id: str
    contract_id: str
    purpose: str
    policy_case: str
    look_back_years: int
    valid_until: datetime
    use: ConsentUse
    notice_sha256: str

    @classmethod
    def read(cls, payload: bytes) -> "Receipt":
        """The receipt of a signed payload; refused when a member is missing, unknown, doubled or of another form."""
        try:
            members = json.loads(payload, object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            raise ReceiptMalformed(problem="not one JSON object with each member once") from error
        names = set(cls.__dataclass_fields__)
        if not isinstance(members, dict) or set(members) != names:
            raise ReceiptMalformed(problem="the members must be exactly those named", members=sorted(names))
        years = members["look_back_years"]
        if type(years) is not int or not 1 <= years <= LOOK_BACK_YEARS_MAX:
            raise ReceiptMalformed(problem="look_back_years must be a whole number from 1 to 100")
        texts = {name: value for name, value in members.items() if name != "look_back_years"}
        if not all(_is_plain(value) for value in texts.values()):
            raise ReceiptMalformed(problem="every other member must be a plain text of 1 to 200 characters")
        for name in ("subject_token", "notice_sha256"):
            if not _HEX64.fullmatch(texts[name]):
                raise ReceiptMalformed(problem=f"{name} must be 64 lower-case hex digits")
        return cls(**{**members, "valid_until": _moment(texts["valid_until"]), "use": _use(texts["use"])})

    def need_to_fit(self, entitlement: Entitlement, at: datetime) -> None:
        """Refuse a receipt that names something else than the contract does."""
        for member, agreed in (
            ("insurer_party_id", entitlement.buyer_party_id),
            ("supplier_party_id", entitlement.supplier_party_id),
            ("product_id", entitlement.product_id),
        ):
            if getattr(self, member) != agreed:
                raise ConsentForOtherContract(member=member)
        if self.purpose != entitlement.purpose:
            raise ConsentPurposeNotAgreed(purpose_agreed=entitlement.purpose)
        if not at < self.valid_until <= at + TERM_MAX:
            raise ConsentTermInvalid(valid_until=self.valid_until.isoformat(), now=at.isoformat())
        if self.notice_sha256 != entitlement.notice_sha256:
            raise NoticeNotShown(notice_sha256=entitlement.notice_sha256)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON values
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member came twice"
        raise ValueError(message)
    return members


def _is_plain(value: Any) -> bool:  # Any: a JSON value
    return isinstance(value, str) and 0 < len(value) <= TEXT_CHARACTERS_MAX and value.isprintable()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ReceiptMalformed(problem="valid_until must be an RFC 3339 instant") from error
    if moment.tzinfo is None:
        raise ReceiptMalformed(problem="valid_until must carry an offset")
    return moment


def _use(text: str) -> ConsentUse:
    try:
        return ConsentUse(text)
    except ValueError as error:
        raise ReceiptMalformed(problem="use must be single or multiple") from error


@dataclass(frozen=True)
class Consent:
    """A receipt that was handed in by the person who signed it."""

    id: str
    person_party_id: str
    identity_pseudonym: str
    key_id: str
    receipt: Receipt
    receipt_text: str
    receipt_sha256: str
    given_at: datetime
    state: ConsentState = ConsentState.GIVEN
    withdrawn_at: datetime | None = None

    def given(self) -> ConsentGiven:
        """The event of its coming into being."""
        return ConsentGiven(self.id, self.receipt.contract_id, self.receipt_sha256, self.given_at)

    def withdraw(self, at: datetime) -> tuple["Consent", ConsentTakenBack]:
        """Taken back at once, and for good."""
        withdrawn = replace(self, state=ConsentState.WITHDRAWN, withdrawn_at=at)
        return withdrawn, ConsentTakenBack(self.id, self.receipt.contract_id, at)

    def need_to_allow(self, subject_token: str, purpose: str, policy_case: str, at: datetime) -> None:
        """Refuse whatever the person did not consent to. That a single use is used up, the unique index decides."""
        if self.receipt.subject_token != subject_token:
            raise ConsentForOtherSubject(consent_id=self.id)
        if self.receipt.purpose != purpose:
            raise ConsentForOtherPurpose(consent_id=self.id)
        if self.receipt.policy_case != policy_case:
            raise ConsentForOtherCase(consent_id=self.id)
        self.need_to_stand(at)

    def need_to_stand(self, at: datetime) -> None:
        """Refuse when it was withdrawn or its time is over."""
        if self.state is ConsentState.WITHDRAWN:
            raise ConsentWithdrawn(consent_id=self.id)
        if at >= self.receipt.valid_until:
            raise ConsentExpired(consent_id=self.id)
