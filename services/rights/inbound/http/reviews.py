"""Reviews, notices and objections over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field, Strict

from kernel.web import PUBLIC, CallerOf, OnceKey, PageOf, Router, Shape, Text, View, allow
from rights.domain.objection import Objection, ObjectionState
from rights.domain.registration import Registration
from rights.inbound.http.edge import LINES_MAX, Id, Ports, Reasoned, next_after
from rights.inbound.http.shapes import AllocationView, RegistrationView
from rights.use_cases import objections, reviews

router = Router(tags=["reviews 审核"])
REVIEWING = allow("reviewer")
Items = Annotated[tuple[Text, ...], Field(min_length=1, max_length=LINES_MAX)]
Days = Annotated[int, Strict(), Field(ge=1, le=30, description="Working days.")]


class Requesting(Shape):
    """What is missing, and how many working days there are for it."""

    items: Items
    days: Days = 5


class Approving(Shape):
    """Remarks that go onto the certificate."""

    remarks: Annotated[tuple[Text, ...], Field(max_length=LINES_MAX)] = ()


class ObjectionView(View):
    """An objection."""

    objection_id: str
    registration_id: str
    party_id: str
    reason: str
    state: ObjectionState
    raised_at: datetime
    decided_at: datetime | None
    decision: str

    @classmethod
    def of(cls, objection: Objection) -> Self:
        """From the objection."""
        return cls.model_validate(objection)


class ObjectionsView(View):
    """All objections to a registration."""

    items: list[ObjectionView]


class NoticeView(View):
    """What the public is told."""

    registration_id: str
    profile: str
    name: str
    overview: str
    applicant_party_id: str
    allocations: list[AllocationView]
    published_on: date | None
    ends_on: date | None

    @classmethod
    def of(cls, registration: Registration) -> Self:
        """From the registration."""
        form = registration.form
        return cls(
            registration_id=registration.registration_id, profile=registration.profile, name=str(form.get("name", "")),
            overview=str(form.get("overview", "")), applicant_party_id=registration.applicant_party_id,
            allocations=[AllocationView.model_validate(each) for each in registration.allocations],
            published_on=registration.notice_published_on, ends_on=registration.notice_ends_on,
        )  # fmt: skip


class NoticesView(View):
    """A page of notices."""

    items: list[NoticeView]
    next: str | None


@router.post("/registrations/{registration_id}:accept", dependencies=[REVIEWING])
async def accept(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """Accept it for review."""
    return RegistrationView.of(await reviews.accept(registering, caller, once, registration_id))


@router.post("/registrations/{registration_id}:request-correction", dependencies=[REVIEWING])
async def request_correction(
    registration_id: Id, requesting: Requesting, registering: Ports, caller: CallerOf, once: OnceKey
) -> RegistrationView:
    """Name once all that is missing."""
    wanted = (list(requesting.items), requesting.days)
    return RegistrationView.of(await reviews.request_correction(registering, caller, once, registration_id, wanted))


@router.post("/registrations/{registration_id}:start-review", dependencies=[REVIEWING])
async def start_review(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """Take it."""
    return RegistrationView.of(await reviews.start_review(registering, caller, once, registration_id))


@router.post("/registrations/{registration_id}:request-evidence", dependencies=[REVIEWING])
async def request_evidence(
    registration_id: Id, requesting: Requesting, registering: Ports, caller: CallerOf, once: OnceKey
) -> RegistrationView:
    """Stop the clock until more is proved."""
    wanted = (list(requesting.items), requesting.days)
    return RegistrationView.of(await reviews.request_evidence(registering, caller, once, registration_id, wanted))


@router.post("/registrations/{registration_id}:extend-review", dependencies=[REVIEWING])
async def extend_review(
    registration_id: Id, why: Reasoned, registering: Ports, caller: CallerOf, once: OnceKey
) -> RegistrationView:
    """Once, by as many working days again."""
    return RegistrationView.of(await reviews.extend_review(registering, caller, once, registration_id, why.reason))


@router.post("/registrations/{registration_id}:approve", dependencies=[REVIEWING])
async def approve(
    registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey, approving: Approving | None = None
) -> RegistrationView:
    """Publish the notice."""
    remarks = list(approving.remarks) if approving else []
    return RegistrationView.of(await reviews.approve(registering, caller, once, registration_id, remarks))


@router.post("/registrations/{registration_id}:refuse", dependencies=[REVIEWING])
async def refuse(
    registration_id: Id, why: Reasoned, registering: Ports, caller: CallerOf, once: OnceKey
) -> RegistrationView:
    """Refuse it in writing."""
    return RegistrationView.of(await reviews.refuse(registering, caller, once, registration_id, why.reason))


@router.post("/registrations/{registration_id}/objections", status_code=201, dependencies=[allow()])
async def object_to(
    registration_id: Id, why: Reasoned, registering: Ports, caller: CallerOf, once: OnceKey
) -> ObjectionView:
    """Object under one's own name."""
    return ObjectionView.of(await objections.object_to(registering, caller, once, registration_id, why.reason))


@router.get("/registrations/{registration_id}/objections", dependencies=[allow()])
async def list_objections(registration_id: Id, registering: Ports, caller: CallerOf) -> ObjectionsView:
    """The oldest first."""
    found = await objections.list_objections(registering, caller, registration_id)
    return ObjectionsView(items=[ObjectionView.of(each) for each in found])


@router.post("/registrations/{registration_id}/objections/{objection_id}:dismiss", dependencies=[REVIEWING])
async def dismiss(
    registration_id: Id, objection_id: Id, why: Reasoned, registering: Ports, caller: CallerOf, once: OnceKey
) -> ObjectionView:
    """The objection has no ground."""
    ids = (registration_id, objection_id)
    done = await objections.decide(registering, caller, once, ids, ObjectionState.DISMISSED, why.reason)
    return ObjectionView.of(done)


@router.post("/registrations/{registration_id}/objections/{objection_id}:uphold", dependencies=[REVIEWING])
async def uphold(
    registration_id: Id, objection_id: Id, why: Reasoned, registering: Ports, caller: CallerOf, once: OnceKey
) -> ObjectionView:
    """The objection is right."""
    ids = (registration_id, objection_id)
    done = await objections.decide(registering, caller, once, ids, ObjectionState.UPHELD, why.reason)
    return ObjectionView.of(done)


@router.get("/notices", dependencies=[PUBLIC])
async def list_notices(registering: Ports, page: PageOf) -> NoticesView:
    """What is in its public notice now."""
    found = await reviews.list_notices(registering, page.limit, page.after)
    after = next_after(found, page, lambda each: each.registration_id)
    return NoticesView(items=[NoticeView.of(each) for each in found], next=after)
