"""Persons and their diagnoses, generated: as many as are asked for, in the columns of the hospital's files."""

from pathlib import Path

import duckdb

from market.demo.persons import Applicant

PATIENTS, CONDITIONS = "patients.csv", "conditions.csv"
DIAGNOSES_EACH = 2
CODES = ("59621000", "44054006", "53741008", "230690007", "195662009", "10509002", "444814009", "162864005")
# Ids without order, as a hospital's are: the index of tokens is not filled in the order of its keys.
_PATIENTS = """
    SELECT md5('person ' || i) AS "Id", DATE '1940-01-01' + CAST(hash(i) % 25000 AS INTEGER) AS "BIRTHDATE",
           NULL AS "DEATHDATE", 'G' || lpad(CAST(i AS VARCHAR), 12, '0') AS "SSN",
           CASE i % 2 WHEN 0 THEN 'F' ELSE 'M' END AS "GENDER", '城阳区' AS "COUNTY"
    FROM range({persons}) AS numbers(i)"""
_CONDITIONS = """
    SELECT DATE '2015-01-01' + CAST(hash(i + 1) % 4000 AS INTEGER) AS "START", NULL AS "STOP",
           md5('person ' || i // {each}) AS "PATIENT", {codes}[1 + CAST(hash(i) % {kinds} AS INTEGER)] AS "CODE"
    FROM range({persons} * {each}) AS numbers(i)"""


def generate(folder: Path, persons: int) -> tuple[Path, Path]:
    """Write both files; the same for the same number, everywhere."""
    folder.mkdir(parents=True, exist_ok=True)
    words = {"persons": persons, "each": DIAGNOSES_EACH, "codes": list(CODES), "kinds": len(CODES)}
    with duckdb.connect() as engine:
        for name, query in ((PATIENTS, _PATIENTS), (CONDITIONS, _CONDITIONS)):
            engine.execute(f"COPY ({query.format(**words)}) TO '{folder / name}' (FORMAT csv, HEADER)")
    return folder / PATIENTS, folder / CONDITIONS


def some(path: Path, number: int) -> list[Applicant]:
    """So many of the file's persons, from all over it."""
    with duckdb.connect() as engine:
        rows = engine.execute(
            'SELECT "Id", "SSN" FROM read_csv(?, all_varchar = true) ORDER BY hash("Id") LIMIT ?',
            [str(path), number],
        ).fetchall()
    return [Applicant(record, identity, living=True) for record, identity in rows]
