"""Registrations over HTTP: what applicants do."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from kernel.web import PUBLIC, CallerOf, OnceKey, PageOf, Router, allow
from rights.domain.profiles import PROFILES, Profile
from rights.domain.refusals import RegistrationTypeNotOffered
from rights.domain.states import RegistrationState
from rights.inbound.http.edge import Id, Json, Ports, next_after
from rights.inbound.http.shapes import (
    FindingView,
    FormWriting,
    PaperView,
    PreCheckView,
    RegistrationOpening,
    RegistrationsView,
    RegistrationView,
)
from rights.ports import Wanted
from rights.use_cases import registrations, submissions

router = Router(tags=["registrations 登记"])
FILING = allow("provider", "supplier", "authorised_operator")


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
    items = await submissions.look_over(registering, caller, registration_id)
    return PreCheckView(clean=not items, items=[FindingView.model_validate(item) for item in items])


@router.post("/registrations/{registration_id}:join", dependencies=[allow()])
async def join(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """The transferee applies too."""
    return RegistrationView.of(await registrations.join(registering, caller, once, registration_id))


@router.post("/registrations/{registration_id}:submit", dependencies=[FILING])
async def submit(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """Hand it in."""
    return RegistrationView.of(await submissions.submit(registering, caller, once, registration_id))


@router.post("/registrations/{registration_id}:withdraw", dependencies=[FILING])
async def withdraw(registration_id: Id, registering: Ports, caller: CallerOf, once: OnceKey) -> RegistrationView:
    """Give it up."""
    return RegistrationView.of(await registrations.withdraw(registering, caller, once, registration_id))
