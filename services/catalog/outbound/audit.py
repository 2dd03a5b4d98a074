"""Catalog's checkers: what an auditor recomputes from the rows and the object store."""

import json
from collections.abc import Awaitable, Callable

from sqlalchemy import select

from catalog.domain.manifest import File, digest_of, manifest_of
from catalog.domain.specification import specification_of
from catalog.outbound.tables import products, version_files, versions
from kernel.audit import VIOLATIONS_SHOWN_MAX, Checker, none_of
from kernel.canonical import sha256_hex
from kernel.connection import Connection
from kernel.objects import ObjectMissing, ObjectStore
from kernel.refusals import Refusal

PLANTED = "tests/catalog/test_catalog_checkers.py::"
Finding = Callable[[Connection], Awaitable[list[str]]]


async def _manifests(conn: Connection) -> list[str]:
    """Write each manifest again from the rows of its files."""
    files: dict[str, list[File]] = {}
    for row in await conn.execute(select(version_files)):
        file = File(row.name, row.size, row.sha256, row.sm3, tuple(row.part_sha256s))
        files.setdefault(row.version_id, []).append(file)
    query = select(versions.c.id, versions.c.manifest, versions.c.digest).where(versions.c.state == "PUBLISHED")
    violations = []
    for row in await conn.execute(query):
        manifest = manifest_of(files.get(row.id, []))
        if manifest.decode() != row.manifest:
            violations.append(f"the manifest of {row.id} is not that of its files")
        elif digest_of(manifest) != row.digest:
            violations.append(f"the digest of {row.id} is not that of its manifest")
    return violations[:VIOLATIONS_SHOWN_MAX]


def _bytes(objects: ObjectStore) -> Finding:
    """Ask the store for the last byte of each file, and for none beyond it."""

    async def find(conn: Connection) -> list[str]:
        query = select(version_files.c.sha256, version_files.c.size, version_files.c.name).distinct()
        violations = []
        for row in (await conn.execute(query)).all():
            arrived = 0
            try:
                async for piece in objects.open(row.sha256, start=row.size - 1, length=2):
                    arrived += len(piece)
            except ObjectMissing:
                violations.append(f"the bytes of {row.name} ({row.sha256}) are missing")
                continue
            if arrived != 1:
                violations.append(f"the bytes of {row.name} ({row.sha256}) are not {row.size}")
        return violations[:VIOLATIONS_SHOWN_MAX]

    return find


async def _specifications(conn: Connection) -> list[str]:
    violations = []
    for row in await conn.execute(select(products.c.id, products.c.specification, products.c.specification_digest)):
        if sha256_hex(row.specification.encode()) != row.specification_digest:
            violations.append(f"the digest of {row.id} is not that of its specification")
            continue
        try:
            specification_of(json.loads(row.specification))
        except Refusal as refusal:
            violations.append(f"the specification of {row.id} is none: {refusal.facts}")
    return violations[:VIOLATIONS_SHOWN_MAX]


ROOTS = """
    SELECT d.id, d.lineage_root, s.id AS source, s.lineage_root AS source_root
    FROM datasets d CROSS JOIN LATERAL unnest(d.source_dataset_ids) AS named(id)
    LEFT JOIN datasets s ON s.id = named.id
    WHERE s.lineage_root IS DISTINCT FROM d.lineage_root"""
SUPPLIES = """
    SELECT r.id AS derivation, d.id AS dataset, r.operator_party_id
    FROM derivations r CROSS JOIN LATERAL unnest(r.source_version_ids) AS named(id)
    JOIN versions v ON v.id = named.id JOIN datasets d ON d.id = v.dataset_id
    WHERE d.owner_party_id <> r.operator_party_id AND NOT EXISTS (
        SELECT FROM supplies s JOIN authorisations a ON a.id = s.authorisation_id
        WHERE s.dataset_id = d.id AND s.operator_party_id = r.operator_party_id AND s.supplied_at <= r.asked_at
        AND a.operator_party_id = r.operator_party_id AND d.owner_party_id = ANY(a.supplier_party_ids)
        AND (r.asked_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN a.starts_on AND a.ends_on
        AND (a.ended_at IS NULL OR a.ended_at >= r.asked_at))"""
CEILINGS = """
    SELECT c.id, c.set_by, a.implementing_body_id, d.authorisation_id
    FROM ceiling_prices c JOIN authorisations a ON a.id = c.authorisation_id
    JOIN products p ON p.id = c.product_id JOIN datasets d ON d.id = p.dataset_id
    WHERE c.set_by <> a.implementing_body_id OR d.authorisation_id <> a.id"""
NEWEST = """
    SELECT d.id, d.latest_version_id, newest.id AS newest, newest.number, newest.published
    FROM datasets d LEFT JOIN LATERAL (
        SELECT v.id, v.number, count(*) OVER () AS published FROM versions v
        WHERE v.dataset_id = d.id AND v.state = 'PUBLISHED' ORDER BY v.number DESC LIMIT 1) newest ON true
    WHERE d.latest_version_id <> COALESCE(newest.id, '') OR newest.number <> newest.published"""
TOLD = """
    SELECT v.id, v.dataset_id FROM versions v WHERE v.state = 'PUBLISHED' AND (
        SELECT count(*) FROM outbox o WHERE o.aggregate_id = v.dataset_id
        AND o.type = 'yaosu.catalog.v1.VersionPublished'
        AND position(convert_to(v.id, 'UTF8') IN o.payload) > 0) <> 1"""


def checkers(objects: ObjectStore) -> list[Checker]:
    """All of catalog's."""
    return [
        Checker("C1", "Every published manifest is that of its files, and its digest is its SHA-256.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", _manifests),
        Checker("C2", "The bytes of every stored file are in the object store, in their size.",
                PLANTED + "test_lost_and_shortened_bytes_are_found", _bytes(objects)),
        Checker("C3", "A derived dataset has the lineage root of each of its sources.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", none_of(ROOTS)),
        Checker("C4", "Every derivation uses its operator's own data, or data supplied under a valid authorisation.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", none_of(SUPPLIES)),
        Checker("C5", "Every ceiling price was set by the body that authorised the product's dataset.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", none_of(CEILINGS)),
        Checker("C6", "Published versions are numbered without gaps, and each dataset names its newest.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", none_of(NEWEST)),
        Checker("C7", "Each published version was told exactly once.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", none_of(TOLD)),
        Checker("C8", "Every product's specification says only known words and has its digest.",
                PLANTED + "test_each_planted_violation_is_found_by_its_checker", _specifications),
    ]  # fmt: skip
