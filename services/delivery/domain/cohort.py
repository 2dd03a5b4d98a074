"""Aggregates over at least k persons, so asked that no two answers single anybody out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from delivery.domain.refusals import CohortBudgetSpent, CohortTooClose, CohortTooSmall, DimensionNotOffered

# One cell of the finest division: its value in each dimension, and how many distinct persons stand in it.
Cell = tuple[Mapping[str, str], int]


@dataclass(frozen=True)
class Population:
    """Persons by their values in some dimensions; a dimension not named is open."""

    values: Mapping[str, frozenset[str]]

    def holds(self, cell: Mapping[str, str]) -> bool:
        """Whether a cell's persons belong to it."""
        return all(cell.get(name) in allowed for name, allowed in self.values.items())

    def narrowed(self, by: Mapping[str, str]) -> "Population":
        """The part of it in which the dimensions have these values."""
        return Population({**self.values, **{name: frozenset({value}) for name, value in by.items()}})

    def size(self, cells: Iterable[Cell]) -> int:
        """How many persons it holds."""
        return sum(persons for cell, persons in cells if self.holds(cell))

    def difference(self, other: "Population", cells: Iterable[Cell]) -> int:
        """How many persons stand in one of the two and not in the other."""
        return sum(persons for cell, persons in cells if self.holds(cell) != other.holds(cell))

    @property
    def key(self) -> str:
        """The same for the same population, and for no other."""
        return json.dumps(self.as_json())

    def as_json(self) -> dict[str, list[str]]:
        """A form that is the same for the same population."""
        return {name: sorted(self.values[name]) for name in sorted(self.values)}

    @classmethod
    def from_json(cls, values: Mapping[str, Sequence[str]]) -> "Population":
        """Back from that form."""
        return cls({name: frozenset(allowed) for name, allowed in values.items()})


@dataclass(frozen=True)
class CohortQuery:
    """What is asked: of which population, divided by what, with or without prevalences."""

    population: Population
    group_by: tuple[str, ...]
    prevalence: bool
    look_back_years: int

    def need_dimensions(self, offered: Sequence[str]) -> None:
        """Refuse a dimension that the data does not tell."""
        unknown = sorted({*self.population.values, *self.group_by} - set(offered))
        if unknown:
            raise DimensionNotOffered(dimensions=unknown, offered=list(offered))


@dataclass(frozen=True)
class Group:
    """One group counted: distinct persons, and how many of them have each disease group."""

    by: Mapping[str, str]
    persons: int
    having: Mapping[str, int]

    def shown(self, k: int) -> Mapping[str, int | None]:
        """The prevalences that may be shown: neither those who have it nor those who have not may be fewer than k."""
        return {
            name: count if k <= count <= self.persons - k else None for name, count in self.having.items()
        }  # fmt: skip


@dataclass(frozen=True)
class Released:
    """What may be shown, and how many groups were left out."""

    groups: tuple[Group, ...]
    suppressed: int


def release(groups: Sequence[Group], k: int) -> Released:
    """Leave out the groups under k, and the next smallest as well while those left out are together under k."""
    by_size = sorted(groups, key=lambda group: group.persons)
    left_out = [group for group in by_size if group.persons < k]
    shown = [group for group in by_size if group.persons >= k]
    while left_out and shown and sum(group.persons for group in left_out) < k:
        left_out.append(shown.pop(0))
    if not shown:
        raise CohortTooSmall(k=k)
    order = {id(group): place for place, group in enumerate(groups)}
    return Released(tuple(sorted(shown, key=lambda group: order[id(group)])), len(left_out))


@dataclass(frozen=True)
class Earlier:
    """A population that was answered to the same buyer before, with its size then."""

    population: Population
    persons: int
    version_digest: str


def need_distance(
    fresh: Sequence[tuple[Population, int]], earlier: Sequence[Earlier], cells: Sequence[Cell], k: int,
    version_digest: str, populations_max: int,
) -> None:  # fmt: skip
    """Refuse when a population differs from an earlier one, or from another of this answer, by 1 to k−1 persons.

    Across versions the sets themselves cannot be compared; there the sizes then and now stand in for them as well.
    """
    if len(earlier) + len(fresh) > populations_max:
        raise CohortBudgetSpent(populations_max=populations_max)
    now = [(known, known.population.size(cells)) for known in earlier]
    for place, (population, persons) in enumerate(fresh):
        for known, persons_now in now:
            # Sizes further apart than k already prove enough distance; most pairs end here.
            apart = abs(persons - persons_now) < k and 0 < population.difference(known.population, cells) < k
            grown = (
                known.version_digest != version_digest
                and known.population == population
                and 0 < abs(persons - known.persons) < k
            )
            if apart or grown:
                raise CohortTooClose(k=k)
        for other, persons_other in fresh[:place]:
            if abs(persons - persons_other) < k and 0 < population.difference(other, cells) < k:
                raise CohortTooClose(k=k)
