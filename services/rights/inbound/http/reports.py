"""Compliance, quality and value reports over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import Query, Request
from pydantic import Field

from kernel.web import CallerOf, Code, Digest, Jws, Name, OnceKey, Ppm, Router, Shape, Text, View, allow
from rights.domain.reports import Conclusion, Level, Report, ReportKind
from rights.inbound.http.edge import LINES_MAX, Id, Json, Ports
from rights.use_cases import reports

router = Router(tags=["reports 报告"])


class Judgement(Shape):
    """One of the six heads."""

    head: Code
    finding: Text
    result: Conclusion


class Signer(Shape):
    """A person who answers for it."""

    name: Name
    licence_number: Name


class EvidenceShown(Shape):
    """A paper on which a figure rests."""

    name: Name
    sha256: Digest


class ComplianceFiling(Shape):
    """A law firm's compliance file."""

    dataset_id: Code | None = None
    product_id: Code | None = None
    version_id: Code
    heads: Annotated[tuple[Judgement, ...], Field(min_length=1, max_length=LINES_MAX)]
    level: Level
    conclusion: Conclusion
    conditions: Annotated[tuple[Text, ...], Field(max_length=LINES_MAX)] = ()
    valid_until_on: date
    lawyers: Annotated[tuple[Signer, ...], Field(max_length=LINES_MAX)] = ()
    signature: Jws


class QualityMeasuring(Shape):
    """Which version, and how the dimensions weigh."""

    dataset_id: Code
    version_id: Code
    weights: dict[Code, Ppm] | None = None


class Appraising(Shape):
    """What is judged, how, and from what."""

    dataset_id: Code | None = None
    product_id: Code | None = None
    method: Literal["income", "cost", "market"]
    purpose: Literal["pledge", "booking", "trade", "contribution", "litigation"]
    base_on: date
    parameters: dict[str, Json]
    evidence: Annotated[tuple[EvidenceShown, ...], Field(min_length=1, max_length=LINES_MAX)]
    signers: Annotated[tuple[Signer, ...], Field(min_length=2, max_length=LINES_MAX)]
    reason: Annotated[str, Field(max_length=4000)] = ""


class ReportView(View):
    """A report."""

    report_id: str
    kind: ReportKind
    dataset_id: str
    product_id: str
    version_id: str
    lineage_root: str
    issuer_party_id: str
    issued_at: datetime
    valid_until_at: datetime | None
    conclusion: str
    level: str
    score_ppm: int | None
    grade: str
    method: str
    purpose: str
    value_fen: int | None
    content: dict[str, Json]
    sha256: str

    @classmethod
    def of(cls, report: Report) -> Self:
        """From the report."""
        return cls.model_validate(report)


class ReportsView(View):
    """The reports of an asset."""

    items: list[ReportView]


@router.post("/compliance-files", status_code=201, dependencies=[allow("law_firm")])
async def file_compliance(
    filing: ComplianceFiling, request: Request, registering: Ports, caller: CallerOf, once: OnceKey
) -> ReportView:
    """File a compliance opinion; the signature covers the RFC 8785 bytes of the body without itself."""
    body: dict[str, Json] = await request.json()
    filed = reports.ComplianceFile(
        filing.dataset_id or "", filing.product_id or "", filing.version_id,
        [(each.head, each.result) for each in filing.heads], filing.level, filing.conclusion,
        list(filing.conditions), filing.valid_until_on, filing.signature,
        {name: value for name, value in body.items() if name != "signature"},
    )  # fmt: skip
    return ReportView.of(await reports.file_compliance(registering, caller, once, filed))


@router.post("/quality-reports", status_code=201, dependencies=[allow("appraiser")])
async def report_quality(
    measuring: QualityMeasuring, registering: Ports, caller: CallerOf, once: OnceKey
) -> ReportView:
    """Score a version from what was counted on its bytes."""
    asked = (measuring.version_id, measuring.weights)
    return ReportView.of(await reports.report_quality(registering, caller, once, measuring.dataset_id, asked))


@router.post("/value-reports", status_code=201, dependencies=[allow("appraiser")])
async def report_value(appraising: Appraising, registering: Ports, caller: CallerOf, once: OnceKey) -> ReportView:
    """Compute a value and show the working."""
    appraisal = reports.Appraisal(
        appraising.dataset_id or "", appraising.product_id or "", appraising.method, appraising.purpose,
        appraising.base_on, appraising.parameters, [each.model_dump() for each in appraising.evidence],
        [each.model_dump() for each in appraising.signers], appraising.reason,
    )  # fmt: skip
    return ReportView.of(await reports.report_value(registering, caller, once, appraisal))


@router.get("/reports", dependencies=[allow()])
async def list_reports(
    registering: Ports, caller: CallerOf, dataset_id: Annotated[Code | None, Query()] = None,
    product_id: Annotated[Code | None, Query()] = None, kind: Annotated[ReportKind | None, Query()] = None,
) -> ReportsView:  # fmt: skip
    """The newest first."""
    found = await reports.list_reports(registering, caller, dataset_id or "", product_id or "", kind or "")
    return ReportsView(items=[ReportView.of(each) for each in found])


@router.get("/reports/{report_id}", dependencies=[allow()])
async def read_report(report_id: Id, registering: Ports, caller: CallerOf) -> ReportView:
    """One report."""
    return ReportView.of(await reports.read_report(registering, caller, report_id))
