"""Steps at the registration and evaluation centre that both cases have: filing, certifying, reporting, transferring."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from kernel.canonical import canonical
from market.demo.client import Actor
from market.demo.world import World, bytes_stream, paper, years_after

NOTICE_WORKING_DAYS = {"nda-2026": 5, "public-2025": 10}
TERM_MONTHS = {"nda-2026": 30, "public-2025": 30}
ALWAYS = {
    "nda-2026": ("identity_proof", "acquisition_proof", "data_sample", "data_description"),
    "public-2025": (
        "identity_proof", "acquisition_proof", "data_description", "scenario_statement", "risk_assessment",
    ),
}  # fmt: skip
BY_SOURCE = {"public_product": ("authorisation_agreement",)}
FOR_MODELS = ("design_contract", "sub_designer_consent", "facility_declaration")
TITLES = {
    "identity_proof": "营业执照", "acquisition_proof": "数据来源与取得说明", "data_sample": "数据样例",
    "data_description": "数据说明", "scenario_statement": "应用场景说明", "risk_assessment": "数据安全风险评估",
    "authorisation_agreement": "公共数据授权运营协议", "design_contract": "委托设计合同",
    "sub_designer_consent": "分包设计单位同意书", "facility_declaration": "非涉密、非敏感设施声明",
    "co_holder_agreement": "共有人协议", "transfer_contract": "数据产权转让合同",
}  # fmt: skip
HEADS = ("parties", "source", "content", "tradability", "circulation", "process")


async def certify(  # noqa: PLR0913 - a filing says all this
    world: World, applicant: Actor, *, profile: str, version_id: str, name: str, source_kind: str,
    dataset_id: str = "", product_id: str = "", co_holders: Sequence[Actor] = (), is_model: bool = False,
) -> tuple[str, str]:  # fmt: skip
    """Register the applicant's three rights up to a certificate; its number and where its file is kept."""
    asset = {"product_id": product_id} if product_id else {"dataset_id": dataset_id}
    submitted = await submit(
        applicant, asset, profile=profile, version_id=version_id, name=name, source_kind=source_kind,
        co_holders=co_holders, is_model=is_model,
    )  # fmt: skip
    path = f"/rights/v1/registrations/{submitted['registration_id']}"
    return await _through_review(world, applicant, path, NOTICE_WORKING_DAYS[profile])


