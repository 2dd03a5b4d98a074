"""Value by cost, income and market (数据资产评估指导意见): exact to the end, rounded once, every line shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kernel.money import FEN_MAX, yuan
from rights.domain.refusals import ParametersNotOfMethod, ValueNotPositive

PPM = 1_000_000
COMPARABLES_MIN = 3


@dataclass(frozen=True)
class Valuation:
    """The value in fen, and how it came about, line by line."""

    value_fen: int
    working: Sequence[str]


def half_up(exact: Fraction) -> int:
    """To the nearest whole, a half upwards."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def rate(ppm: int) -> Fraction:
    """A rate from parts per million."""
    return Fraction(ppm, PPM)


def shown(ppm: int) -> str:
    """A factor as people write it: ``0.92``."""
    whole, rest = divmod(ppm, PPM)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)


def _finished(exact: Fraction, working: Sequence[str]) -> Valuation:
    value_fen = half_up(exact)
    if not 0 < value_fen <= FEN_MAX:
        raise ValueNotPositive
    return Valuation(value_fen, [*working, f"V = {yuan(value_fen)}"])


def by_income(incomes_fen: Sequence[int], discount_rate_ppm: int) -> Valuation:
    """V = Σ F_t / (1 + i)^t, t = 1…n."""
    discount, total, working = 1 / (1 + rate(discount_rate_ppm)), Fraction(0), []
    for year, income_fen in enumerate(incomes_fen, start=1):
        present = income_fen * discount**year
        total += present
        factor = f"(1 + {shown(discount_rate_ppm)})^{year}"
        working.append(f"F{year} = {yuan(income_fen)}; F{year} / {factor} = {yuan(half_up(present))}")
    return _finished(total, working)


def by_cost(
    *, total_cost_fen: int, return_rate_ppm: int, quality_ppm: int, circulation_ppm: int, scarcity_ppm: int,
    risk_ppm: int,
) -> Valuation:  # fmt: skip
    """V = TC × (1 + R) × U, U = α · β · (1 + l) · (1 − r)."""
    utility = rate(quality_ppm) * rate(circulation_ppm) * (1 + rate(scarcity_ppm)) * (1 - rate(risk_ppm))
    gross = total_cost_fen * (1 + rate(return_rate_ppm))
    factors = f"{shown(quality_ppm)} × {shown(circulation_ppm)} × (1 + {shown(scarcity_ppm)}) × (1 − {shown(risk_ppm)})"
    return _finished(gross * utility, [
        f"TC × (1 + R) = {yuan(total_cost_fen)} × (1 + {shown(return_rate_ppm)}) = {yuan(half_up(gross))}",
        f"U = {factors} = {shown(half_up(utility * PPM))}",
    ])  # fmt: skip


def by_market(comparables: Sequence[Mapping[str, Any]]) -> Valuation:  # Any: JSON, checked by `valued`
    """V = Σ w · V_ref × k_tech × k_density × k_date × k_capacity × k_other, over at least three comparables."""
    given = [comparable["weight_ppm"] for comparable in comparables if "weight_ppm" in comparable]
    weights = [rate(weight) for weight in given] or [Fraction(1, len(comparables))] * len(comparables)
    if len(weights) != len(comparables) or sum(weights) != 1:
        raise ParametersNotOfMethod(why="weight_ppm: for all comparables, with the sum 1000000, or for none")
    total, working = Fraction(0), []
    for comparable, weight in zip(comparables, weights, strict=True):
        factors = [comparable[name] for name in FACTORS]
        adjusted = Fraction(comparable["price_fen"])
        for factor in factors:
            adjusted *= rate(factor)
        total += weight * adjusted
        product = " × ".join(map(shown, factors))
        working.append(
            f"{comparable['name']}: {yuan(comparable['price_fen'])} × {product} = {yuan(half_up(adjusted))}; "
            f"w = {shown(half_up(weight * PPM))}"
        )
    return _finished(total, working)


FACTORS = ("technology_ppm", "density_ppm", "date_ppm", "capacity_ppm", "other_ppm")
_COST = ("total_cost_fen", "return_rate_ppm", "quality_ppm", "circulation_ppm", "scarcity_ppm", "risk_ppm")
RATE_PPM_MAX = 10 * PPM
YEARS_MAX = 50


def valued(method: str, parameters: Mapping[str, Any]) -> Valuation:  # Any: JSON as it came in
    """The value by the method; refused unless the parameters are exactly the method's and in range."""
    if method == "income":
        _members(parameters, ("incomes_fen", "discount_rate_ppm"))
        incomes = parameters["incomes_fen"]
        if not isinstance(incomes, list) or not 1 <= len(incomes) <= YEARS_MAX:
            raise ParametersNotOfMethod(why=f"incomes_fen: 1 to {YEARS_MAX} amounts")
        amounts = [_number(amount, "incomes_fen", FEN_MAX) for amount in incomes]
        return by_income(amounts, _number(parameters["discount_rate_ppm"], "discount_rate_ppm", RATE_PPM_MAX))
    if method == "cost":
        _members(parameters, _COST)
        if _number(parameters["risk_ppm"], "risk_ppm", PPM) == PPM:
            raise ValueNotPositive
        return by_cost(**{
            name: _number(parameters[name], name, FEN_MAX if name.endswith("_fen") else RATE_PPM_MAX) for name in _COST
        })  # fmt: skip
    _members(parameters, ("comparables",))
    comparables = parameters["comparables"]
    if not isinstance(comparables, list) or not COMPARABLES_MIN <= len(comparables) <= YEARS_MAX:
        raise ParametersNotOfMethod(why=f"comparables: at least {COMPARABLES_MIN}")
    return by_market([_comparable(each) for each in comparables])


def _comparable(given: Any) -> Mapping[str, Any]:  # Any: JSON as it came in
    if not isinstance(given, dict):
        raise ParametersNotOfMethod(why="comparables: objects")
    _members(given, ("name", "price_fen", *FACTORS), may=("weight_ppm",))
    if not isinstance(given["name"], str) or not given["name"].strip():
        raise ParametersNotOfMethod(why="name: of each comparable")
    _number(given["price_fen"], "price_fen", FEN_MAX)
    for name in (*FACTORS, *(("weight_ppm",) if "weight_ppm" in given else ())):
        _number(given[name], name, RATE_PPM_MAX)
    return given


def _members(given: Mapping[str, Any], must: Sequence[str], may: Sequence[str] = ()) -> None:  # Any: JSON
    if not set(must) <= set(given) <= {*must, *may}:
        raise ParametersNotOfMethod(why=f"members: {', '.join(must)}")


def _number(value: Any, name: str, most: int) -> int:  # Any: JSON
    if type(value) is not int or not 0 <= value <= most:
        raise ParametersNotOfMethod(why=f"{name}: a whole number from 0 to {most}")
    return value
