"""The closed vocabularies: what is not in them is refused, with its place."""

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog.domain.recipe import columns_after, recipe_of
from catalog.domain.refusals import RecipeRefused, SpecificationNotMet, SpecificationRefused
from catalog.domain.specification import need_met, specification_of
from catalog.outbound.deriving import derive
from tests.catalog.conftest import HOUSE, RECIPE, SPECIFICATION, parquet

STEPS = "/tables/0/steps/0"
AS_OF = date(2026, 6, 1)


def _one(*steps: dict[str, Any], source: str = "a.csv") -> dict[str, Any]:
    return {"tables": [{"name": "t", "from": source, "steps": list(steps)}]}


@pytest.mark.parametrize(
    ("recipe", "where"),
    [({}, "/"), ({"tables": []}, "/tables"), ({"tables": [], "sql": "DROP"}, "/"), (_one(), "/tables/0/steps"),
     (_one({"do": "sql", "query": "x"}), f"{STEPS}/do"), (_one({"do": "drop"}), STEPS),
     (_one({"do": "drop", "columns": []}), f"{STEPS}/columns"), (_one({"do": "drop", "columns": ["a"], "x": 1}), STEPS),
     (_one({"do": "drop", "columns": ["a", "a"]}), f"{STEPS}/columns"),
     (_one({"do": "generalise", "column": "a", "to": "guess", "into": "b"}), f"{STEPS}/to"),
     (_one({"do": "generalise", "column": "a", "to": "band", "into": "b"}), STEPS),
     (_one({"do": "generalise", "column": "a", "to": "band", "into": "b", "width": 1.5}), f"{STEPS}/width"),
     (_one({"do": "generalise", "column": "a", "to": "band", "into": "b", "width": True}), f"{STEPS}/width"),
     (_one({"do": "rename", "column": "a", "into": "b\n"}), f"{STEPS}/into"),
     (_one({"do": "filter", "column": "a", "is": "like", "value": "x"}), f"{STEPS}/is"),
     ({"tables": [{"name": "../t", "from": "a.csv", "steps": [{"do": "drop", "columns": ["a"]}]}]}, "/tables/0/name")],
)  # fmt: skip
def test_a_recipe_with_an_unknown_word_is_refused_with_its_place(recipe: dict[str, Any], where: str) -> None:
    with pytest.raises(RecipeRefused) as refusal:
        recipe_of(recipe)
    assert refusal.value.facts["where"] == where


@pytest.mark.parametrize(
    "steps",
    [[{"do": "drop", "columns": ["z"]}], [{"do": "drop", "columns": ["a", "b"]}],
     [{"do": "rename", "column": "a", "into": "B"}],
     [{"do": "join", "with": "missing.csv", "column": "a", "matches": "a", "columns": ["c"]}],
     [{"do": "join", "with": "c.csv", "column": "a", "matches": "a", "columns": ["b"]}]],
)  # fmt: skip
def test_a_recipe_that_does_not_fit_its_sources_is_refused(steps: list[dict[str, Any]]) -> None:
    recipe = recipe_of(_one(*steps))
    with pytest.raises(RecipeRefused):
        columns_after(recipe.tables[0], {"a.csv": ["a", "b"], "c.csv": ["a", "b"]})


