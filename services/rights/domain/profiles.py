"""The registration rules as data: property rights (2026 guide) and public-data resources (发改数据规〔2025〕26号)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rights.domain.clocks import Clocks
from rights.domain.refusals import ProfileUnknown

ATTACHMENTS: Mapping[str, tuple[str, str]] = {
    "identity_proof": ("申请主体身份证明", "proof of the applicant's identity"),
    "acquisition_proof": ("数据合法取得证明", "proof of lawful acquisition"),
    "data_sample": ("数据样例", "data sample"),
    "data_description": ("数据说明", "data description"),
    "co_holder_agreement": ("共同权利人协议", "agreement with the co-holders"),
    "source_contract": ("数据来源合同", "contract on the source"),
    "collection_statement": ("自动化收集合规说明", "statement on lawful automated collection"),
    "fusion_contract": ("数据融合协议", "fusion contract"),
    "other_parties_consent": ("其他参与方同意书", "consent of the other parties of the fusion"),
    "derivation_statement": ("衍生加工说明", "statement on the derivation and its added value"),
    "authorisation_agreement": ("公共数据授权运营协议", "authorisation agreement"),
    "service_licence": ("公用事业经营许可", "utility's licence"),
    "design_contract": ("委托设计合同", "contract between client and designer"),
    "sub_designer_consent": ("分包设计单位同意书", "consent of the sub-designers"),
    "facility_declaration": ("涉密与敏感设施声明", "sensitive-facility declaration"),
    "scenario_statement": ("应用场景说明", "statement on the scenario of use"),
    "risk_assessment": ("数据安全风险评估报告", "data-security risk assessment"),
    "transfer_contract": ("权利转移合同", "contract on the transfer"),
}


@dataclass(frozen=True)
class Case:
    """What decides which papers are needed."""

    source_kind: str
    form: str  # table | bim, as the catalog has it
    several_holders: bool
    operates: bool


@dataclass(frozen=True)
class Profile:
    """One set of rules; nothing in the code asks for a profile by name except to find it."""

    code: str
    zh: str
    en: str
    law: str
    steps: Sequence[str]
    clocks: Clocks
    validity_months: int
    confirms_rights: bool
    always: Sequence[str]
    with_co_holders: Sequence[str] = ()
    by_source: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refuses_sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    first_under: Mapping[str, str] = field(default_factory=dict)
    refuses: Sequence[tuple[str, str]] = ()

    def papers(self, case: Case) -> list[str]:
        """The attachments this case needs, in a fixed order."""
        needed = [*self.always, *self.by_source.get(case.source_kind, ()), *self.by_form.get(case.form, ())]
        if case.source_kind == "fusion_silent" and not case.operates:
            needed.remove("other_parties_consent")
        return needed + list(self.with_co_holders if case.several_holders else ())

    def paper_list(self) -> Iterator[dict[str, Any]]:
        """Every attachment and when it is needed; JSON."""
        rules = [("always", self.always), ("holders beside the applicant", self.with_co_holders)]
        rules += [(f"source {source}", kinds) for source, kinds in self.by_source.items()]
        rules += [(f"form {form}", kinds) for form, kinds in self.by_form.items()]
        for when, kinds in rules:
            for kind in kinds:
                yield {"kind": kind, "zh": ATTACHMENTS[kind][0], "en": ATTACHMENTS[kind][1], "when": when}


_REFUSES = (
    ("可能危害国家安全、公共利益或者侵害他人合法权益", "may harm security, public interest or lawful rights"),
    ("数据来源不合法", "unlawful source"),
    ("存在尚未解决的权属争议", "unresolved dispute on who holds the right"),
    ("隐瞒事实或者提供虚假材料", "concealment or false proof"),
    ("法律法规规定的其他情形", "other cases named by law"),
)

PROPERTY = Profile(
    code="nda-2026",
    zh="数据产权登记",
    en="data property-rights registration",
    law="数据产权登记工作指引（2026）",
    steps=("申请", "受理", "审核", "公示", "异议", "存证", "发证"),
    clocks=Clocks(acceptance_days=3, review_days=10, notice_days=5),
    validity_months=60,
    confirms_rights=True,
    always=("identity_proof", "acquisition_proof", "data_sample", "data_description"),
    with_co_holders=("co_holder_agreement",),
    by_source={
        "civil_contract": ("source_contract",),
        "public_crawl": ("collection_statement",),
        "public_crawl_product": ("collection_statement",),
        "fusion_contract": ("fusion_contract",),
        "fusion_silent": ("other_parties_consent",),
        "derived": ("derivation_statement",),
        "public_product": ("authorisation_agreement",),
        "utility": ("service_licence",),
    },
    by_form={"bim": ("design_contract", "sub_designer_consent", "facility_declaration")},
    refuses_sources={"public_body": ("原始公共数据不予产权登记", "raw data of public bodies is not registered")},
    first_under={"public_product": "public-2025"},
    refuses=_REFUSES,
)

PUBLIC = Profile(
    code="public-2025",
    zh="公共数据资源登记",
    en="public-data resource registration",
    law="公共数据资源登记管理暂行办法（发改数据规〔2025〕26号）",
    steps=("申请", "受理", "形式审核", "公示", "赋码"),
    clocks=Clocks(acceptance_days=3, review_days=10, notice_days=10),
    validity_months=36,
    confirms_rights=False,
    always=("identity_proof", "acquisition_proof", "data_description", "scenario_statement", "risk_assessment"),
    by_source={"public_product": ("authorisation_agreement",)},
    refuses=_REFUSES,
)

PROFILES: Mapping[str, Profile] = {profile.code: profile for profile in (PROPERTY, PUBLIC)}
TRANSFER_PAPERS = ("transfer_contract",)


def profile_of(code: str) -> Profile:
    """The profile of this name."""
    if code not in PROFILES:
        raise ProfileUnknown(profile=code, known=sorted(PROFILES))
    return PROFILES[code]
