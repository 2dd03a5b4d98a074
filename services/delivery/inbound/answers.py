"""What callers are answered about persons."""

from datetime import date
from typing import Any, Self

from delivery.use_cases.cohorts import CohortGiven
from delivery.use_cases.underwriting import AnswerGiven
from kernel.web import View


class Coverage(View):
    """What span of time the records of the version cover."""

    records_from: date
    records_to: date


class AnswerView(View):
    """The answer about one person; never a verdict."""

    use_id: str
    contract_id: str
    policy_case: str
    data_as_of: date
    coverage: Coverage
    look_back_years: int
    status: str
    groups: dict[str, bool]
    charged: bool
    version_digest: str
    answer_nonce: str
    answer_digest: str

    @classmethod
    def of(cls, given: AnswerGiven) -> Self:
        """From the answer on its way out."""
        answer, asked = given.answer, given.use.asked
        return cls(
            use_id=given.use.id, contract_id=asked.contract_id, policy_case=asked.policy_case,
            data_as_of=answer.data_as_of,
            coverage=Coverage.model_validate(given.version),
            look_back_years=answer.look_back_years, status=answer.status, groups=dict(answer.groups),
            charged=given.use.held_fen > 0, version_digest=answer.version_digest, answer_nonce=given.nonce,
            answer_digest=given.digest,
        )  # fmt: skip


class CohortGroupView(View):
    """One group of at least k persons."""

    by: dict[str, str | None]
    persons: int
    prevalence: dict[str, int | None] | None


class CohortAnswerView(View):
    """The answer about many."""

    use_id: str
    contract_id: str
    data_as_of: date
    coverage: Coverage
    look_back_years: int
    k: int
    groups: list[CohortGroupView]
    groups_suppressed: int
    charged: bool
    version_digest: str
    answer_nonce: str
    answer_digest: str

    @classmethod
    def of(cls, given: CohortGiven) -> Self:
        """From the answer on its way out."""
        groups: list[Any] = given.shown()  # Any: pydantic reads them into views
        return cls(
            use_id=given.use.id, contract_id=given.use.asked.contract_id, data_as_of=given.version.data_as_of,
            coverage=Coverage.model_validate(given.version),
            look_back_years=given.query.look_back_years, k=given.k,
            groups=[CohortGroupView.model_validate(group) for group in groups],
            groups_suppressed=given.released.suppressed, charged=given.use.held_fen > 0,
            version_digest=given.use.version_digest, answer_nonce=given.nonce, answer_digest=given.digest,
        )  # fmt: skip
