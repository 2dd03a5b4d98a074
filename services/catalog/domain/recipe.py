"""Recipes of derivation as data: tables, and for each its steps from a closed vocabulary."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from catalog.domain.refusals import RecipeRefused

TABLES_MAX, STEPS_MAX, COLUMNS_MAX, VALUES_MAX = 20, 100, 500, 1000
NAME_CHARACTERS_MAX = 128
WIDTH_MAX = 1_000_000
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
GENERALISATIONS = {
    "year": (), "month": (), "presence": (), "age_band": ("width",), "band": ("width",), "prefix": ("length",),
}  # fmt: skip
CONDITIONS = {"equals": ("value",), "differs": ("value",), "in": ("values",), "filled": (), "empty": ()}
# Per step: the members it must have; `generalise` and `filter` add what their kind asks for.
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "drop": ("columns",), "keep": ("columns",), "rename": ("column", "into"), "tokenise": ("column", "into"),
    "generalise": ("column", "to", "into"), "filter": ("column", "is"),
    "join": ("with", "column", "matches", "columns"),
}  # fmt: skip
Json = Mapping[str, Any]  # Any: JSON values


@dataclass(frozen=True)
class Step:
    """One step, checked."""

    does: str
    members: Json


@dataclass(frozen=True)
class TableRecipe:
    """How one table of the result is made from one file of the sources."""

    name: str
    source: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Recipe:
    """A whole recipe that uses nothing but known words."""

    tables: tuple[TableRecipe, ...]

    @property
    def sources(self) -> set[str]:
        """The files it reads."""
        joined = {step.members["with"] for table in self.tables for step in table.steps if step.does == "join"}
        return {table.source for table in self.tables} | joined

    def tokenises(self, file: str, column: str) -> bool:
        """Whether a table made from this file keeps a token of this column."""
        return any(
            table.source == file
            and any(step.does == "tokenise" and step.members["column"] == column for step in table.steps)
            for table in self.tables
        )


def recipe_of(written: Json) -> Recipe:
    """The recipe as written, or ``RecipeRefused`` with the place of the first fault."""
    _members(written, {"tables"}, set(), "/")
    tables = written["tables"]
    if not isinstance(tables, list) or not 1 <= len(tables) <= TABLES_MAX:
        _refuse("/tables", f"must be a list of 1 to {TABLES_MAX} tables")
    recipe = Recipe(tuple(_table(table, f"/tables/{place}") for place, table in enumerate(tables)))
    names = [table.name for table in recipe.tables]
    if len(set(names)) != len(names):
        _refuse("/tables", "two tables have one name")
    return recipe


def _table(written: Any, where: str) -> TableRecipe:  # Any: unchecked JSON
    _members(written, {"name", "from", "steps"}, set(), where)
    if not isinstance(written["name"], str) or not TABLE_NAME.fullmatch(written["name"]):
        _refuse(f"{where}/name", "must be lower-case letters, digits and underscores")
    _text(written["from"], f"{where}/from")
    steps = written["steps"]
    if not isinstance(steps, list) or not 1 <= len(steps) <= STEPS_MAX:
        _refuse(f"{where}/steps", f"must be a list of 1 to {STEPS_MAX} steps")
    checked = tuple(_step(step, f"{where}/steps/{place}") for place, step in enumerate(steps))
    return TableRecipe(written["name"], written["from"], checked)


def _step(written: Any, where: str) -> Step:  # Any: unchecked JSON
    if not isinstance(written, dict) or written.get("do") not in MEMBERS:
        _refuse(f"{where}/do", f"must be one of {', '.join(MEMBERS)}")
    does: str = written["do"]
    more: tuple[str, ...] = ()
    if does == "generalise":
        more = _kind(written, "to", GENERALISATIONS, where)
    if does == "filter":
        more = _kind(written, "is", CONDITIONS, where)
    _members(written, {"do", *MEMBERS[does], *more}, set(), where)
    for member in ("column", "into", "with", "matches", "value"):
        if member in written:
            _text(written[member], f"{where}/{member}")
    for member, most in (("columns", COLUMNS_MAX), ("values", VALUES_MAX)):
        if member in written:
            _texts(written[member], most, f"{where}/{member}")
    for member in ("width", "length"):
        if member in written and not _is_whole(written[member]):
            _refuse(f"{where}/{member}", f"must be a whole number from 1 to {WIDTH_MAX}")
    return Step(does, {key: value for key, value in written.items() if key != "do"})


def _kind(written: Json, member: str, kinds: Mapping[str, tuple[str, ...]], where: str) -> tuple[str, ...]:
    kind = written.get(member)
    if not isinstance(kind, str) or kind not in kinds:
        _refuse(f"{where}/{member}", f"must be one of {', '.join(kinds)}")
    return kinds[kind]


def _members(written: Any, needed: set[str], optional: set[str], where: str) -> None:  # Any: unchecked JSON
    if not isinstance(written, dict):
        _refuse(where, "must be an object")
    missing, unknown = needed - set(written), set(written) - needed - optional
    if missing:
        _refuse(where, f"lacks {', '.join(sorted(missing))}")
    if unknown:
        _refuse(where, f"has unknown members {', '.join(sorted(map(str, unknown)))}")


def _text(value: Any, where: str) -> None:  # Any: unchecked JSON
    if not isinstance(value, str) or not 0 < len(value) <= NAME_CHARACTERS_MAX or not value.isprintable():
        _refuse(where, f"must be text of 1 to {NAME_CHARACTERS_MAX} characters")


def _texts(values: Any, most: int, where: str) -> None:  # Any: unchecked JSON
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        _refuse(where, f"must be a list of 1 to {most}")
    for place, value in enumerate(values):
        _text(value, f"{where}/{place}")
    if len(set(values)) != len(values):
        _refuse(where, "names something twice")


def _is_whole(value: Any) -> bool:  # Any: unchecked JSON
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= WIDTH_MAX


def _refuse(where: str, why: str) -> NoReturn:
    raise RecipeRefused(where=where, why=why)


def columns_after(table: TableRecipe, files: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The columns that the table has in the end; refused where a step names one that is not there by then."""
    place = f"/tables/{table.name}"
    columns = list(_columns_of(files, table.source, f"{place}/from"))
    for number, step in enumerate(table.steps):
        columns = _apply(columns, step, files, f"{place}/steps/{number}")
        if len({column.casefold() for column in columns}) != len(columns):
            _refuse(f"{place}/steps/{number}", "the result has a column twice")
    if not columns:
        _refuse(place, "no column is left")
    return tuple(columns)


def _columns_of(files: Mapping[str, Sequence[str]], name: str, where: str) -> Sequence[str]:
    if name not in files:
        _refuse(where, f"the sources have no file {name}")
    return files[name]


def _apply(columns: list[str], step: Step, files: Mapping[str, Sequence[str]], where: str) -> list[str]:
    members = step.members
    named = members["columns"] if step.does in {"drop", "keep"} else [members["column"]]
    for column in named:
        if column not in columns:
            _refuse(where, f"there is no column {column} at this step")
    if step.does == "drop":
        return [column for column in columns if column not in named]
    if step.does == "keep":
        return list(named)
    if step.does == "filter":
        return columns
    if step.does == "join":
        other = _columns_of(files, members["with"], where)
        for column in (members["matches"], *members["columns"]):
            if column not in other:
                _refuse(where, f"{members['with']} has no column {column}")
        return [*columns, *members["columns"]]
    return [members["into"] if column == members["column"] else column for column in columns]
