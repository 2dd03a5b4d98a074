"""The pre-check: names each missing or inconsistent item before a person looks."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rights.domain.profiles import ATTACHMENTS, TRANSFER_PAPERS
from rights.domain.registration import Registration, RegistrationType
from rights.domain.source_rights import RIGHT_NAMES, SOURCE_NAMES, Entitled, entitled

NAME_CHARACTERS_MAX = 40
OVERVIEW_CHARACTERS_MAX = 400
REQUIRED = {
    "name": ("数据名称", "the name"),
    "overview": ("数据概述", "the overview"),
    "industry": ("所属行业", "the industry"),
    "source_kind": ("数据来源", "the source"),
    "area_range": ("地域范围", "the area"),
    "time_from": ("时间范围起", "the first day of the time range"),
    "time_to": ("时间范围止", "the last day of the time range"),
    "update_rate": ("更新频率", "the update rate"),
    "volume_records": ("数据规模", "the volume"),
    "data_form": ("数据形态", "the form of the data"),
    "structure": ("结构化程度", "the structure"),
}


@dataclass(frozen=True)
class Known:
    """What the pre-check has to know beside the file itself."""

    attached: Collection[str]
    unapproved: Collection[str] = ()  # parties named that are not approved
    uses_sources: bool = True  # for derived data: the applicant may use what it was made from


@dataclass(frozen=True)
class Finding:
    """One item: a stable code, the place, and words."""

    code: str
    where: str
    zh: str
    en: str


def pre_check(registration: Registration, known: Known) -> list[Finding]:
    """Every item at once, in the order of the form."""
    if registration.type is RegistrationType.TRANSFER:
        return [*_joined(registration), *_papers(registration, known), *_parties(known)]
    return [
        *_fields(registration), *_form(registration), *_rights(registration), *_sources(registration, known),
        *_papers(registration, known), *_parties(known),
    ]  # fmt: skip


def _fields(registration: Registration) -> Iterator[Finding]:
    for name, (zh, en) in REQUIRED.items():
        if registration.form.get(name) in (None, ""):
            yield Finding("field-missing", f"/form/{name}", f"请填写{zh}。", f"Fill in {en}.")
    if not registration.rules.confirms_rights and not registration.form.get("scenario"):
        yield Finding("field-missing", "/form/scenario", "请填写应用场景。", "Fill in the scenario of use.")
    if not registration.allocations:
        yield Finding("rights-missing", "/allocations", "请列明权利人及其权利。", "Name the holders and their rights.")


def _form(registration: Registration) -> Iterator[Finding]:
    form, subject = registration.form, registration.subject
    if len(form.get("name") or "") > NAME_CHARACTERS_MAX:
        yield Finding("name-too-long", "/form/name", "数据名称不得超过40个字符。", "Shorten the name to 40 characters.")
    if len(form.get("overview") or "") > OVERVIEW_CHARACTERS_MAX:
        yield Finding(
            "overview-too-long", "/form/overview", "概述不得超过400个字符。", "Shorten the overview to 400 characters."
        )
    stated = form.get("source_kind")
    if stated and stated != subject.source_kind:
        here = SOURCE_NAMES.get(subject.source_kind, (subject.source_kind, subject.source_kind))
        yield Finding(
            "source-differs", "/form/source_kind", f"填报的来源与目录不一致，目录为：{here[0]}。",
            f"The source differs from the catalog's, which says: {here[1]}.",
        )  # fmt: skip
    if form.get("time_from") and form.get("time_to") and form["time_from"] > form["time_to"]:
        yield Finding(
            "time-range-backwards", "/form/time_to", "时间范围止早于起。", "The time range ends before it begins."
        )
    if subject.data_form == "bim" and form.get("data_form") not in (None, "model"):
        yield Finding(
            "form-differs",
            "/form/data_form",
            "建筑信息模型的数据形态应为 model。",
            "A building model has the form model.",
        )


def _rights(registration: Registration) -> Iterator[Finding]:
    rules, kind = registration.rules, registration.subject.source_kind
    seen = set()
    for place, allocation in enumerate(registration.allocations):
        where = f"/allocations/{place}"
        zh, en = RIGHT_NAMES[allocation.right]
        if (allocation.party_id, allocation.right) in seen:
            yield Finding(
                "right-named-twice", where, f"同一主体的{zh}重复填列。", f"The {en} is given twice to one party."
            )
        seen.add((allocation.party_id, allocation.right))
        if allocation.term_months > rules.validity_months:
            yield Finding(
                "term-too-long", where, f"期限不得超过{rules.validity_months}个月。",
                f"A term may last {rules.validity_months} months at most.",
            )  # fmt: skip
        if rules.confirms_rights and entitled(kind, allocation.right) is Entitled.NO:
            source = SOURCE_NAMES.get(kind, (kind, kind))
            yield Finding(
                "right-not-given-by-source", where, f"来源为“{source[0]}”的数据不能登记{zh}。",
                f"Data of the source “{source[1]}” gives no {en}.",
            )  # fmt: skip


def _sources(registration: Registration, known: Known) -> Iterator[Finding]:
    subject = registration.subject
    if subject.authorisation_id and not subject.authorisation_in_force:
        yield Finding(
            "authorisation-ended", "/subject", "公共数据运营授权已失效。", "The public-data authorisation has ended."
        )
    if registration.rules.confirms_rights and subject.source_kind == "derived" and not known.uses_sources:
        yield Finding(
            "use-of-source-not-shown", "/subject",
            "未证明对来源数据享有使用权。请先登记该使用权，或提交来源合同（source_contract）。",
            "The right to use the source is not shown. Register it, or attach the source_contract.",
        )  # fmt: skip


def _papers(registration: Registration, known: Known) -> Iterator[Finding]:
    transfer = registration.type is RegistrationType.TRANSFER
    needed = TRANSFER_PAPERS if transfer else registration.rules.papers(registration.case)
    for kind in needed:
        if kind not in known.attached:
            zh, en = ATTACHMENTS[kind]
            yield Finding("attachment-missing", f"/attachments/{kind}", f"请提交：{zh}。", f"Attach: {en}.")


def _joined(registration: Registration) -> Iterator[Finding]:
    if not registration.joined:
        yield Finding(
            "join-missing",
            "/transferee_party_id",
            "受让方尚未加入共同申请。",
            "The transferee has not joined the application.",
        )


def _parties(known: Known) -> Iterator[Finding]:
    for party_id in sorted(known.unapproved):
        yield Finding(
            "party-not-approved",
            "/allocations",
            f"主体 {party_id} 尚未获准入市。",
            f"Party {party_id} is not approved.",
        )
