"""Delivery over HTTP."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from delivery.domain.files import PART_BYTES
from delivery.inbound.answers import AnswerView, CohortAnswerView
from delivery.inbound.shapes import CohortAsking, ConsentGiving, FileAsking, UnderwritingAsking
from delivery.inbound.views import (
    ConsentPage,
    ConsentView,
    EntitlementPage,
    EntitlementView,
    FileLinkView,
    NoticeView,
    SubjectKeyView,
    UseOfMeView,
    UsePage,
    UsesOfMePage,
    UseView,
)  # fmt: skip
from delivery.ports import Delivering
from delivery.use_cases import cohorts, consents, entitlements, files, underwriting, uses
from kernel.once import Once
from kernel.web import CallerOf, Code, OnceKey, PageOf, Router, allow

PARTIES = ("buyer", "provider", "authorised_operator", "supplier", "operator", "regulator")
# The answer is a secret, and the use on record, not the kernel's table, is what a retry comes back to.
BY_USE: dict[str, Any] = {"x-secret-outcome": True, "x-outcome-by-use": True}
router = Router(tags=["delivery"])


async def ports_of(request: Request) -> Delivering:
    """This service's ports."""
    ports: Delivering = request.app.state.ports
    return ports


Ports = Annotated[Delivering, Depends(ports_of)]


async def use_key(once: OnceKey) -> Once:
    """A key whose outcome is kept with the use, so that the edge keeps none of its own, refusals included."""
    once.settled = True
    return once


RangeOf = Annotated[str | None, Header(alias="Range", max_length=64)]
UseKey = Annotated[Once, Depends(use_key)]


@router.get("/entitlements", dependencies=[allow(*PARTIES)])
async def list_entitlements(app: Ports, caller: CallerOf, page: PageOf) -> EntitlementPage:
    """The entitlements in which your party has a part."""
    found, now = await entitlements.list_entitlements(app, caller, page.limit, page.after)
    following = found[-1].contract_id if len(found) == page.limit else None
    return EntitlementPage(items=[EntitlementView.at(each, now) for each in found], next=following)


@router.get("/entitlements/{contract_id}", dependencies=[allow(*PARTIES)])
async def read_entitlement(app: Ports, caller: CallerOf, contract_id: Code) -> EntitlementView:
    """One entitlement."""
    found, now = await entitlements.read_entitlement(app, caller, contract_id)
    return EntitlementView.at(found, now)


@router.get("/entitlements/{contract_id}/subject-key", dependencies=[allow("buyer")])
async def read_subject_key(app: Ports, caller: CallerOf, contract_id: Code) -> SubjectKeyView:
    """The key under which persons are named in this contract. For the buyer only."""
    key_hex = await entitlements.read_subject_key(app, caller, contract_id)
    return SubjectKeyView(contract_id=contract_id, key_hex=key_hex)


@router.get("/entitlements/{contract_id}/notice", dependencies=[allow("insured_person", *PARTIES)])
async def read_notice(app: Ports, caller: CallerOf, contract_id: Code) -> NoticeView:
    """What a person is told before consenting; the consent receipt names its digest."""
    found = await entitlements.read_notice(app, caller, contract_id)
    return NoticeView(contract_id=contract_id, notice=found.notice, notice_sha256=found.notice_sha256)


@router.post("/consents", status_code=201, dependencies=[allow("insured_person")])
async def give_consent(giving: ConsentGiving, app: Ports, caller: CallerOf, once: OnceKey) -> ConsentView:
    """Hand in a consent receipt that you signed with your own key."""
    return ConsentView.of(await consents.give_consent(app, caller, once, giving.receipt))


@router.get("/consents", dependencies=[allow("insured_person")])
async def list_consents(app: Ports, caller: CallerOf, page: PageOf) -> ConsentPage:
    """Your consents, newest first."""
    found = await consents.list_consents(app, caller, page.limit, page.after)
    following = found[-1].id if len(found) == page.limit else None
    return ConsentPage(items=[ConsentView.of(each) for each in found], next=following)


@router.post("/consents/{consent_id}:withdraw", dependencies=[allow("insured_person")])
async def withdraw_consent(consent_id: Code, app: Ports, caller: CallerOf, once: OnceKey) -> ConsentView:
    """Take a consent back; nothing can be asked under it any more."""
    return ConsentView.of(await consents.withdraw_consent(app, caller, once, consent_id))


@router.get("/uses-of-me", dependencies=[allow("insured_person")])
async def list_uses_of_me(app: Ports, caller: CallerOf, page: PageOf) -> UsesOfMePage:
    """Who asked about you, for which policy, under which consent; newest first."""
    found = await consents.list_uses_of_me(app, caller, page.limit, page.after)
    following = found[-1][0].id if len(found) == page.limit else None
    return UsesOfMePage(items=[UseOfMeView.of(use, consent) for use, consent in found], next=following)


@router.post("/underwriting-queries", dependencies=[allow("buyer")], openapi_extra=BY_USE)
async def ask_about_person(asking: UnderwritingAsking, app: Ports, caller: CallerOf, once: UseKey) -> AnswerView:
    """Ask about one person who consented."""
    return AnswerView.of(await underwriting.ask_about_person(
        app, caller, once, asking.contract_id, asking.subject_token, asking.purpose, asking.policy_case,
        asking.consent_id or "",
    ))  # fmt: skip


@router.post("/cohort-queries", dependencies=[allow("buyer")], openapi_extra=BY_USE)
async def ask_about_cohort(asking: CohortAsking, app: Ports, caller: CallerOf, once: UseKey) -> CohortAnswerView:
    """Ask about at least k persons at once."""
    given = await cohorts.ask_about_cohort(app, caller, once, asking.contract_id, asking.query())
    return CohortAnswerView.of(given)


@router.post("/file-links", status_code=201, dependencies=[allow("buyer")], openapi_extra=BY_USE)
async def make_link(asking: FileAsking, app: Ports, caller: CallerOf, once: UseKey) -> FileLinkView:
    """A link for one download within a minute."""
    return FileLinkView.of(await files.make_link(app, caller, once, asking.contract_id, asking.file_name or ""))


@router.get("/files/{token}", dependencies=[allow("buyer")], response_class=StreamingResponse)
async def open_link(app: Ports, caller: CallerOf, token: Code, range_: RangeOf = None) -> StreamingResponse:
    """The bytes, verified part by part against the manifest; once."""
    download = await files.open_link(app, caller, token, range_)
    span, file = download.span, download.file
    headers = {
        "Content-Length": str(span.end - span.start), "Accept-Ranges": "bytes", "Cache-Control": "no-store",
        "X-Part-Bytes": str(PART_BYTES), "ETag": f'"{file.sha256}"', "Content-Disposition": "attachment",
    }  # fmt: skip
    if not span.whole:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    return StreamingResponse(
        download.pieces, 200 if span.whole else 206, headers, media_type="application/octet-stream"
    )


@router.get("/uses", dependencies=[allow(*PARTIES)])
async def list_uses(app: Ports, caller: CallerOf, page: PageOf, contract_id: Annotated[Code, Query()]) -> UsePage:
    """Every use under a contract, refused ones too; newest first."""
    found = await uses.list_uses(app, caller, contract_id, page.limit, page.after)
    following = found[-1].id if len(found) == page.limit else None
    return UsePage(items=[UseView.of(each) for each in found], next=following)
