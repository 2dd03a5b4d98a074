"""What callers send to delivery and what they get."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict

from delivery.domain.cohort import CohortQuery, Population
from delivery.domain.consent import Consent
from delivery.domain.entitlement import Entitlement
from delivery.domain.use import Use
from delivery.use_cases.cohorts import CohortGiven
from delivery.use_cases.files import LinkGiven
from delivery.use_cases.underwriting import AnswerGiven
from kernel.web import Code, Digest, Jws, Name, Shape, View

Years = Annotated[int, Strict(), Field(ge=1, le=100)]
Dimension = Literal["gender", "birth_decade", "region"]
Values = Annotated[list[Name], Field(min_length=1, max_length=200)]
Decade = Annotated[str, Field(pattern=r"\A(1[89]|20)\d0\z")]
Decades = Annotated[list[Decade], Field(min_length=1, max_length=50)]


class ConsentGiving(Shape):
    """A consent receipt: a compact JWS by the insured person's own key."""

    receipt: Jws


class UnderwritingAsking(Shape):
    """A question about one person."""

    contract_id: Code
    subject_token: Digest
    purpose: Code
    policy_case: Code
    consent_id: Code | None = None


class CohortFilters(Shape):
    """Which persons; what is not named is open."""

    gender: Values | None = None
    birth_decade: Decades | None = None
    region: Values | None = None


class CohortAsking(Shape):
    """A question about many."""

    contract_id: Code
    measure: Literal["count", "prevalence"]
    filters: CohortFilters = CohortFilters()
    group_by: Annotated[tuple[Dimension, ...], Field(max_length=3)] = ()
    look_back_years: Years = 100

    def query(self) -> CohortQuery:
        """The question in the words of the business."""
        named = {name: frozenset(values) for name, values in self.filters.model_dump().items() if values}
        by = tuple(sorted(set(self.group_by)))
        return CohortQuery(Population(named), by, self.measure == "prevalence", self.look_back_years)


class FileAsking(Shape):
    """Which file; it need not be named when there is one."""

    contract_id: Code
    file_name: Name | None = None


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


class Coverage(View):
    """What span of time the records of the version cover."""

    records_from: date
    records_to: date


class AnswerView(View):
    """The answer about one person; never a verdict."""

    use_id: str
    contract_id: str
    policy_case: str
    data_as_of: date
    coverage: Coverage
    look_back_years: int
    status: str
    groups: dict[str, bool]
    charged: bool
    version_digest: str
    answer_nonce: str
    answer_digest: str

    @classmethod
    def of(cls, given: AnswerGiven) -> Self:
        """From the answer on its way out."""
        answer, asked = given.answer, given.use.asked
        return cls(
            use_id=given.use.id, contract_id=asked.contract_id, policy_case=asked.policy_case,
            data_as_of=answer.data_as_of,
            coverage=Coverage(records_from=given.records_from, records_to=answer.data_as_of),
            look_back_years=answer.look_back_years, status=answer.status, groups=dict(answer.groups),
            charged=given.use.held_fen > 0, version_digest=answer.version_digest, answer_nonce=given.nonce,
            answer_digest=given.digest,
        )  # fmt: skip


class CohortGroupView(View):
    """One group of at least k persons."""

    by: dict[str, str | None]
    persons: int
    prevalence: dict[str, int | None] | None


class CohortAnswerView(View):
    """The answer about many."""

    use_id: str
    contract_id: str
    data_as_of: date
    coverage: Coverage
    look_back_years: int
    k: int
    groups: list[CohortGroupView]
    groups_suppressed: int
    charged: bool
    version_digest: str
    answer_nonce: str
    answer_digest: str

    @classmethod
    def of(cls, given: CohortGiven) -> Self:
        """From the answer on its way out."""
        groups: list[Any] = given.shown()  # Any: pydantic reads them into views
        return cls(
            use_id=given.use.id, contract_id=given.use.asked.contract_id, data_as_of=given.data_as_of,
            coverage=Coverage(records_from=given.records_from, records_to=given.data_as_of),
            look_back_years=given.query.look_back_years, k=given.k,
            groups=[CohortGroupView.model_validate(group) for group in groups],
            groups_suppressed=given.released.suppressed, charged=given.use.held_fen > 0,
            version_digest=given.use.version_digest, answer_nonce=given.nonce, answer_digest=given.digest,
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
