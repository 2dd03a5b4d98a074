"""What a product's specification says that delivery keeps to (its closed form is catalog's)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from delivery.domain.refusals import VersionNotConforming

K_LEAST = 20
LOOK_BACK_YEARS_MAX = 100


@dataclass(frozen=True)
class People:
    """The file with one row a person, and its columns; an empty name: there is no such column."""

    file: str
    token: str
    deceased: str = ""
    birth_year: str = ""
    gender: str = ""
    region: str = ""


@dataclass(frozen=True)
class Diagnoses:
    """The file with one row a diagnosis, and its columns."""

    file: str
    token: str
    code: str
    onset: str
    abated: str = ""


@dataclass(frozen=True)
class Specification:
    """The members of an RFC 8785 specification text that uses depend on; ``people`` is unset for plain files."""

    groups: Mapping[str, tuple[str, ...]]
    k_min: int
    look_back_years: int
    people: People | None
    diagnoses: Diagnoses | None
    data_as_of: date | None

    @classmethod
    def read(cls, text: str) -> "Specification":
        """Refused when a member that is there does not have the form agreed."""
        try:
            members: dict[str, Any] = json.loads(text)  # Any: JSON values
            subject = members.get("subject") or {}
            return cls(
                groups={group["key"]: tuple(group["codes"]) for group in members.get("groups", [])},
                k_min=max(K_LEAST, int(members.get("k_min", K_LEAST))),
                look_back_years=min(int(members.get("look_back_years", LOOK_BACK_YEARS_MAX)), LOOK_BACK_YEARS_MAX),
                people=People(**subject["people"]) if subject else None,
                diagnoses=Diagnoses(**subject["diagnoses"]) if subject else None,
                data_as_of=date.fromisoformat(members["data_as_of"]) if "data_as_of" in members else None,
            )
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise VersionNotConforming(problem="specification") from error

    def dimensions(self) -> tuple[str, ...]:
        """By what cohorts may be filtered and grouped: as far as the data tells it."""
        if self.people is None:
            return ()
        known = {
            "gender": self.people.gender, "birth_decade": self.people.birth_year, "region": self.people.region,
        }  # fmt: skip
        return tuple(name for name, column in known.items() if column)
