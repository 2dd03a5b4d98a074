"""What callers send to delivery."""

from typing import Annotated, Literal

from pydantic import Field, Strict

from delivery.domain.cohort import CohortQuery, Population
from kernel.web import Code, Digest, Jws, Name, Shape

Years = Annotated[int, Strict(), Field(ge=1, le=100)]
Dimension = Literal["gender", "birth_decade", "region"]
Values = Annotated[list[Name], Field(min_length=1, max_length=200)]
Decade = Annotated[str, Field(pattern=r"^(1[89]|20)[0-9]0$")]
Decades = Annotated[list[Decade], Field(min_length=1, max_length=50)]


class ConsentGiving(Shape):
    """A consent receipt: a compact JWS by the insured person's own key."""

    receipt: Jws


class UnderwritingAsking(Shape):
    """A question about one person."""

    contract_id: Code
    subject_token: Digest
    purpose: Code
    policy_case: Code
    consent_id: Code | None = None


class CohortFilters(Shape):
    """Which persons; what is not named is open."""

    gender: Values | None = None
    birth_decade: Decades | None = None
    region: Values | None = None


class CohortAsking(Shape):
    """A question about many."""

    contract_id: Code
    measure: Literal["count", "prevalence"]
    filters: CohortFilters = CohortFilters()
    group_by: Annotated[tuple[Dimension, ...], Field(max_length=3)] = ()
    look_back_years: Years = 100

    def query(self) -> CohortQuery:
        """The question in the words of the business."""
        named = {name: frozenset(values) for name, values in self.filters.model_dump().items() if values}
        by = tuple(sorted(set(self.group_by)))
        return CohortQuery(Population(named), by, self.measure == "prevalence", self.look_back_years)


class FileAsking(Shape):
    """Which file; it need not be named when there is one."""

    contract_id: Code
    file_name: Name | None = None
