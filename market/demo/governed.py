"""How the hospital's tables are governed, and what the product of them answers: data, not code."""

LOOK_BACK_YEARS = 100
GROUPS = (
    ("hypertension", "高血压", "Hypertension", "59621000"),
    ("diabetes", "糖尿病", "Diabetes", "44054006"),
    ("coronary_heart_disease", "冠心病", "Coronary heart disease", "53741008"),
    ("stroke", "脑卒中", "Stroke", "230690007"),
)

RECIPE = {
    "tables": [
        {"name": "people", "from": "patients.csv", "steps": [
            {"do": "keep", "columns": ["Id", "BIRTHDATE", "DEATHDATE", "GENDER", "COUNTY"]},
            {"do": "tokenise", "column": "Id", "into": "person"},
            {"do": "generalise", "column": "BIRTHDATE", "to": "year", "into": "birth_year"},
            {"do": "generalise", "column": "DEATHDATE", "to": "presence", "into": "deceased"},
            {"do": "rename", "column": "GENDER", "into": "gender"},
            {"do": "rename", "column": "COUNTY", "into": "region"},
        ]},
        {"name": "diagnoses", "from": "conditions.csv", "steps": [
            {"do": "keep", "columns": ["START", "STOP", "PATIENT", "CODE"]},
            {"do": "tokenise", "column": "PATIENT", "into": "person"},
            {"do": "rename", "column": "CODE", "into": "code"},
            {"do": "generalise", "column": "START", "to": "month", "into": "onset"},
            {"do": "generalise", "column": "STOP", "to": "month", "into": "abated"},
        ]},
    ]
}  # fmt: skip

SPECIFICATION = {
    "deliveries": ["underwriting", "cohort"],
    "groups": [
        {"key": key, "name_zh": name_zh, "name_en": name_en, "code_system": "SNOMED CT", "codes": [code]}
        for key, name_zh, name_en, code in GROUPS
    ],
    "look_back_years": LOOK_BACK_YEARS,
    "k_min": 20,
    "subject": {
        "people": {
            "file": "people.parquet", "token": "person", "deceased": "deceased", "birth_year": "birth_year",
            "gender": "gender",
        },
        "diagnoses": {
            "file": "diagnoses.parquet", "token": "person", "code": "code", "onset": "onset", "abated": "abated",
        },
    },
}  # fmt: skip
