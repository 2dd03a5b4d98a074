"""Quality by GB/T 36344-2018: X = A / B for each rule, weighted to one score, exact to the end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rights.domain.refusals import NothingToMeasure, WeightsUnbalanced
from rights.domain.valuation import PPM, half_up

DIMENSIONS: Mapping[str, tuple[str, str]] = {
    "normativity": ("规范性", "normativity"),
    "completeness": ("完整性", "completeness"),
    "accuracy": ("准确性", "accuracy"),
    "consistency": ("一致性", "consistency"),
    "timeliness": ("时效性", "timeliness"),
    "accessibility": ("可访问性", "accessibility"),
}


@dataclass(frozen=True)
class Scored:
    """The score, its grade, and every figure it came from (JSON)."""

    score_ppm: int
    grade: str
    dimensions: Sequence[Mapping[str, Any]]  # Any: JSON


def score(
    rules: Sequence[Mapping[str, Any]],  # Any: JSON of the catalog's profile
    weights: Mapping[str, int] | None,
    bands: Sequence[tuple[str, int]],
) -> Scored:
    """Q = Σ w_d · Σ w_di · X_di; within a dimension the indicators weigh alike, within an indicator the items do."""
    counted: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for rule in rules:
        if rule["b"] > 0 and rule["dimension"] in DIMENSIONS:
            counted[rule["dimension"]][rule["indicator"]].append(rule)
    if not counted:
        raise NothingToMeasure
    shares = _shares(sorted(counted), weights)
    total, dimensions = Fraction(0), []
    for dimension in sorted(counted, key=list(DIMENSIONS).index):
        indicators = [_indicator(name, measured) for name, measured in sorted(counted[dimension].items())]
        reached = sum((each for each, _ in indicators), Fraction(0)) / len(indicators)
        total += shares[dimension] * reached
        dimensions.append({
            "dimension": dimension, "zh": DIMENSIONS[dimension][0], "weight_ppm": half_up(shares[dimension] * PPM),
            "score_ppm": half_up(reached * PPM), "indicators": [shown for _, shown in indicators],
        })  # fmt: skip
    score_ppm = half_up(total * PPM)
    return Scored(score_ppm, next(grade for grade, least in bands if score_ppm >= least), dimensions)


def _shares(measured: Sequence[str], weights: Mapping[str, int] | None) -> Mapping[str, Fraction]:
    if weights is None:
        return {dimension: Fraction(1, len(measured)) for dimension in measured}
    if not set(measured) <= set(weights) <= set(DIMENSIONS) or sum(weights.values()) != PPM:
        raise WeightsUnbalanced(measured=list(measured))
    # A dimension that was not measured leaves its weight to the others, in their proportion.
    whole = sum(weights[dimension] for dimension in measured)
    if whole == 0:
        raise WeightsUnbalanced(measured=list(measured))
    return {dimension: Fraction(weights[dimension], whole) for dimension in measured}


def _indicator(name: str, rules: Sequence[Mapping[str, Any]]) -> tuple[Fraction, dict[str, Any]]:  # Any: JSON
    met, checked = 0, 0
    for rule in rules:
        met += rule["b"] - rule["a"] if rule.get("lower_is_better") else rule["a"]
        checked += rule["b"]
    reached = Fraction(met, checked)
    return reached, {
        "indicator": name, "score_ppm": half_up(reached * PPM),
        "rules": [
            {
                "rule": rule["rule"], "scope": rule.get("scope", ""), "a": rule["a"], "b": rule["b"],
                "lower_is_better": bool(rule.get("lower_is_better")),
            }
            for rule in rules
        ],
    }  # fmt: skip
