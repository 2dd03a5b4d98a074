"""The medical case in catalog: from a hospital's raw file to a published product."""

import hmac
from typing import Any

from catalog.domain.identity import normalise
from catalog.use_cases.subjects import index_subjects
from tests.catalog.conftest import (
    BODY,
    HOSPITAL,
    OPERATOR,
    RECIPE,
    VERIFIER,
    Market,
    ok,
    parquet,
    persons,
    refused,
)  # fmt: skip
from yaosu.catalog.v1 import events_pb2

CONTRACT_KEY, IDENTITY_KEY = b"c" * 32, b"i" * 32


async def _governed(market: Market) -> dict[str, Any]:
    raw = await market.hospital_data()
    derivation = await market.derive(raw["version_id"])
    assert derivation["state"] == "PUBLISHED", derivation["refusal"]
    return {**derivation, "raw": raw}


async def test_a_supplied_dataset_becomes_a_product_under_its_authorisation(market: Market) -> None:
    governed = await _governed(market)
    dataset = ok(await market.operator.get(f"/datasets/{governed['dataset_id']}"))
    assert dataset["source_kind"] == "public_product"
    assert dataset["lineage_root"] == governed["raw"]["dataset_id"]
    assert dataset["supplier_party_id"] == HOSPITAL
    product = await market.product(governed["dataset_id"])
    assert product["authorisation_id"] == governed["raw"]["authorisation_id"]
    assert product["ceiling_price_fen"] is None
    ceiling = {"product_id": product["product_id"], "ceiling_price_fen": 500, "unit": "call", "basis": "青发改价格"}
    ok(await market.body.post(f"/authorisations/{product['authorisation_id']}/ceiling-prices", json=ceiling))
    again = ok(await market.operator.get(f"/products/{product['product_id']}"))
    assert (again["ceiling_price_fen"], again["ceiling_unit"]) == (500, "call")
    kinds = [type(event) for event in await market.running.told()]
    assert kinds == [
        events_pb2.VersionPublished, events_pb2.AuthorisationGranted, events_pb2.VersionPublished,
        events_pb2.ProductPublished, events_pb2.CeilingPriceSet,
    ]  # fmt: skip
    assert await market.running.violations() == []


async def test_no_identifier_is_left_in_the_governed_bytes(market: Market) -> None:
    governed = await _governed(market)
    version = ok(await market.operator.get(f"/versions/{governed['version_id']}"))
    assert [file["name"] for file in version["files"]] == ["diagnoses.parquet", "people.parquet"]
    for file in version["files"]:
        path = market.running.given.objects.path_of(file["sha256"])  # type: ignore[attr-defined]  # the folder store's
        _, rows = parquet(path)
        cells = {str(cell) for row in rows for cell in row}
        assert not any(cell.startswith(("999-10-", "Name", "aaaaaaaa-")) or "Road" in cell for cell in cells)
        assert rows == sorted(rows, key=lambda row: tuple((cell is None, cell) for cell in row))
    assert len(rows) == 40


async def test_a_result_that_still_names_persons_is_refused(market: Market) -> None:
    raw = await market.hospital_data()
    leaky = {"tables": [{"name": "people", "from": "patients.csv", "steps": [{"do": "drop", "columns": ["SSN"]}]}]}
    derivation = await market.derive(raw["version_id"], recipe=leaky)
    assert derivation["state"] == "FAILED"
    assert derivation["refusal"]["reason"] == "IdentifiersRemain"
    assert "people.parquet.LAST" in derivation["refusal"]["columns"]
    refused(await market.hospital.get(f"/datasets/{derivation['dataset_id']}"), 404, "dataset-not-found")


async def test_only_the_operator_to_whom_data_is_supplied_may_derive(market: Market) -> None:
    raw = await market.hospital_data()
    asking = {"title": "x", "description": "x", "recipe": RECIPE, "source_version_ids": [raw["version_id"]]}
    other = market.client("pty_other", "authorised_operator")
    refused(await other.post("/derivations", json=asking), 409, "not-supplied")
    ending = f"/authorisations/{raw['authorisation_id']}:end"
    refused(await market.client("pty_other", "implementing_body").post(ending, json={"reason": "x"}), 404,
            "authorisation-not-found")  # fmt: skip
    ok(await market.body.post(ending, json={"reason": "到期整改"}))
    refused(await market.body.post(ending, json={"reason": "x"}), 409, "authorisation-already-ended")
    refused(await market.operator.post("/derivations", json=asking), 409, "authorisation-not-in-force")


async def test_deriving_again_gives_every_person_the_same_token(market: Market) -> None:
    governed = await _governed(market)
    people, diagnoses = persons(30)
    files = {"patients.csv": people, "conditions.csv": diagnoses}
    second = await market.upload(market.hospital, governed["raw"]["dataset_id"], files)
    again = await market.derive(second["version_id"], dataset_id=governed["dataset_id"])
    assert again["state"] == "PUBLISHED"
    assert ok(await market.operator.get(f"/versions/{again['version_id']}"))["number"] == 2
    tokens = [await _tokens(market, version["version_id"]) for version in (governed, again)]
    assert tokens[1] < tokens[0]
    assert (len(tokens[0]), len(tokens[1])) == (40, 30)


