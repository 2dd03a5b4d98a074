"""Shapes of a registration: what comes in and what goes out."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, StringConstraints

from kernel.web import Code, Flag, Name, Shape, Text, View, Whole
from rights.domain.filing import Allocation
from rights.domain.registration import Registration, RegistrationType
from rights.domain.source_rights import Right
from rights.domain.states import RegistrationState
from rights.inbound.http.edge import LINES_MAX, Json

Months = Annotated[int, Strict(), Field(ge=1, le=600)]


class FormFilled(Shape):
    """Annex 1, as far as it is filled in; the pre-check says what is missing."""

    name: Name | None = None
    overview: Text | None = None
    industry: Code | None = None
    source_kind: Code | None = None
    area_range: Literal["international", "national", "province", "city", "district", "below_district"] | None = None
    time_from: date | None = None
    time_to: date | None = None
    update_rate: Literal["day", "week", "month", "year", "on_demand", "real_time", "other"] | None = None
    volume_records: Whole | None = None
    volume_bytes: Whole | None = None
    data_form: Literal["image", "text", "video", "audio", "table", "model", "other"] | None = None
    structure: Literal["structured", "semi_structured", "unstructured"] | None = None
    restrictions: Text = "无"
    scenario: Text | None = None
    source_contract_ends_on: date | None = None

    def as_json(self) -> Json:
        """What was filled in."""
        return self.model_dump(mode="json", exclude_none=True)


class AllocationMade(Shape):
    """One right of one party."""

    party_id: Code
    right: Right
    term_months: Months
    limits: Annotated[str, StringConstraints(max_length=400)] = ""

    def made(self) -> Allocation:
        """In our words."""
        return Allocation(self.party_id, self.right, self.term_months, self.limits.strip())


Allocations = Annotated[tuple[AllocationMade, ...], Field(max_length=LINES_MAX)]
Rights = Annotated[tuple[Right, ...], Field(min_length=1, max_length=3)]


class RegistrationOpening(Shape):
    """An initial registration (profile, data, form, allocations), or a transfer (certificate, transferee, rights)."""

    type: Literal["initial", "transfer", "change", "renewal", "cancellation"]
    profile: Code | None = None
    dataset_id: Code | None = None
    product_id: Code | None = None
    version_id: Code | None = None
    form: FormFilled = FormFilled()
    allocations: Allocations = ()
    previous_certificate: Code | None = None
    transferee_party_id: Code | None = None
    rights: Rights | None = None


class FormWriting(Shape):
    """The form anew."""

    form: FormFilled
    allocations: Allocations


class AllocationView(View):
    """One right of one party."""

    party_id: str
    right: Right
    term_months: int
    limits: str


class PaperView(View):
    """A paper that was handed in."""

    kind: str
    sha256: str
    sm3: str
    size: int
    media_type: str


class StepView(View):
    """One step of the history."""

    state: RegistrationState
    at: datetime
    by: str
    note: str


class RegistrationView(View):
    """A registration."""

    registration_id: str
    profile: str
    type: RegistrationType
    state: RegistrationState
    applicant_party_id: str
    transferee_party_id: str
    joined: bool
    dataset_id: str
    product_id: str
    version_id: str
    version_digest: str
    lineage_root: str
    source_kind: str
    form: dict[str, Json]
    allocations: list[AllocationView]
    rights: list[Right]
    previous_certificate: str
    attachments: list[PaperView]
    matches: list[dict[str, Json]]
    requested: list[str]
    reason: str
    remarks: list[str]
    submitted_at: datetime | None
    acceptance_due_on: date | None
    correction_due_on: date | None
    review_due_on: date | None
    notice_published_on: date | None
    notice_ends_on: date | None
    provisional: bool
    record_sha256: str
    deposited_at: datetime | None
    certificate_number: str
    history: list[StepView]

    @classmethod
    def of(cls, registration: Registration) -> Self:
        """From the registration."""
        subject = registration.subject
        flat = {name: getattr(registration, name) for name in cls.model_fields if hasattr(registration, name)}
        known = {name: getattr(subject, name) for name in cls.model_fields if hasattr(subject, name)}
        return cls.model_validate({**flat, **known, "attachments": registration.papers}, from_attributes=True)


class RegistrationsView(View):
    """A page of registrations."""

    items: list[RegistrationView]
    next: str | None


class FindingView(View):
    """One item of the pre-check."""

    code: str
    where: str
    zh: str
    en: str


class PreCheckView(View):
    """Whether it may be handed in, and what is missing."""

    clean: Flag
    items: list[FindingView]
