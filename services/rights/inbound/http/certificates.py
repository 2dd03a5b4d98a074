"""Certificates over HTTP; the register is public."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from fastapi.responses import PlainTextResponse, Response

from kernel.web import PUBLIC, CallerOf, Code, Name, OnceKey, PageOf, Router, View, allow
from rights.domain.certificate import ISSUER, NOTICE, Certificate
from rights.domain.source_rights import Right
from rights.domain.states import CertificateState
from rights.inbound.http.edge import Id, Json, Ports, Reasoned, next_after
from rights.ports import Wanted
from rights.use_cases import certificates

router = Router(tags=["certificates 证书"])


class HolderView(View):
    """Who holds what."""

    party_id: str
    right: Right
    term_months: int
    limits: str


class CertificateView(View):
    """A certificate. The file is what proves it."""

    number: str
    registration_id: str
    profile: str
    state: CertificateState
    name: str
    dataset_id: str
    product_id: str
    version_id: str
    version_digest: str
    lineage_root: str
    holders: list[HolderView]
    effective_at: datetime
    expires_at: datetime
    remarks: list[str]
    reason: str
    record_sha256: str
    notice: str
    clock_moved: bool

    @classmethod
    def of(cls, certificate: Certificate, remarks: Sequence[str] = (), at: datetime | None = None) -> Self:
        """From the certificate, with its state at a moment."""
        shown = {name: getattr(certificate, name) for name in cls.model_fields if hasattr(certificate, name)}
        state = certificate.state if at is None else certificate.state_at(at)
        more = {"holders": certificate.allocations, "notice": NOTICE, "remarks": [*certificate.remarks, *remarks]}
        return cls.model_validate({**shown, **more, "state": state}, from_attributes=True)


class CertificatesView(View):
    """A page of certificates."""

    items: list[CertificateView]
    next: str | None


class KeyView(View):
    """A key that signs certificates, and when it did."""

    kid: str
    jwk: dict[str, str]
    valid_from: str
    valid_until: str | None


class KeysView(View):
    """The issuer and its keys."""

    issuer: str
    keys: list[KeyView]


@router.get("/certificates", dependencies=[PUBLIC])
async def list_certificates(
    registering: Ports, page: PageOf, q: Annotated[Name | None, Query()] = None,
    holder: Annotated[Code | None, Query()] = None, dataset_id: Annotated[Code | None, Query()] = None,
    product_id: Annotated[Code | None, Query()] = None,
) -> CertificatesView:  # fmt: skip
    """The newest first."""
    asked = {"dataset_id": dataset_id, "product_id": product_id}
    equal = {name: value for name, value in asked.items() if value}
    wanted = Wanted(page.limit, page.after, equal, holder or "", q or "")
    found, remarks, now = await certificates.list_certificates(registering, wanted)
    return CertificatesView(
        items=[CertificateView.of(each, remarks[each.lineage_root], now) for each in found],
        next=next_after(found, page, lambda each: each.number),
    )


@router.get("/certificates/{number}", dependencies=[PUBLIC])
async def read_certificate(number: Id, registering: Ports) -> CertificateView:
    """One certificate."""
    return CertificateView.of(*await certificates.read_certificate(registering, number))


@router.get("/certificates/{number}/file", dependencies=[allow()], response_class=PlainTextResponse)
async def read_certificate_file(number: Id, registering: Ports) -> PlainTextResponse:
    """The certificate as a C2SP tlog-proof whose extra data is the signed credential."""
    certificate, _, _ = await certificates.read_certificate(registering, number)
    return PlainTextResponse(certificate.file)


@router.get("/certificates/{number}/record", dependencies=[allow()], response_class=Response)
async def read_record(number: Id, registering: Ports, caller: CallerOf) -> Response:
    """The bytes that were deposited when it took effect."""
    record = await certificates.read_record(registering, caller, number)
    return Response(record.encode(), media_type="application/json")


@router.post(
    "/certificates/{number}:cancel", dependencies=[allow("provider", "supplier", "authorised_operator", "reviewer")]
)
async def cancel_certificate(
    number: Id, why: Reasoned, registering: Ports, caller: CallerOf, once: OnceKey
) -> CertificateView:
    """End it by request."""
    done = await certificates.cancel_certificate(registering, caller, once, number, why.reason)
    return CertificateView.of(done)


@router.get("/issuer-keys", dependencies=[PUBLIC])
async def list_issuer_keys(registering: Ports) -> KeysView:
    """The public keys of certificates, to be pinned."""
    keys: Json = await certificates.list_issuer_keys(registering)
    return KeysView(issuer=ISSUER, keys=[KeyView.model_validate(key) for key in keys])
