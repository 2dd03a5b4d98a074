"""Profiles and sketches of real bytes against counts made without DuckDB."""

import csv
import random
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import ifcopenshell
import pytest

from catalog.domain.refusals import FileNotAModel, FileNotATable
from catalog.domain.sketch import similarity
from catalog.outbound.profiling import profile_model, profile_table, sketch_model, sketch_table
from tests.catalog.conftest import CONDITIONS, DUPLEX, HOUSE, PATIENTS, persons

AS_OF = date(2026, 10, 1)
real = pytest.mark.skipif(not PATIENTS.exists() or not DUPLEX.exists(), reason="the real inputs are not here")


@pytest.fixture
def hospital(tmp_path: Path) -> dict[str, Path]:
    """The real files where present, else the small hospital."""
    if PATIENTS.exists():
        return {"patients.csv": PATIENTS, "conditions.csv": CONDITIONS}
    paths = {"patients.csv": tmp_path / "patients.csv", "conditions.csv": tmp_path / "conditions.csv"}
    for path, content in zip(paths.values(), persons(200), strict=True):
        path.write_bytes(content)
    return paths


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rules(profile: dict[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(rule["rule"], rule["scope"]): (rule["a"], rule["b"]) for rule in profile["quality"]}


def test_the_profile_counts_what_an_independent_count_finds(hospital: dict[str, Path]) -> None:
    profile = profile_table(hospital, as_of=AS_OF)
    assert profile == profile_table(hospital, as_of=AS_OF)
    rules = _rules(profile)
    for file in profile["files"]:
        rows = _rows(hospital[file["name"]])
        assert file["rows"] == len(rows)
        assert file["duplicate_rows"] == len(rows) - len({tuple(row.values()) for row in rows})
        for column in file["columns"]:
            values = [row[column["name"]] for row in rows if row[column["name"]].strip()]
            assert (column["filled"], column["empty"]) == (len(values), len(rows) - len(values))
            assert abs(column["distinct_approx"] - len(set(values))) <= 0.15 * len(set(values)) + 1
            if "top" in column:
                counted = Counter(value.strip() for value in values)
                best = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
                assert [(top["value"], top["count"]) for top in column["top"]] == best
        cells = [value for row in rows for value in row.values()]
        assert rules["elements_filled", file["name"]] == (sum(1 for cell in cells if cell.strip()), len(cells))
    conditions, people = _rows(hospital["conditions.csv"]), {row["Id"] for row in _rows(hospital["patients.csv"])}
    found = sum(1 for row in conditions if row["PATIENT"] in people)
    assert rules["references_found", "conditions.csv.PATIENT → patients.csv.Id"] == (found, len(conditions))
    ended = [row for row in conditions if row["STOP"]]
    if ended:
        ordered = sum(1 for row in ended if row["START"] <= row["STOP"])
        assert rules["periods_ordered", "conditions.csv"] == (ordered, len(ended))


def test_the_scan_finds_who_can_be_found(hospital: dict[str, Path]) -> None:
    profile = profile_table(hospital, as_of=AS_OF)
    found = {(entry["column"], entry["kind"]): entry["matched"] for entry in profile["personal"]}
    people = _rows(hospital["patients.csv"])
    assert found["SSN", "us_ssn"] == sum(1 for row in people if re.fullmatch(r"\d{3}-\d\d-\d{4}", row["SSN"]))
    assert {"FIRST", "LAST", "ADDRESS", "BIRTHDATE"} <= {column for column, _ in found}
    assert not any(entry["file"] == "conditions.csv" for entry in profile["personal"])
    columns = {column["name"]: column for file in profile["files"] for column in file["columns"]}
    assert "min" not in columns["BIRTHDATE"]
    assert "top" not in columns["GENDER"]


def test_chinese_personal_data_is_found_and_check_digits_count(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cards = [("张伟", "11010519491231002X", "13812345678", "4111111111111111", "鲁B12345", "a@b.cn"),
             ("李娜", "110105194912310021", "13912345678", "4111111111111112", "鲁B54321", "c@d.cn")]  # fmt: skip
    header = "谁,号码,通讯,账户,号牌,信"
    path.write_text("\n".join([header, *(",".join(row) for row in cards)]) + "\n", encoding="utf-8")
    found = {entry["kind"]: entry["matched"] for entry in profile_table([path], as_of=AS_OF)["personal"]}
    assert found == {"name": 2, "id_card": 1, "mobile": 2, "bank_card": 1, "plate": 2, "email": 2}


@real
def test_dropping_a_hundred_patients_moves_the_figures(tmp_path: Path) -> None:
    lines = PATIENTS.read_text(encoding="utf-8").splitlines()
    fewer = tmp_path / "patients.csv"
    fewer.write_text("\n".join(lines[:1] + lines[101:]) + "\n", encoding="utf-8")
    whole = profile_table({"patients.csv": PATIENTS, "conditions.csv": CONDITIONS}, as_of=AS_OF)
    part = profile_table({"patients.csv": fewer, "conditions.csv": CONDITIONS}, as_of=AS_OF)
    assert whole["rows"] - part["rows"] == 100
    kept = {row["Id"] for row in _rows(fewer)}
    found = sum(1 for row in _rows(CONDITIONS) if row["PATIENT"] in kept)
    assert _rules(part)["references_found", "conditions.csv.PATIENT → patients.csv.Id"] == (found, 8376)
    assert 0.8 < similarity(sketch_table({"p.csv": PATIENTS}), sketch_table({"p.csv": fewer})) < 1


def test_a_shuffled_renamed_or_reordered_table_is_a_near_copy(hospital: dict[str, Path], tmp_path: Path) -> None:
    rows = _rows(hospital["patients.csv"])
    random.Random(7).shuffle(rows)  # noqa: S311 - a shuffle, no secret
    columns = list(reversed(list(rows[0])))
    copies = {"shuffled": list(rows[0]), "reordered": columns, "narrowed": columns[:-1]}
    original = sketch_table(hospital)
    for name, kept in copies.items():
        path = tmp_path / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([f"c{place}" for place in range(len(kept))] if name == "reordered" else kept)
            writer.writerows([row[column] for column in kept] for row in rows)
        alike = similarity(original, sketch_table({path.name: path}))
        assert alike == 1.0 if name != "narrowed" else alike > 0.5
        assert similarity(original, original) == 1.0


def test_unrelated_tables_are_not_near(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_bytes(persons(300)[0])
    other.write_text("id,v\n" + "".join(f"{n},{n * 7919 % 1009}\n" for n in range(3000)), encoding="utf-8")
    assert similarity(sketch_table({"a.csv": one}), sketch_table({"b.csv": other})) < 0.2
    assert similarity(sketch_table({"a.csv": one}), sketch_model({"h.ifc": HOUSE})) == 0


def _exported_again(source: Path, to: Path) -> None:
    """Renumber the instances, put the lines in another order, write numbers another way."""
    text = source.read_text(encoding="utf-8")
    head, _, rest = text.partition("DATA;\n")
    body, _, tail = rest.rpartition("ENDSEC;")
    lines = [line for line in re.split(r";\s*\n", body) if line.strip()]
    renumbered = [re.sub(r"#(\d+)", lambda found: f"#{int(found.group(1)) * 3 + 1000}", line) for line in lines]
    random.Random(3).shuffle(renumbered)  # noqa: S311 - a shuffle, no secret
    head = head.replace("2011-09-07T12:28:29", "2026-11-01T09:00:00")
    to.write_text(f"{head}DATA;\n" + ";\n".join(renumbered) + f";\nENDSEC;{tail}", encoding="utf-8")


def test_a_model_exported_again_is_a_near_copy(tmp_path: Path) -> None:
    source = DUPLEX if DUPLEX.exists() else HOUSE
    again = tmp_path / "again.ifc"
    _exported_again(source, again)
    assert again.read_bytes() != source.read_bytes()
    original = sketch_model({"a.ifc": source})
    assert similarity(original, sketch_model({"b.ifc": again})) >= 0.95
    model: Any = ifcopenshell.open(str(source))
    for place, root in enumerate(model.by_type("IfcRoot")):
        root.GlobalId = f"{place % 4}{place:021d}"
    model.write(str(again))
    assert similarity(original, sketch_model({"b.ifc": again})) >= 0.95


@real
def test_an_edited_model_has_another_profile_and_sketch(tmp_path: Path) -> None:
    model: Any = ifcopenshell.open(str(DUPLEX))
    for wall in model.by_type("IfcWall")[:10]:
        wall.Name = None
    edited = tmp_path / "edited.ifc"
    model.write(str(edited))
    before, after = (profile_model({"d.ifc": path}, as_of=AS_OF) for path in (DUPLEX, edited))
    assert _rules(before)["elements_named", "d.ifc"] == (218, 218)
    assert _rules(after)["elements_named", "d.ifc"] == (208, 218)
    one, other = sketch_model({"d.ifc": DUPLEX}), sketch_model({"d.ifc": edited})
    assert one["multiset"] != other["multiset"]
    assert similarity(one, other) >= 0.95
    assert similarity(one, sketch_model({"h.ifc": HOUSE})) < 0.2


@real
def test_the_model_profile_counts_what_the_text_says() -> None:
    file = profile_model({"d.ifc": DUPLEX}, as_of=AS_OF)["files"][0]
    text = DUPLEX.read_text(encoding="utf-8")
    assert file["schema"] == "IFC2X3"
    assert file["instances"] == len(re.findall(r"^#\d+=", text, re.MULTILINE))
    for kind in ("IfcDoor", "IfcSpace", "IfcCartesianPoint"):
        assert file["classes"][kind] == len(re.findall(rf"^#\d+={kind.upper()}\(", text, re.MULTILINE))
    assert [storey["name"] for storey in file["storeys"]] == ["Level 1", "Level 2", "T/FDN", "Roof"]
    assert file["global_ids"]["count"] == file["global_ids"]["unique"] == 3893


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a,b\n1,2\n3\n", 3), (b"a,b\n1,2\n3,4,5\n", 3), (b"a,a\n1,2\n", 1), (b"a,\n1,2\n", 1), (b"a,b\n", None),
     (b'a,b\n1,"2\n', None), (b"a,b\n1,\xff\xfe\n", None), (b"a,A\n1,2\n", 1)],
)  # fmt: skip
def test_what_is_no_table_is_refused_without_quoting_it(content: bytes, line: int | None, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(FileNotATable) as refusal:
        profile_table([path], as_of=AS_OF)
    assert refusal.value.facts["file"] == "bad.csv"
    if line is not None:
        assert refusal.value.facts["line"] == line


def test_a_model_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.ifc"
    path.write_bytes(HOUSE.read_bytes()[:2000])
    with pytest.raises(FileNotAModel):
        profile_model([path], as_of=AS_OF)