async def _tokens(market: Market, version_id: str) -> set[str]:
    version = ok(await market.operator.get(f"/versions/{version_id}"))
    digest = next(file["sha256"] for file in version["files"] if file["name"] == "people.parquet")
    path = market.running.given.objects.path_of(digest)  # type: ignore[attr-defined]  # the folder store's
    columns, rows = parquet(path)
    return {row[columns.index("row_token")] for row in rows}


async def test_the_subject_index_finds_every_person_and_shows_no_number(market: Market) -> None:
    governed = await _governed(market)
    verifier = market.client(VERIFIER, "identity_verifier")
    answer = await verifier.put("/identity-key", json={"key_hex": IDENTITY_KEY.hex()})
    assert set(ok(answer)) == {"deposited_at"}
    other = await verifier.put("/identity-key", json={"key_hex": "00" * 32})
    refused(other, 409, "identity-key-stands")
    batches = [batch async for batch in index_subjects(market.running.ports, governed["version_id"], CONTRACT_KEY)]
    entries = [entry for batch in batches for entry in batch]
    assert {entry[0] for entry in entries} == await _tokens(market, governed["version_id"])
    numbers = [f"999-10-{1000 + number}" for number in range(40)]
    assert {entry[1] for entry in entries} == {_sm3(CONTRACT_KEY, number) for number in numbers}
    assert {entry[2] for entry in entries} == {_sm3(IDENTITY_KEY, number) for number in numbers}


def _sm3(key: bytes, number: str) -> str:
    return hmac.new(key, number.replace("-", "").encode(), "sm3").hexdigest()


def test_full_width_and_hyphenated_twins_of_a_number_are_one() -> None:
    assert normalise("９９９-10-1000") == normalise(" 999 10—1000 ") == "999101000"
    assert normalise("11010519491231002x") == "11010519491231002X"


async def test_a_raw_profile_is_not_for_everybody_and_its_sample_is_masked(market: Market) -> None:
    raw = await market.hospital_data()
    profile = f"/versions/{raw['version_id']}/profile"
    refused(await market.client("pty_buyer", "buyer").get(profile), 403, "profile-not-yours")
    assert ok(await market.operator.get(profile))["rows"] == 70
    sample = ok(await market.client("pty_buyer", "buyer").get(f"/datasets/{raw['dataset_id']}/sample"))
    assert sample["masked"] is True
    people = next(file for file in sample["files"] if file["name"] == "patients.csv")
    assert people["rows"][0][people["columns"].index("SSN")] == "999-99-9999"
    assert people["rows"][0][people["columns"].index("COUNTY")] == "某某某"


async def test_authorisations_have_terms(market: Market) -> None:
    client = market.body
    granting = {"operator_party_id": OPERATOR, "supplier_party_ids": [HOSPITAL], "scope": "x", "scenario": "x",
                "theme": "livelihood", "starts_on": "2030-02-28"}  # fmt: skip
    refused(await client.post("/authorisations", json={**granting, "ends_on": "2035-02-28"}), 422, "term-too-long")
    refused(await client.post("/authorisations", json={**granting, "ends_on": "2030-02-27"}), 422, "term-backwards")
    granted = ok(await client.post("/authorisations", json={**granting, "ends_on": "2035-02-27"}))
    assert granted["in_force"] is False
    supplying = {"operator_party_id": OPERATOR, "authorisation_id": granted["authorisation_id"]}
    dataset = await market.declare(market.hospital, source_kind="public_body")
    refused(await market.hospital.post(f"/datasets/{dataset['dataset_id']}:supply", json=supplying), 409,
            "authorisation-not-in-force")  # fmt: skip
    assert granted["implementing_body_id"] == BODY


async def test_a_ceiling_is_set_by_the_right_body_for_the_right_product(market: Market) -> None:
    governed = await _governed(market)
    product = await market.product(governed["dataset_id"])
    setting = {"product_id": product["product_id"], "ceiling_price_fen": 500, "unit": "call", "basis": "x"}
    own = f"/authorisations/{product['authorisation_id']}/ceiling-prices"
    stranger = market.client("pty_stranger", "implementing_body")
    refused(await stranger.post(own, json=setting), 404, "authorisation-not-found")
    refused(await market.operator.post(own, json=setting), 403, "role-missing")
    another = await market.authorise()
    refused(await market.body.post(f"/authorisations/{another['authorisation_id']}/ceiling-prices", json=setting), 409,
            "product-not-under-authorisation")  # fmt: skip
    for price in (0, -5, 1.5, "５００", 10**16):
        answer = await market.body.post(own, json={**setting, "ceiling_price_fen": price})
        refused(answer, 422, "invalid-fields")


def test_the_short_way_of_writing_a_number_is_the_long_one() -> None:
    for code in range(128):
        text = f"a{chr(code)}1"
        long_way = normalise(f"{text}中").removesuffix("中")
        assert normalise(text) == long_way
