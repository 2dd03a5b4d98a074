"""Each checker finds the violation it is for, planted into a live database and taken back again."""

import pytest
from sqlalchemy import text

from tests.catalog.conftest import Market, ok

PLANTED = {
    "C1": ["UPDATE versions SET manifest = replace(manifest, 'people', 'pe0ple')"],
    "C3": [
        "ALTER TABLE datasets DROP CONSTRAINT root_is_itself_or_of_sources",
        "UPDATE datasets SET lineage_root = id WHERE cardinality(source_dataset_ids) > 0",
    ],
    "C4": ["DELETE FROM supplies"],
    "C5": ["UPDATE ceiling_prices SET set_by = 'pty_else'"],
    "C6": ["UPDATE versions SET number = 3"],
    "C7": ["DELETE FROM outbox WHERE type LIKE '%VersionPublished'"],
    "C8": ["UPDATE products SET specification = replace(specification, 'SNOMED CT', 'NONE')"],
}


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


async def _found(market: Market, statements: list[str]) -> list[str]:
    """Which checkers complain after the statements; everything is taken back."""
    async with market.running.given.database.transaction() as conn:
        await conn.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await conn.execute(text(statement))
        found = [
            checker.promise for checker in market.running.service.checkers if await checker.find(conn)
        ]  # fmt: skip
        await conn.rollback()
    return found


async def test_each_planted_violation_is_found_by_its_checker(filled: Market) -> None:
    for promise, statements in PLANTED.items():
        assert await _found(filled, statements) == [promise]
    assert await filled.running.violations() == []


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
