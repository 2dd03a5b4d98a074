"""Which source gives which right: the table of the 2026 registration guide (art. 9-14), to be executed."""

from collections.abc import Mapping
from enum import StrEnum


class Right(StrEnum):
    """The three rights; independent of each other, and held by any number of parties at once."""

    HOLD = "HOLD"
    USE = "USE"
    OPERATE = "OPERATE"


RIGHT_NAMES: Mapping[Right, tuple[str, str]] = {
    Right.HOLD: ("数据持有权", "right to hold"),
    Right.USE: ("数据使用权", "right to use"),
    Right.OPERATE: ("数据经营权", "right to operate"),
}


class Entitled(StrEnum):
    """Whether a source gives a right: yes, no, as the contract says, or only with the others' consent."""

    YES = "YES"
    NO = "NO"
    BY_CONTRACT = "BY_CONTRACT"
    BY_CONSENT = "BY_CONSENT"


def _row(hold: Entitled, use: Entitled, operate: Entitled) -> Mapping[Right, Entitled]:
    return {Right.HOLD: hold, Right.USE: use, Right.OPERATE: operate}


_ALL = _row(Entitled.YES, Entitled.YES, Entitled.YES)
_CONTRACT = _row(Entitled.BY_CONTRACT, Entitled.BY_CONTRACT, Entitled.BY_CONTRACT)

# Source kind, as the catalog has it → each right. The first nine are the guide's rows, in its order.
SOURCE_RIGHTS: Mapping[str, Mapping[Right, Entitled]] = {
    "own_production": _ALL,
    "civil_contract": _ALL,
    "natural_person": _ALL,
    "public_crawl": _row(Entitled.YES, Entitled.YES, Entitled.NO),
    "public_crawl_product": _ALL,
    "fusion_contract": _CONTRACT,
    "fusion_silent": _row(Entitled.YES, Entitled.YES, Entitled.BY_CONSENT),
    "derived": _ALL,
    "entrusted": _row(Entitled.NO, Entitled.NO, Entitled.NO),
    # Article 15 on public data: products under authorised operation, and what utilities collect.
    "public_product": _ALL,
    "utility": _ALL,
}

SOURCE_NAMES: Mapping[str, tuple[str, str]] = {
    "own_production": ("自身生产经营活动中采集生成", "collected or generated in one's own production"),
    "civil_contract": ("依民事合同约定由他人采集", "collected by another under a civil contract"),
    "natural_person": ("自然人依法采集生成", "lawfully collected by a natural person"),
    "public_crawl": ("自动化程序收集的公开数据", "public data gathered by programs"),
    "public_crawl_product": ("以公开数据加工形成的产品", "a product made of public data gathered by programs"),
    "fusion_contract": ("多方融合（有约定）", "multi-party fusion with a contract"),
    "fusion_silent": ("多方融合（约定不明）", "multi-party fusion, contract silent"),
    "derived": ("衍生创造", "derived data"),
    "entrusted": ("受托处理", "processed on behalf of another"),
    "public_product": ("公共数据授权运营产品", "product of authorised public data"),
    "utility": ("公用事业数据", "utilities' data"),
    "public_body": ("公共机构履职数据", "data of public bodies"),
}


def entitled(source_kind: str, right: Right) -> Entitled:
    """What the table says; a source it does not know gives nothing."""
    return SOURCE_RIGHTS.get(source_kind, {}).get(right, Entitled.NO)
