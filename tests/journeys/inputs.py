"""What the stories start from: the invented samples, the real inputs where they are, and parts of either."""

import csv
from pathlib import Path

from market.demo.telling import Inputs
from tools.survey import ROOT

SHARED = ROOT.parent / "shared" / "data"
SAMPLES = Inputs(
    ROOT / "samples" / "sample-persons.csv", ROOT / "samples" / "sample-diagnoses.csv",
    ROOT / "samples" / "sample-house.ifc",
)  # fmt: skip
REAL = Inputs(
    SHARED / "medical" / "patients.csv", SHARED / "medical" / "conditions.csv", SHARED / "bim" / "duplex-apartment.ifc"
)


def are_there(inputs: Inputs) -> bool:
    """Whether all three files are."""
    return all(path.is_file() for path in (inputs.patients, inputs.conditions, inputs.bim))


def first_persons(inputs: Inputs, number: int, folder: Path) -> Inputs:
    """The same inputs with only so many persons, and their diagnoses."""
    folder.mkdir(parents=True, exist_ok=True)
    header, *rows = _rows(inputs.patients)
    kept = rows[:number]
    known = {row[header.index("Id")] for row in kept}
    patients = _write(folder / "persons.csv", [header, *kept])
    header, *rows = _rows(inputs.conditions)
    place = header.index("PATIENT")
    return Inputs(
        patients, _write(folder / "diagnoses.csv", [header, *(r for r in rows if r[place] in known)]), inputs.bim
    )


def without_properties(model: Path, folder: Path) -> Path:
    """The same building model, in which no element has properties any more."""
    lines = model.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    kept = [line for line in lines if "IFCRELDEFINESBYPROPERTIES" not in line]
    assert len(kept) < len(lines)
    poorer = folder / "poorer.ifc"
    poorer.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")
    return poorer


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path
