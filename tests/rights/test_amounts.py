"""Value and quality by their formulas, against figures worked out elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.refusals import Refusal
from rights.domain.quality import score
from rights.domain.valuation import by_income, half_up, valued

BANDS = (("A", 900_000), ("B", 800_000), ("C", 600_000), ("D", 0))
COST = {
    "total_cost_fen": 120_000_000, "return_rate_ppm": 100_000, "quality_ppm": 920_000, "circulation_ppm": 600_000,
    "scarcity_ppm": 150_000, "risk_ppm": 120_000,
}  # fmt: skip
COMPARABLE = {
    "name": "可比案例", "price_fen": 100_000_000, "technology_ppm": 1_000_000, "density_ppm": 1_050_000,
    "date_ppm": 980_000, "capacity_ppm": 1_100_000, "other_ppm": 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "parameters", "value_fen"),
    [
        ("cost", COST, 73_738_368),
        ("income", {"incomes_fen": [30_000_000, 36_000_000, 40_000_000], "discount_rate_ppm": 120_000}, 83_955_904),
        ("income", {"incomes_fen": [160_000_000, 190_000_000, 220_000_000], "discount_rate_ppm": 150_000}, 427_451_303),
        ("market", {"comparables": [COMPARABLE] * 3}, 113_190_000),
    ],
)
def test_a_value_is_that_of_the_formula(method: str, parameters: dict[str, object], value_fen: int) -> None:
    valuation = valued(method, parameters)
    assert valuation.value_fen == value_fen
    assert valuation.working[-1].startswith("V = ")


def test_the_working_is_shown_line_by_line() -> None:
    assert list(valued("cost", COST).working) == [
        "TC × (1 + R) = 1,200,000.00 × (1 + 0.1) = 1,320,000.00",
        "U = 0.92 × 0.6 × (1 + 0.15) × (1 − 0.12) = 0.558624",
        "V = 737,383.68",
    ]
    assert valued("income", {"incomes_fen": [30_000_000], "discount_rate_ppm": 120_000}).working[0] == (
        "F1 = 300,000.00; F1 / (1 + 0.12)^1 = 267,857.14"
    )


def test_comparables_weigh_as_stated() -> None:
    dear = {**COMPARABLE, "price_fen": 200_000_000}
    weighted = [{**COMPARABLE, "weight_ppm": 500_000}, {**dear, "weight_ppm": 250_000}, {**dear, "weight_ppm": 250_000}]
    assert valued("market", {"comparables": weighted}).value_fen == 169_785_000


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("income", {"incomes_fen": [], "discount_rate_ppm": 0}),
        ("income", {"incomes_fen": [1.5], "discount_rate_ppm": 0}),
        ("income", {"incomes_fen": [True], "discount_rate_ppm": 0}),
        ("income", {"incomes_fen": [-1], "discount_rate_ppm": 0}),
        ("income", {"incomes_fen": [0], "discount_rate_ppm": 0}),
        ("income", {"incomes_fen": [100], "discount_rate_ppm": 0, "growth_ppm": 1}),
        ("income", {"incomes_fen": [10**16], "discount_rate_ppm": 0}),
        ("cost", {**COST, "risk_ppm": 1_000_000}),
        ("cost", {**COST, "risk_ppm": 1_000_001}),
        ("market", {"comparables": [COMPARABLE] * 2}),
        ("market", {"comparables": [COMPARABLE, COMPARABLE, {**COMPARABLE, "weight_ppm": 1_000_000}]}),
        ("market", {"comparables": [{**COMPARABLE, "weight_ppm": 1}] * 3}),
        ("market", {"comparables": ["x", "y", "z"]}),
    ],
)
def test_parameters_of_another_form_are_refused(method: str, parameters: dict[str, object]) -> None:
    with pytest.raises(Refusal):
        valued(method, parameters)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.integers(0, 500_000))
def test_income_is_worth_less_the_later_it_comes(incomes: list[int], rate: int) -> None:
    if sum(incomes) == 0:
        return
    try:
        early, late = by_income(sorted(incomes, reverse=True), rate), by_income(sorted(incomes), rate)
    except Refusal:
        return
    assert late.value_fen <= early.value_fen <= sum(incomes)


def test_a_half_is_rounded_upwards() -> None:
    from fractions import Fraction  # noqa: PLC0415 - for this test alone

    assert [half_up(Fraction(2 * n + 1, 2)) for n in (-2, 0, 1)] == [-1, 1, 2]


def rule(dimension: str, indicator: str, a: int, b: int, *, lower: bool = False) -> dict[str, object]:
    return {
        "rule": indicator, "dimension": dimension, "indicator": indicator, "scope": "*", "a": a, "b": b,
        "lower_is_better": lower,
    }  # fmt: skip


def test_quality_is_the_weighted_sum_of_what_was_counted() -> None:
    rules = [
        rule("completeness", "element", 90, 100), rule("accuracy", "format", 100, 100),
        rule("accuracy", "duplicates", 20, 100, lower=True), rule("timeliness", "order", 0, 0),
    ]  # fmt: skip
    scored = score(rules, None, BANDS)
    assert (scored.score_ppm, scored.grade) == (900_000, "A")
    weights = {"completeness": 250_000, "accuracy": 250_000, "timeliness": 500_000}
    assert score(rules, weights, BANDS).score_ppm == 900_000
    skewed = score(rules, {"completeness": 1_000_000, "accuracy": 0}, BANDS)
    assert skewed.score_ppm == 900_000
    worse = score([rule("accuracy", "format", 2, 3), rule("accuracy", "format", 0, 1)], None, BANDS)
    assert (worse.score_ppm, worse.grade) == (500_000, "D")


@pytest.mark.parametrize("weights", [{"accuracy": 999_999}, {"beauty": 1_000_000}, {"completeness": 1_000_000}])
def test_weights_that_make_no_whole_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(Refusal, match="WeightsUnbalanced"):
        score([rule("accuracy", "format", 1, 1)], weights, BANDS)


def test_what_was_not_counted_is_not_scored() -> None:
    with pytest.raises(Refusal, match="NothingToMeasure"):
        score([rule("accuracy", "format", 0, 0)], None, BANDS)
