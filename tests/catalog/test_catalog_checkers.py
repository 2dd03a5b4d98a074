"""Each checker finds the violation it is for, planted into a live database."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.catalog.conftest import Market, ok

UNGUARDED = "SET session_replication_role = replica"


@pytest.fixture
async def filled(market: Market) -> Market:
    """A market with a product under a ceiling, and nothing wrong."""
    raw = await market.hospital_data()
    derivation = await market.derive(raw["version_id"])
    product = await market.product(derivation["dataset_id"])
    ceiling = {"product_id": product["product_id"], "ceiling_price_fen": 500, "unit": "call", "basis": "x"}
    ok(await market.body.post(f"/authorisations/{product['authorisation_id']}/ceiling-prices", json=ceiling))
    assert await market.running.violations() == []
    return market


async def _plant(market: Market, *statements: str) -> list[str]:
    async with market.running.given.database.transaction() as conn:
        await conn.execute(text(UNGUARDED))
        for statement in statements:
            changed: Any = await conn.execute(text(statement))
            assert changed.rowcount > 0
        await conn.execute(text("SET session_replication_role = DEFAULT"))
    return sorted({line[:2] for line in await market.running.violations()})


async def test_an_edited_manifest_is_found(filled: Market) -> None:
    assert await _plant(filled, "UPDATE versions SET manifest = replace(manifest, 'people', 'pe0ple')") == ["C1"]


async def test_lost_and_shortened_bytes_are_found(filled: Market) -> None:
    async with filled.running.given.database.transaction() as conn:
        rows = (await conn.execute(text("SELECT DISTINCT sha256 FROM version_files ORDER BY 1"))).all()
    path_of = filled.running.given.objects.path_of  # type: ignore[attr-defined]  # the folder store's
    path_of(rows[0].sha256).unlink()
    path = path_of(rows[1].sha256)
    path.write_bytes(path.read_bytes()[:-1])
    found = await filled.running.violations()
    assert len(found) == 2
    assert all(line.startswith("C2") for line in found)


async def test_a_derived_dataset_of_another_root_is_found(filled: Market) -> None:
    dropped = "ALTER TABLE datasets DROP CONSTRAINT root_is_itself_or_of_sources"
    async with filled.running.given.database.transaction() as conn:
        await conn.execute(text(dropped))
    planted = "UPDATE datasets SET lineage_root = id WHERE cardinality(source_dataset_ids) > 0"
    assert await _plant(filled, planted) == ["C3"]


async def test_a_derivation_without_supply_is_found(filled: Market) -> None:
    assert await _plant(filled, "DELETE FROM supplies") == ["C4"]


async def test_a_ceiling_by_another_body_is_found(filled: Market) -> None:
    assert await _plant(filled, "UPDATE ceiling_prices SET set_by = 'pty_else'") == ["C5"]


async def test_a_gap_in_the_numbers_is_found(filled: Market) -> None:
    assert await _plant(filled, "UPDATE versions SET number = 3") == ["C6"]


async def test_an_untold_version_is_found(filled: Market) -> None:
    assert await _plant(filled, "DELETE FROM outbox WHERE type LIKE '%VersionPublished'") == ["C7"]


async def test_an_edited_specification_is_found(filled: Market) -> None:
    planted = "UPDATE products SET specification = replace(specification, 'SNOMED CT', 'NONE')"
    assert await _plant(filled, planted) == ["C8"]
