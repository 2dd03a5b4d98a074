"""Reports: the compliance file, the quality report and the value report of an asset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kernel.calendar import end_of_day
from kernel.canonical import canonical, sha256_hex
from rights.domain.refusals import ReportNotConsistent

HEADS: Mapping[str, tuple[str, str]] = {
    "parties": ("主体合规", "parties"),
    "source": ("来源合法", "lawfulness of the source"),
    "content": ("内容合规", "content"),
    "tradability": ("可交易性", "tradability"),
    "circulation": ("流通风险", "risk of circulation"),
    "process": ("过程合规", "process"),
}


class ReportKind(StrEnum):
    """What is judged."""

    COMPLIANCE = "compliance"
    QUALITY = "quality"
    VALUE = "value"


class Conclusion(StrEnum):
    """通过 / 附条件 / 不通过."""

    PASSED = "PASSED"
    CONDITIONAL = "CONDITIONAL"
    FAILED = "FAILED"


class Level(StrEnum):
    """Grades of GB/T 43697-2024; general data in four."""

    GENERAL_1 = "GENERAL_1"
    GENERAL_2 = "GENERAL_2"
    GENERAL_3 = "GENERAL_3"
    GENERAL_4 = "GENERAL_4"
    IMPORTANT = "IMPORTANT"
    CORE = "CORE"


@dataclass
class Report:
    """One report; its content never changes, a newer one takes its place."""

    report_id: str
    kind: ReportKind
    dataset_id: str
    product_id: str
    version_id: str
    lineage_root: str
    issuer_party_id: str
    issued_at: datetime
    valid_until_at: datetime | None
    content: Mapping[str, Any]  # Any: JSON, the report itself
    conclusion: str = ""
    level: str = ""
    score_ppm: int | None = None
    grade: str = ""
    method: str = ""
    purpose: str = ""
    value_fen: int | None = None
    sha256: str = ""
    version: int = 1

    def written(self) -> bytes:
        """The RFC 8785 bytes that are deposited."""
        return canonical({
            "report_id": self.report_id, "kind": self.kind, "dataset_id": self.dataset_id,
            "product_id": self.product_id, "version_id": self.version_id, "issuer_party_id": self.issuer_party_id,
            "issued_at": self.issued_at.isoformat(), "content": dict(self.content),
        })  # fmt: skip

    def sealed(self) -> "Report":
        """With its digest."""
        self.sha256 = sha256_hex(self.written())
        return self


def check_compliance(
    heads: Sequence[tuple[str, Conclusion]], conclusion: Conclusion, conditions: Sequence[str], valid_until_on: date,
    today: date,
) -> datetime:  # fmt: skip
    """Refuse unless the six heads are judged once each and carry the conclusion; the end of its validity."""
    if sorted(head for head, _ in heads) != sorted(HEADS):
        raise ReportNotConsistent(why=f"heads: each of {sorted(HEADS)} once")
    results = {result for _, result in heads}
    worst = next(each for each in (Conclusion.FAILED, Conclusion.CONDITIONAL, Conclusion.PASSED) if each in results)
    if conclusion is not worst:
        raise ReportNotConsistent(why=f"conclusion: the heads carry {worst}")
    if (conclusion is Conclusion.CONDITIONAL) != bool(conditions):
        raise ReportNotConsistent(why="conditions: to be named if and only if the conclusion is CONDITIONAL")
    if valid_until_on < today:
        raise ReportNotConsistent(why="valid_until_on: lies in the past")
    return end_of_day(valid_until_on)