async def submit(
    applicant: Actor, asset: dict[str, str], *, profile: str, version_id: str, name: str, source_kind: str,
    co_holders: Sequence[Actor] = (), is_model: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """File the registration with all its papers and hand it in; the registration as it stands then."""
    path = await file(
        applicant, asset, profile=profile, version_id=version_id, name=name, source_kind=source_kind,
        co_holders=co_holders, is_model=is_model,
    )  # fmt: skip
    submitted: dict[str, Any] = await applicant.post(f"{path}:submit")
    return submitted


async def file(
    applicant: Actor, asset: dict[str, str], *, profile: str, version_id: str, name: str, source_kind: str,
    co_holders: Sequence[Actor] = (), is_model: bool = False,
) -> str:  # fmt: skip
    """File the registration with all its papers; its path, ready to be handed in."""
    filing = {
        "profile": profile, "type": "initial", **asset, "version_id": version_id,
        "form": _form(name, source_kind, is_model=is_model),
        "allocations": _allocations(profile, applicant, co_holders),
    }  # fmt: skip
    registration = await applicant.post("/rights/v1/registrations", filing)
    path = f"/rights/v1/registrations/{registration['registration_id']}"
    kinds = [*ALWAYS[profile], *BY_SOURCE.get(source_kind, ())]
    kinds += [*FOR_MODELS] if is_model else []
    kinds += ["co_holder_agreement"] if co_holders else []
    await _attach(applicant, path, kinds, name)
    return path


def _form(name: str, source_kind: str, *, is_model: bool) -> dict[str, Any]:
    return {
        "name": name, "overview": f"{name}，来源清楚，权属无争议。", "industry": "E47" if is_model else "Q84",
        "source_kind": source_kind, "area_range": "district", "time_from": "2020-01-01", "time_to": "2026-07-31",
        "update_rate": "on_demand" if is_model else "month", "volume_records": 1, "volume_bytes": 1,
        "data_form": "model" if is_model else "table", "structure": "structured", "restrictions": "无",
        "scenario": "商业健康保险核保" if not is_model else "设计成果复用与运维",
    }  # fmt: skip


def _allocations(profile: str, applicant: Actor, co_holders: Sequence[Actor]) -> list[dict[str, Any]]:
    months = TERM_MONTHS[profile]
    own = [
        {"party_id": applicant.party_id, "right": right, "term_months": months} for right in ("HOLD", "USE", "OPERATE")
    ]
    return own + [{"party_id": one.party_id, "right": "OPERATE", "term_months": months} for one in co_holders]


async def _attach(applicant: Actor, path: str, kinds: Sequence[str], name: str) -> None:
    for kind in kinds:
        content = paper(TITLES[kind], 登记名称=name, 出具单位=applicant.name)
        await applicant.upload(f"{path}/attachments/{kind}", bytes_stream(content), len(content), "text/plain")


async def _through_review(world: World, applicant: Actor, path: str, notice_days: int) -> tuple[str, str]:
    registrar = world["registrar"]
    await registrar.post(f"{path}:accept")
    await registrar.post(f"{path}:start-review")
    await registrar.post(f"{path}:approve", {})
    await world.working_days_later(notice_days)
    certified = await applicant.until(path, "state", "CERTIFIED", "REFUSED")
    number = str(certified["certificate_number"])
    file = await applicant.get(f"/rights/v1/certificates/{number}/file", raw=True)
    return number, world.save(f"certificates/{number}.tlog-proof", file)


async def transfer(giver: Actor, taker: Actor, *, certificate_number: str) -> dict[str, Any]:
    """The joint application of giver and taker; submitted, it takes the right."""
    filing = {
        "profile": "nda-2026", "type": "transfer", "previous_certificate": certificate_number,
        "transferee_party_id": taker.party_id, "rights": ["HOLD", "USE", "OPERATE"],
    }  # fmt: skip
    registration = await giver.post("/rights/v1/registrations", filing)
    path = f"/rights/v1/registrations/{registration['registration_id']}"
    await _attach(giver, path, ["transfer_contract"], certificate_number)
    await taker.post(f"{path}:join")
    submitted: dict[str, Any] = await giver.post(f"{path}:submit")
    return submitted


async def file_compliance(
    world: World, *, version_id: str, level: str, dataset_id: str = "", product_id: str = ""
) -> dict[str, Any]:
    """The law firm's compliance file: six heads, a level, a signed conclusion."""
    firm = world["law_firm"]
    asset = {"product_id": product_id} if product_id else {"dataset_id": dataset_id}
    body = {
        **asset, "version_id": version_id,
        "heads": [{"head": head, "finding": "经核查，未发现影响结论的事项。", "result": "PASSED"} for head in HEADS],
        "level": level, "conclusion": "PASSED", "conditions": [],
        "valid_until_on": years_after((await world.now()).date(), 1).isoformat(),
        "lawyers": [{"name": "王律师", "licence_number": "13702202010000001"}],
    }  # fmt: skip
    signature = firm.sign(canonical(body), "yaosu-compliance-file")
    filed: dict[str, Any] = await firm.post("/rights/v1/compliance-files", {**body, "signature": signature})
    return filed


async def report_quality(world: World, *, dataset_id: str, version_id: str) -> dict[str, Any]:
    """The appraiser's quality report, computed from the profile of the bytes."""
    asked = {"dataset_id": dataset_id, "version_id": version_id}
    report: dict[str, Any] = await world["appraiser"].post("/rights/v1/quality-reports", asked)
    return report


async def report_value(world: World, *, dataset_id: str, incomes_fen: Sequence[int], rate_ppm: int) -> dict[str, Any]:
    """The appraiser's value report by income, for a pledge."""
    report: dict[str, Any] = await world["appraiser"].post("/rights/v1/value-reports", {
        "dataset_id": dataset_id, "method": "income", "purpose": "pledge",
        "base_on": (await world.now()).date().isoformat(),
        "parameters": {"incomes_fen": list(incomes_fen), "discount_rate_ppm": rate_ppm},
        "evidence": [{"name": "许可合同", "sha256": sha256(repr(incomes_fen).encode()).hexdigest()}],
        "signers": [
            {"name": "李评估", "licence_number": "37180001"}, {"name": "赵评估", "licence_number": "37180002"},
        ],
        "reason": "有稳定许可收入，采用收益法",
    })  # fmt: skip
    return report
