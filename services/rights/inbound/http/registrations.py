"""Registrations over HTTP: what applicants do."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field, Strict, StringConstraints

from kernel.web import PUBLIC, CallerOf, Code, Flag, Name, OnceKey, PageOf, Router, Shape, Text, View, Whole, allow
from rights.domain.profiles import PROFILES, Profile
from rights.domain.refusals import RegistrationTypeNotOffered
from rights.domain.registration import Allocation, Registration, RegistrationType
from rights.domain.source_rights import Right
from rights.domain.states import RegistrationState
from rights.inbound.http.edge import LINES_MAX, Id, Json, Ports, next_after
from rights.ports import Wanted
from rights.use_cases import registrations

router = Router(tags=["registrations 登记"])
FILING = allow("provider", "supplier", "authorised_operator")
Months = Annotated[int, Strict(), Field(ge=1, le=600)]
Long = Annotated[str, StringConstraints(max_length=4000)]
MediaType = Annotated[str, StringConstraints(max_length=100)]


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


@router.get("/profiles", dependencies=[PUBLIC])
async def list_profiles() -> dict[str, Json]:
    """The registration rules, as data."""
    return {"items": [_profile(profile) for profile in PROFILES.values()]}


def _profile(profile: Profile) -> Json:
    return {
        "code": profile.code, "zh": profile.zh, "en": profile.en, "law": profile.law, "steps": list(profile.steps),
        "clocks": vars(profile.clocks), "validity_months": profile.validity_months,
        "attachments": list(profile.paper_list()),
        "refuses": [{"zh": zh, "en": en} for zh, en in (*profile.refuses, *profile.refuses_sources.values())],
    }  # fmt: skip


@router.post("/registrations", status_code=201, dependencies=[FILING])
async def open_registration(
    opening: RegistrationOpening, registering: Ports, caller: CallerOf, once: OnceKey
) -> RegistrationView:
    """Begin a registration."""
    if opening.type == "transfer" and opening.previous_certificate and opening.transferee_party_id and opening.rights:
        to = (opening.transferee_party_id, sorted(set(opening.rights)))
        begun = await registrations.open_transfer(registering, caller, once, opening.previous_certificate, to)
        return RegistrationView.of(begun)
    one_asset = bool(opening.dataset_id) != bool(opening.product_id)
    if opening.type != "initial" or not opening.profile or not opening.version_id or not one_asset:
        raise RegistrationTypeNotOffered(type_wanted=opening.type)
    draft = registrations.Draft(
        opening.profile, opening.form.as_json(), [each.made() for each in opening.allocations],
        opening.dataset_id or "", opening.product_id or "", opening.version_id,
    )  # fmt: skip
    return RegistrationView.of(await registrations.open_registration(registering, caller, once, draft))


@router.get("/registrations", dependencies=[allow()])
async def list_registrations(
    registering: Ports, caller: CallerOf, page: PageOf, state: Annotated[RegistrationState | None, Query()] = None
) -> RegistrationsView:
    """The newest first."""
    wanted = Wanted(page.limit, page.after, {"state": state} if state else None)
    found = await registrations.list_registrations(registering, caller, wanted)
    after = next_after(found, page, lambda each: each.registration_id)
    return RegistrationsView(items=[RegistrationView.of(each) for each in found], next=after)


@router.get("/registrations/{registration_id}", dependencies=[allow()])
async def read_registration(registration_id: Id, registering: Ports, caller: CallerOf) -> RegistrationView:
    """One registration."""
    return RegistrationView.of(await registrations.read_registration(registering, caller, registration_id))


@router.put("/registrations/{registration_id}/form", dependencies=[FILING])
async def change_form(
    registration_id: Id, writing: FormWriting, registering: Ports, caller: CallerOf
) -> RegistrationView:
    """Write the form anew."""
    allocations = [each.made() for each in writing.allocations]
    changed = await registrations.change_form(registering, caller, registration_id, writing.form.as_json(), allocations)
    return RegistrationView.of(changed)


@router.put("/registrations/{registration_id}/attachments/{kind}", dependencies=[FILING])
async def attach(registration_id: Id, kind: Id, request: Request, registering: Ports, caller: CallerOf) -> PaperView:
    """Hand a paper in, as raw bytes."""
    media_type = request.headers.get("content-type", "application/octet-stream")[:100]
    kept = await registrations.attach(registering, caller, registration_id, kind, (media_type, _pieces(request)))
    return PaperView.model_validate(kept)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece


@router.get(
    "/registrations/{registration_id}/attachments/{kind}", dependencies=[allow()], response_class=StreamingResponse
)
async def read_attachment(registration_id: Id, kind: Id, registering: Ports, caller: CallerOf) -> StreamingResponse:
    """A paper, for those who see the registration. Never rendered: a browser only saves it."""
    paper = await registrations.read_attachment(registering, caller, registration_id, kind)
    headers = {"Content-Disposition": f'attachment; filename="{kind}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(
        registering.objects.open(paper.sha256), headers=headers, media_type="application/octet-stream"
    )


@router.get("/registrations/{registration_id}/pre-check", dependencies=[allow()])
async def pre_check(registration_id: Id, registering: Ports, caller: CallerOf) -> PreCheckView:
    """Each missing or inconsistent item, before a person looks."""
    items = await registrations.look_over(registering, caller, registration_id)
    return PreCheckView(clean=not items, items=[FindingView.model_validate(item) for item in items])


@router.post("/registrations/{registration_id}:join", dependencies=[allow()])
async def join(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """The transferee applies too."""
    return RegistrationView.of(await registrations.join(registering, caller, once, registration_id))


@router.post("/registrations/{registration_id}:submit", dependencies=[FILING])
async def submit(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """Hand it in."""
    return RegistrationView.of(await registrations.submit(registering, caller, once, registration_id))


@router.post("/registrations/{registration_id}:withdraw", dependencies=[FILING])
async def withdraw(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """Give it up."""
    return RegistrationView.of(await registrations.withdraw(registering, caller, once, registration_id))
