"""What a story has to come to, computed apart from the market: by the csv module, from the issue's own figures."""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

GROUPS = {
    "hypertension": "59621000",
    "diabetes": "44054006",
    "coronary_heart_disease": "53741008",
    "stroke": "230690007",
}
LOOK_BACK_YEARS = 100
SHARES_PPM = {"operator": 600_000, "treasury": 300_000, "exchange": 40_000, "tax": 60_000}
REFUSED = {
    "medical": {"no_consent", "withdrawn", "other_purpose", "other_case", "replayed", "deposit_empty", "over_ceiling",
                "raw_registration"},
    "bim": {"low_value", "second_pledge", "exclusive_sale", "transfer", "duplicate_registration", "near_copy",
            "new_version", "derived_product", "co_holder_pledge", "public_institution"},
}  # fmt: skip
ALLOWED = {"non_exclusive_licence", "income_to_control_account", "pledge_after_release"}
BIM = {
    "refused_valuation_fen": 83_955_904,
    "valuation_fen": 427_451_303,
    "limit_fen": 213_725_651,
    "ltv_ppm": 467_889,
    "loan_fen": 200_000_000,
    "released": True,
}
Json = dict[str, Any]  # Any: JSON values


def answers(patients: Path, conditions: Path) -> dict[str, Json]:
    """For each record of the file what an insurer must be told; records of one identity number are one person."""
    people, diagnoses = _rows(patients), _rows(conditions)
    newest = max(max(row["START"], row["STOP"]) for row in diagnoses)
    first_day = _years_before(date.fromisoformat(newest), LOOK_BACK_YEARS).isoformat()
    number_of = {row["Id"]: row["SSN"] for row in people}
    codes: dict[str, set[str]] = defaultdict(set)
    for row in diagnoses:
        if not row["STOP"] or row["STOP"] > first_day:
            codes[number_of[row["PATIENT"]]].add(row["CODE"])
    dead = {row["SSN"] for row in people if row["DEATHDATE"]}
    return {row["Id"]: _answer(codes[row["SSN"]], deceased=row["SSN"] in dead) for row in people}


def _answer(codes: set[str], *, deceased: bool) -> Json:
    if deceased:
        return {"refused": "/problems/subject-deceased"}
    groups = {group: code in codes for group, code in GROUPS.items()}
    return {"status": "found" if codes else "no_record", "groups": groups}


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def assert_the_books_agree(medical: Json) -> None:
    """Charged = calls × price = settled = sum of the splits = bank statement, and each share is its part."""
    assert medical["calls"] > 0
    charged = medical["charged_fen"]
    assert charged == medical["calls"] * medical["price_fen"]
    assert charged == medical["settled_fen"]
    assert charged == medical["bank_statement_fen"]
    assert charged == sum(share["amount_fen"] for share in medical["splits"])
    by_role = {share["role"]: share["amount_fen"] for share in medical["splits"]}
    assert set(by_role) == set(SHARES_PPM)
    for role, ppm in SHARES_PPM.items():
        exact = charged * ppm
        assert abs(by_role[role] * 1_000_000 - exact) < 1_000_000, (role, by_role[role])


def assert_all_was_refused_and_allowed(report: Json) -> None:
    """Every attempt that the issue names was refused with a problem type; what must go on, went on."""
    for case, names in REFUSED.items():
        assert set(report[case]["refused"]) == names
        for name, problem in report[case]["refused"].items():
            assert problem.startswith("/problems/"), (case, name, problem)
    assert set(report["bim"]["allowed"]) == ALLOWED
    assert all(report["bim"]["allowed"].values())


def assert_the_loan_stood_and_ended(bim: Json) -> None:
    """The two valuations, the limit, the loan to value, the principal; and at the end the right is free."""
    assert {name: bim[name] for name in BIM} == BIM
    assert 0 < bim["quality_score"] <= 1_000_000
    licence = bim["licence"]
    assert licence["charged_fen"] == licence["settled_fen"] == licence["bank_statement_fen"]
    assert bim["allowed"]["income_to_control_account"] <= licence["settled_fen"]
