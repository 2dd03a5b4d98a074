"""What callers get from delivery."""

from datetime import datetime
from typing import Self

from delivery.domain.consent import Consent
from delivery.domain.entitlement import Entitlement
from delivery.domain.use import Use
from delivery.use_cases.files import LinkGiven
from kernel.web import View


class EntitlementView(View):
    """An entitlement as it stands at a moment."""

    contract_id: str
    product_id: str
    dataset_id: str
    provider_party_id: str
    supplier_party_id: str
    buyer_party_id: str
    purpose: str
    deliveries: list[str]
    version_selector: str
    version_id: str
    specification_digest: str
    state: str
    suspended_for: list[str]
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def at(cls, entitlement: Entitlement, at: datetime) -> Self:
        """From the entitlement, with its state at the moment."""
        names = set(cls.model_fields) - {"state", "deliveries", "suspended_for"}
        return cls(
            **{name: getattr(entitlement, name) for name in names}, state=entitlement.state_at(at),
            deliveries=list(entitlement.deliveries), suspended_for=list(entitlement.suspended_for),
        )  # fmt: skip


class SubjectKeyView(View):
    """The contract's key, and how a number is written before it is keyed."""

    contract_id: str
    algorithm: str = "HMAC-SM3"
    key_hex: str
    normalisation: str = (
        "NFKC; all white space, dashes (Unicode category Pd) and U+2212 removed; letters upper-case; UTF-8. "
        "The token is the lower-case hex of the HMAC-SM3 of these bytes."
    )


class NoticeView(View):
    """What a person is told before consenting."""

    contract_id: str
    notice: str
    notice_sha256: str


class ConsentView(View):
    """A consent."""

    consent_id: str
    contract_id: str
    insurer_party_id: str
    supplier_party_id: str
    product_id: str
    purpose: str
    policy_case: str
    look_back_years: int
    use: str
    valid_until: datetime
    notice_sha256: str
    receipt_sha256: str
    state: str
    given_at: datetime
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, consent: Consent) -> Self:
        """From the consent."""
        signed = {name: getattr(consent.receipt, name) for name in cls.model_fields if hasattr(consent.receipt, name)}
        return cls(
            **signed, consent_id=consent.id, receipt_sha256=consent.receipt_sha256, state=consent.state,
            given_at=consent.given_at, withdrawn_at=consent.withdrawn_at,
        )  # fmt: skip


class UseOfMeView(View):
    """One use as its person sees it: not the answer itself."""

    use_id: str
    asked_by_party_id: str
    contract_id: str
    consent_id: str
    purpose: str
    policy_case: str
    look_back_years: int
    answer_kind: str
    state: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, use: Use, consent: Consent) -> Self:
        """From the use and the consent it named."""
        return cls(
            use_id=use.id, asked_by_party_id=use.asked.buyer_party_id, contract_id=use.asked.contract_id,
            consent_id=consent.id, purpose=use.asked.purpose, policy_case=use.asked.policy_case,
            look_back_years=consent.receipt.look_back_years,
            answer_kind="disease_group_flags" if use.state == "METERED" else "none", state=use.state,
            reason=use.reason, at=use.settled_at or use.intended_at,
        )  # fmt: skip


class FileLinkView(View):
    """A link for one download, shown once."""

    use_id: str
    file_name: str
    size_bytes: int
    sha256: str
    path: str
    expires_at: datetime

    @classmethod
    def of(cls, given: LinkGiven) -> Self:
        """From the link just made."""
        return cls(
            use_id=given.link.use_id, file_name=given.file.name, size_bytes=given.file.size, sha256=given.file.sha256,
            path=f"/delivery/v1/files/{given.token}", expires_at=given.expires_at,
        )  # fmt: skip


class UseView(View):
    """A use on record."""

    use_id: str
    contract_id: str
    mode: str
    state: str
    asked_by: str
    purpose: str
    policy_case: str
    subject_token: str
    consent_id: str
    version_digest: str
    answer_digest: str
    charged: bool
    reason: str
    at: datetime

    @classmethod
    def of(cls, use: Use) -> Self:
        """From the use."""
        asked = use.asked
        return cls(
            use_id=use.id, contract_id=asked.contract_id, mode=asked.mode, state=use.state,
            asked_by=asked.caller_subject_id, purpose=asked.purpose, policy_case=asked.policy_case,
            subject_token=asked.subject_token, consent_id=asked.consent_id, version_digest=use.version_digest,
            answer_digest=use.answer_digest, charged=use.held_fen > 0, reason=use.reason,
            at=use.settled_at or use.intended_at,
        )  # fmt: skip


class Items(View):
    """One page of a list; ``next`` goes into ``after``."""

    next: str | None


class EntitlementPage(Items):
    """Entitlements."""

    items: list[EntitlementView]


class ConsentPage(Items):
    """Consents."""

    items: list[ConsentView]


class UsesOfMePage(Items):
    """Uses as their person sees them."""

    items: list[UseOfMeView]


class UsePage(Items):
    """Uses."""

    items: list[UseView]