def test_every_step_does_what_it_says_and_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('who,value,"day",plz,n\nx,1,2020-05-06,266101,17\ny,2,,266102,-3\nz,3,bad,,\n')
    (tmp_path / "c.csv").write_text("key,more\nx,one\ny,two\n")
    recipe = recipe_of({"tables": [{"name": "t", "from": "a.csv", "steps": [
        {"do": "join", "with": "c.csv", "column": "who", "matches": "key", "columns": ["more"]},
        {"do": "filter", "column": "value", "is": "in", "values": ["1", "2", "3"]},
        {"do": "generalise", "column": "day", "to": "month", "into": "month"},
        {"do": "generalise", "column": "plz", "to": "prefix", "length": 4, "into": "place"},
        {"do": "generalise", "column": "n", "to": "band", "width": 10, "into": "band"},
        {"do": "tokenise", "column": "who", "into": "token"},
        {"do": "rename", "column": "more", "into": "also"},
        {"do": "drop", "columns": ["token"]},
    ]}]})  # fmt: skip
    sources = {"a.csv": tmp_path / "a.csv", "c.csv": tmp_path / "c.csv"}
    made = []
    for place in range(2):
        (tmp_path / str(place)).mkdir()
        made.append(derive(sources, recipe, b"k" * 32, AS_OF, tmp_path / str(place))["t.parquet"])
    assert made[0].read_bytes() == made[1].read_bytes()
    columns, rows = parquet(made[0])
    assert columns == ["value", "month", "place", "band", "also"]
    assert rows == [
        ("1", "2020-05", "2661", "10-19", "one"), ("2", None, "2661", "-10--1", "two"), ("3", None, None, None, None),
    ]  # fmt: skip


def test_ages_come_in_bands(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("born\n1980-06-01\n1980-06-02\n")
    recipe = recipe_of(_one({"do": "generalise", "column": "born", "to": "age_band", "width": 5, "into": "age"}))
    made = derive({"a.csv": tmp_path / "a.csv"}, recipe, b"k" * 32, AS_OF, tmp_path)
    assert parquet(made["t.parquet"])[1] == [("45-49",), ("45-49",)]


def test_a_model_is_derived_as_the_table_of_its_elements(tmp_path: Path) -> None:
    recipe = recipe_of(_one({"do": "keep", "columns": ["class", "storey"]}, source="h.ifc"))
    made = derive({"h.ifc": HOUSE}, recipe, b"k" * 32, AS_OF, tmp_path)
    columns, rows = parquet(made["t.parquet"])
    assert columns == ["class", "storey"]
    assert "IfcWall" in {row[0] for row in rows}


def _changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    written = copy.deepcopy(SPECIFICATION)
    change(written)
    return written


@pytest.mark.parametrize(
    ("written", "where"),
    [({}, "/"), ({"deliveries": []}, "/deliveries"), ({"deliveries": ["api"]}, "/deliveries"),
     ({"deliveries": ["file"], "k_min": 20}, "/"), ({"deliveries": ["underwriting"]}, "/"),
     (_changed(lambda s: s.update(k_min=19)), "/k_min"), (_changed(lambda s: s.update(k_min=20.0)), "/k_min"),
     (_changed(lambda s: s.update(look_back_years=True)), "/look_back_years"),
     (_changed(lambda s: s.update(verdict="yes")), "/"),
     (_changed(lambda s: s["groups"][0].update(codes=[])), "/groups/0/codes"),
     (_changed(lambda s: s["groups"][0].update(codes=["５９"])), "/groups/0/codes"),
     (_changed(lambda s: s["groups"].append(s["groups"][0])), "/groups"),
     (_changed(lambda s: s["groups"][0].update(code_system="mine")), "/groups/0/code_system"),
     (_changed(lambda s: s["subject"]["people"].update(name="LAST")), "/subject/people")],
)  # fmt: skip
def test_a_specification_with_an_unknown_word_is_refused_with_its_place(written: dict[str, Any], where: str) -> None:
    with pytest.raises(SpecificationRefused) as refusal:
        specification_of(written)
    assert refusal.value.facts["where"] == where


def test_one_specification_has_one_digest() -> None:
    text, digest, deliveries = specification_of(SPECIFICATION)
    again = specification_of(dict(reversed(list(SPECIFICATION.items()))))
    assert (text, digest) == again[:2]
    assert deliveries == ("underwriting", "cohort")
    with pytest.raises(SpecificationNotMet):
        need_met(SPECIFICATION, {"people.parquet": {"row_token", "birth_year"}})
    assert recipe_of(RECIPE).tokenises("patients.csv", "Id")
