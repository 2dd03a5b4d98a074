"""What catalog's tests stand on: the parties, a small hospital, and the recipe of the medical case."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from tests.conftest import Running, StartService

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PATIENTS, CONDITIONS = SHARED / "medical" / "patients.csv", SHARED / "medical" / "conditions.csv"
DUPLEX = SHARED / "bim" / "duplex-apartment.ifc"
HOUSE = Path(__file__).resolve().parents[2] / "samples" / "sample-house.ifc"
BODY, HOSPITAL, OPERATOR, VERIFIER = "pty_body", "pty_hospital", "pty_operator", "pty_verifier"

RECIPE: dict[str, Any] = {
    "tables": [
        {"name": "people", "from": "patients.csv", "steps": [
            {"do": "keep", "columns": ["Id", "BIRTHDATE", "DEATHDATE", "GENDER", "COUNTY"]},
            {"do": "tokenise", "column": "Id", "into": "row_token"},
            {"do": "generalise", "column": "BIRTHDATE", "to": "year", "into": "birth_year"},
            {"do": "generalise", "column": "DEATHDATE", "to": "presence", "into": "deceased"},
            {"do": "rename", "column": "GENDER", "into": "gender"},
            {"do": "rename", "column": "COUNTY", "into": "region"},
        ]},
        {"name": "diagnoses", "from": "conditions.csv", "steps": [
            {"do": "keep", "columns": ["PATIENT", "CODE", "DESCRIPTION", "START", "STOP"]},
            {"do": "tokenise", "column": "PATIENT", "into": "row_token"},
            {"do": "generalise", "column": "START", "to": "month", "into": "onset_month"},
            {"do": "generalise", "column": "STOP", "to": "month", "into": "abated_month"},
            {"do": "rename", "column": "CODE", "into": "code"},
            {"do": "rename", "column": "DESCRIPTION", "into": "description"},
        ]},
    ],
}  # fmt: skip
SPECIFICATION: dict[str, Any] = {
    "deliveries": ["underwriting", "cohort"],
    "groups": [{"key": "hypertension", "name_zh": "高血压", "name_en": "Hypertension", "code_system": "SNOMED CT",
                "codes": ["59621000"]}],
    "look_back_years": 10, "k_min": 20,
    "subject": {
        "people": {"file": "people.parquet", "token": "row_token", "deceased": "deceased", "birth_year": "birth_year"},
        "diagnoses": {"file": "diagnoses.parquet", "token": "row_token", "code": "code", "onset": "onset_month"},
    },
}  # fmt: skip


def persons(count: int = 40) -> tuple[bytes, bytes]:
    """A small hospital: people and their diagnoses, as CSV."""
    people, found = io.StringIO(), io.StringIO()
    writer = csv.writer(people)
    writer.writerow(["Id", "BIRTHDATE", "DEATHDATE", "SSN", "FIRST", "LAST", "GENDER", "ADDRESS", "COUNTY"])
    diagnoses = csv.writer(found)
    diagnoses.writerow(["START", "STOP", "PATIENT", "CODE", "DESCRIPTION"])
    for number in range(count):
        key = f"aaaaaaaa-0000-0000-0000-{number:012d}"
        dead = "2020-01-01" if number % 10 == 9 else ""
        writer.writerow([key, f"19{50 + number % 50}-02-03", dead, f"999-10-{1000 + number}", f"Name{number}", "Li",
                         "FM"[number % 2], f"{number} Road", "城阳区"])  # fmt: skip
        if number % 4 != 3:
            diagnoses.writerow([f"2015-0{1 + number % 9}-11", "", key, "59621000", "Hypertension"])
    return people.getvalue().encode(), found.getvalue().encode()


@dataclass
class Market:
    """Catalog with everybody who calls it."""

    running: Running

    def client(self, party_id: str, *roles: str) -> httpx.AsyncClient:
        """A client of a party."""
        return self.running.client_for(party_id, *roles)

    @property
    def body(self) -> httpx.AsyncClient:
        return self.client(BODY, "implementing_body")

    @property
    def hospital(self) -> httpx.AsyncClient:
        return self.client(HOSPITAL, "supplier")

    @property
    def operator(self) -> httpx.AsyncClient:
        return self.client(OPERATOR, "authorised_operator")

    async def authorise(self, **changes: Any) -> dict[str, Any]:
        today = (await self.running.clock.now()).date()
        granting = {
            "operator_party_id": OPERATOR, "supplier_party_ids": [HOSPITAL], "scope": "诊断记录", "scenario": "核保",
            "theme": "livelihood", "starts_on": today.isoformat(),
            "ends_on": today.replace(year=today.year + 4, day=1).isoformat(), **changes,
        }  # fmt: skip
        return dict(ok(await self.body.post("/authorisations", json=granting)))

    async def declare(self, client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
        declaring = {
            "title": "住院诊断数据", "title_en": "Inpatient diagnoses", "description": "医院诊断记录",
            "theme": "livelihood", "form": "table", "source_kind": "own_production", **changes,
        }  # fmt: skip
        return dict(ok(await client.post("/datasets", json=declaring)))

    async def upload(self, client: httpx.AsyncClient, dataset_id: str, files: dict[str, bytes]) -> dict[str, Any]:
        """A version that is closed, looked at and read again."""
        opening = {"files": [{"name": name} for name in files]}
        version = ok(await client.post(f"/datasets/{dataset_id}/versions", json=opening))
        for name, content in files.items():
            ok(await client.put(f"/versions/{version['version_id']}/files/{name}", content=content))
        ok(await client.post(f"/versions/{version['version_id']}:publish", json={}))
        await self.running.drain()
        return dict(ok(await client.get(f"/versions/{version['version_id']}")))

    async def hospital_data(self, people: bytes = b"", diagnoses: bytes = b"") -> dict[str, Any]:
        """The hospital's version, supplied to the operator; the authorisation's id stands in it."""
        generated = persons()
        subject = {"file": "patients.csv", "key_column": "Id", "identity_column": "SSN"}
        dataset = await self.declare(self.hospital, source_kind="public_body", subject=subject)
        files = {"patients.csv": people or generated[0], "conditions.csv": diagnoses or generated[1]}
        version = await self.upload(self.hospital, dataset["dataset_id"], files)
        assert version["state"] == "PUBLISHED", version["refusal"]
        authorisation = await self.authorise()
        supplying = {"operator_party_id": OPERATOR, "authorisation_id": authorisation["authorisation_id"]}
        ok(await self.hospital.post(f"/datasets/{dataset['dataset_id']}:supply", json=supplying))
        return {**version, "authorisation_id": authorisation["authorisation_id"]}

    async def derive(self, version_id: str, **changes: Any) -> dict[str, Any]:
        asking = {
            "title": "核保诊断数据", "title_en": "Governed diagnoses", "description": "脱敏", "recipe": RECIPE,
            "source_version_ids": [version_id], **changes,
        }  # fmt: skip
        derivation = ok(await self.operator.post("/derivations", json=asking))
        await self.running.drain()
        return dict(ok(await self.operator.get(f"/derivations/{derivation['derivation_id']}")))

    async def product(self, dataset_id: str, **changes: Any) -> dict[str, Any]:
        making = {"dataset_id": dataset_id, "name": "核保查询", "name_en": "Underwriting", "description": "按组查询",
                  "specification": SPECIFICATION, **changes}  # fmt: skip
        product = ok(await self.operator.post("/products", json=making))
        return dict(ok(await self.operator.post(f"/products/{product['product_id']}:publish", json={})))


def parquet(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of a file."""
    table = pq.read_table(path)
    return table.column_names, [tuple(row.values()) for row in table.to_pylist()]


def ok(answer: httpx.Response) -> Any:
    """The JSON of an answer that went well."""
    assert answer.is_success, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document of an answer that did not."""
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"/problems/{slug}", problem
    assert problem["detail"]
    assert problem["detail_zh"]
    return problem


@pytest.fixture
async def market(service: StartService) -> Market:
    """Catalog on an empty database."""
    return Market(await service("catalog"))
