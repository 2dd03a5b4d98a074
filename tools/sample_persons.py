"""Invents persons and diagnoses in Synthea's column layout; the same seed gives the same bytes."""

import csv
import io
import random
import uuid
from datetime import date, timedelta

PERSONS = 160
DECEASED = 12
WITHOUT_CONDITION = 9
SEED = 20260101
TODAY = date(2026, 1, 31)

_NAMESPACE = uuid.UUID("6f1f2f43-6f0c-5d7e-9d58-1c0e4b7e9a01")
_FAMILY_NAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
_GIVEN_NAMES = [
    "子轩",
    "雨桐",
    "浩然",
    "欣怡",
    "建国",
    "淑芬",
    "志强",
    "秀英",
    "明哲",
    "思远",
    "晓燕",
    "海涛",
    "玉兰",
    "文博",
    "佳宁",
    "振华",
    "丽娟",
    "永康",
    "静怡",
    "一鸣",
    "春梅",
    "国栋",
    "若曦",
    "天佑",
    "凤霞",
]
_DISTRICTS = ("城阳区", "市南区", "市北区", "李沧区", "崂山区", "黄岛区", "即墨区")
_STREETS = ("正阳路", "春阳路", "长城路", "兴阳路", "明阳路", "文阳路")

# SNOMED CT code, its term, how many in a hundred have it. The first four are the disease groups that insurers ask for.
_CONDITIONS = (
    ("59621000", "Hypertension", 34),
    ("44054006", "Diabetes", 22),
    ("53741008", "Coronary Heart Disease", 17),
    ("230690007", "Stroke", 15),
    ("195662009", "Acute viral pharyngitis (disorder)", 40),
    ("10509002", "Acute bronchitis (disorder)", 35),
    ("40055000", "Chronic sinusitis (disorder)", 20),
    ("271737000", "Anemia (disorder)", 18),
    ("55822004", "Hyperlipidemia", 16),
    ("239873007", "Osteoarthritis of knee", 12),
)
_ALWAYS = ("444814009", "Viral sinusitis (disorder)")  # for whoever would else have none
_CHRONIC_FROM = 0.6

_PERSON_COLUMNS = [
    "Id",
    "BIRTHDATE",
    "DEATHDATE",
    "SSN",
    "DRIVERS",
    "PASSPORT",
    "PREFIX",
    "FIRST",
    "LAST",
    "SUFFIX",
    "MAIDEN",
    "MARITAL",
    "RACE",
    "ETHNICITY",
    "GENDER",
    "BIRTHPLACE",
    "ADDRESS",
    "CITY",
    "STATE",
    "COUNTY",
    "ZIP",
    "LAT",
    "LON",
    "HEALTHCARE_EXPENSES",
    "HEALTHCARE_COVERAGE",
]
_DIAGNOSIS_COLUMNS = ("START", "STOP", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION")


def persons_and_diagnoses() -> tuple[bytes, bytes]:
    """Two CSV files as bytes: the persons, and what they were diagnosed with."""
    dice = random.Random(SEED)  # noqa: S311 - invented persons need repeatable dice, not secret ones
    persons = [_person(dice, number) for number in range(PERSONS)]
    diagnoses = [row for person in persons[:-WITHOUT_CONDITION] for row in _diagnoses(dice, person)]
    diagnoses.sort(key=lambda row: (row["START"], row["ENCOUNTER"]))
    return _csv(_PERSON_COLUMNS, persons), _csv(_DIAGNOSIS_COLUMNS, diagnoses)


def _csv(columns: tuple[str, ...] | list[str], rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _person(dice: random.Random, number: int) -> dict[str, str]:
    born = date(1938, 1, 1) + timedelta(days=dice.randrange(365 * 82))
    died = TODAY - timedelta(days=dice.randrange(30, 1500)) if number % (PERSONS // DECEASED) == 1 else None
    if died and born > died:
        born = died - timedelta(days=365 * 60)
    district = dice.choice(_DISTRICTS)
    gender = dice.choice("FM")
    return dict.fromkeys(_PERSON_COLUMNS, "") | {
        "Id": str(uuid.uuid5(_NAMESPACE, f"person {number}")),
        "BIRTHDATE": born.isoformat(),
        "DEATHDATE": died.isoformat() if died else "",
        # No number that begins with 999 was ever given to anybody.
        "SSN": f"999-{10 + number // 90:02d}-{1000 + number * 53:04d}",
        "PREFIX": "女士" if gender == "F" else "先生",
        "FIRST": dice.choice(_GIVEN_NAMES),
        "LAST": dice.choice(_FAMILY_NAMES),
        "MARITAL": dice.choice(("M", "S", "")),
        "RACE": "asian",
        "ETHNICITY": "nonhispanic",
        "GENDER": gender,
        "BIRTHPLACE": "山东省青岛市",
        "ADDRESS": f"{dice.choice(_STREETS)}{dice.randrange(1, 400)}号",
        "CITY": "青岛市",
        "STATE": "山东省",
        "COUNTY": district,
        "ZIP": f"2661{dice.randrange(100):02d}",
        "LAT": f"{36.05 + dice.randrange(4000) / 10_000:.4f}",
        "LON": f"{120.2 + dice.randrange(4000) / 10_000:.4f}",
        "HEALTHCARE_EXPENSES": f"{dice.randrange(50_000, 90_000_000) / 100:.2f}",
        "HEALTHCARE_COVERAGE": f"{dice.randrange(10_000, 9_000_000) / 100:.2f}",
    }


def _diagnoses(dice: random.Random, person: dict[str, str]) -> list[dict[str, str]]:
    had = [(code, term) for code, term, in_a_hundred in _CONDITIONS if dice.randrange(100) < in_a_hundred]
    born = date.fromisoformat(person["BIRTHDATE"])
    last = date.fromisoformat(person["DEATHDATE"]) if person["DEATHDATE"] else TODAY
    rows = []
    for code, term in had or [_ALWAYS]:
        start = born + timedelta(days=int((last - born).days * (0.3 + 0.7 * dice.random())))
        passing = code not in {known for known, *_ in _CONDITIONS[:4]} and dice.random() < _CHRONIC_FROM
        stop = min(start + timedelta(days=dice.randrange(7, 60)), last) if passing else None
        rows.append({
            "START": start.isoformat(),
            "STOP": stop.isoformat() if stop else "",
            "PATIENT": person["Id"],
            "ENCOUNTER": str(uuid.uuid5(_NAMESPACE, f"{person['Id']} {code}")),
            "CODE": code,
            "DESCRIPTION": term,
        })  # fmt: skip
    return rows
