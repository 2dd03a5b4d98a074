"""Reports: compliance by law firms, quality and value by appraisers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.calendar import end_of_day, local_date
from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.signatures import header_of, verify_compact
from kernel.work import Ticket
from rights.domain import events, refusals
from rights.domain.certificate import months_after
from rights.domain.quality import score
from rights.domain.reports import Conclusion, Level, Report, ReportKind, check_compliance
from rights.domain.valuation import valued
from rights.ports import Asset, Registering, Work
from rights.use_cases.assets import resolve
from rights.use_cases.registrations import measure
from rights.use_cases.replays import recall

SIGNATURE_TYPE = "yaosu-compliance-file"
SEES_ALL = ("bank", "reviewer", "operator", "regulator")
Json = Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True)
class ComplianceFile:
    """What a law firm found; ``signed`` is the body as it came, without its signature."""

    dataset_id: str
    product_id: str
    version_id: str
    heads: Sequence[tuple[str, Conclusion]]
    level: Level
    conclusion: Conclusion
    conditions: Sequence[str]
    valid_until_on: date
    signature: str
    signed: Json


async def file_compliance(app: Registering, caller: Caller, once: Ticket, filed: ComplianceFile) -> Report:
    """Keep a compliance file that its author's registered key has signed."""
    await recall(app, once)
    asset = await resolve(app, filed.dataset_id, filed.product_id)
    await measure(app, filed.dataset_id, filed.product_id, filed.version_id)
    async with app.work() as work:
        now = work.now
    key_id = str(header_of(filed.signature).get("kid", ""))
    jwk = await app.parties.key_in_use(caller.party_id, key_id, now)
    if jwk is None:
        raise refusals.SigningKeyNotRegistered(key_id=key_id)
    if verify_compact(filed.signature, jwk, SIGNATURE_TYPE) != canonical(dict(filed.signed)):
        raise refusals.SignedOtherWords
    async with app.work(once) as work:
        valid_until_at = check_compliance(
            filed.heads, filed.conclusion, filed.conditions, filed.valid_until_on, local_date(work.now)
        )
        report = Report(
            new_id("rpt"), ReportKind.COMPLIANCE, asset.dataset_id, asset.product_id, filed.version_id,
            asset.lineage_root, caller.party_id, work.now, valid_until_at,
            {**filed.signed, "signature": filed.signature}, conclusion=filed.conclusion, level=filed.level,
        ).sealed()  # fmt: skip
        return await _issue(work, report)


async def report_quality(
    app: Registering, caller: Caller, once: Ticket, dataset_id: str, measuring: tuple[str, Mapping[str, int] | None]
) -> Report:
    """Score the counts that the catalog made on the real bytes."""
    version_id, weights = measuring
    await recall(app, once)
    asset = await resolve(app, dataset_id, "")
    await check_independent(app, caller, asset)
    measured = await measure(app, dataset_id, "", version_id)
    scored = score(measured.quality, weights, app.rules.grade_bands)
    content = {
        "standard": "GB/T 36344-2018", "score_ppm": scored.score_ppm, "grade": scored.grade,
        "dimensions": list(scored.dimensions), "version_digest": measured.subject.version_digest,
        "profile_sha256": measured.profile_sha256, "sample": "all items, counted on the bytes",
        "grade_bands": dict(app.rules.grade_bands),
    }  # fmt: skip
    async with app.work(once) as work:
        report = Report(
            new_id("rpt"), ReportKind.QUALITY, asset.dataset_id, "", version_id, asset.lineage_root, caller.party_id,
            work.now, None, content, score_ppm=scored.score_ppm, grade=scored.grade,
        ).sealed()  # fmt: skip
        return await _issue(work, report)


@dataclass(frozen=True)
class Appraisal:
    """What an appraiser judged, from what, and who signs for it."""

    dataset_id: str
    product_id: str
    method: str
    purpose: str
    base_on: date
    parameters: Json
    evidence: Sequence[Json]
    signers: Sequence[Json]
    reason: str = ""


async def report_value(app: Registering, caller: Caller, once: Ticket, appraisal: Appraisal) -> Report:
    """Compute the value by the method's formula and show the working; the report is good for a year."""
    await recall(app, once)
    asset = await resolve(app, appraisal.dataset_id, appraisal.product_id)
    await check_independent(app, caller, asset)
    valuation = valued(appraisal.method, appraisal.parameters)
    async with app.work(once) as work:
        if appraisal.base_on > local_date(work.now):
            raise refusals.ReportNotConsistent(why="base_on: lies in the future")
        base_at = end_of_day(appraisal.base_on)
        valid_until_at = months_after(base_at, app.rules.value_valid_months)
        content = {
            "method": appraisal.method, "purpose": appraisal.purpose, "base_on": appraisal.base_on.isoformat(),
            "right": "OPERATE", "parameters": dict(appraisal.parameters), "evidence": list(appraisal.evidence),
            "signers": list(appraisal.signers), "reason": appraisal.reason, "value_fen": valuation.value_fen,
            "working": list(valuation.working), "basis": "数据资产评估指导意见（中评协〔2023〕17号）",
        }  # fmt: skip
        report = Report(
            new_id("rpt"), ReportKind.VALUE, asset.dataset_id, asset.product_id, "", asset.lineage_root,
            caller.party_id, work.now, valid_until_at, content, method=appraisal.method, purpose=appraisal.purpose,
            value_fen=valuation.value_fen,
        ).sealed()  # fmt: skip
        return await _issue(work, report)


async def check_independent(app: Registering, caller: Caller, asset: Asset) -> None:
    """An appraiser has no right in what it judges."""
    async with app.work() as work:
        units = await work.registry.units(asset.lineage_root, work.now)
    if caller.party_id in {asset.owner_party_id, *(unit.holder_party_id for unit in units)}:
        raise refusals.AppraiserNotIndependent


async def _issue(work: Work, report: Report) -> Report:
    await work.reports.add(report)
    work.tell(events.ReportIssued(report), about=report.report_id, deposit=report.written())
    return work.settle(report)


async def read_report(app: Registering, caller: Caller, report_id: str) -> Report:
    """For its author, the holders of the asset, and those who decide by it."""
    async with app.work() as work:
        report = await work.reports.get(report_id)
    if not await _may_see(app, caller, report):
        raise refusals.ReportNotFound(report_id=report_id)
    return report


async def _may_see(app: Registering, caller: Caller, report: Report) -> bool:
    if caller.has(*SEES_ALL) or caller.party_id == report.issuer_party_id:
        return True
    asset = await resolve(app, report.dataset_id, report.product_id)
    async with app.work() as work:
        units = await work.registry.units(report.lineage_root, work.now)
    return caller.party_id in {asset.owner_party_id, *(unit.holder_party_id for unit in units)}


async def list_reports(
    app: Registering, caller: Caller, dataset_id: str, product_id: str, kind: str
) -> Sequence[Report]:
    """The reports of an asset that the caller may see, the newest first."""
    asset = await resolve(app, dataset_id, product_id)
    async with app.work() as work:
        found = await work.reports.of(asset.dataset_id, asset.product_id, kind)
    return [report for report in found if await _may_see(app, caller, report)]
