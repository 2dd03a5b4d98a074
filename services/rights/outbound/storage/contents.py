"""What versions consist of, the lineages of assets, and reports."""

import json
from collections.abc import Sequence

from sqlalchemy import or_, select, text

from kernel.connection import Connection
from rights.domain.refusals import ReportNotFound
from rights.domain.reports import Report
from rights.outbound import tables
from rights.outbound.storage.rows import SqlRows
from rights.ports import Asset, Content, Likeness


class SqlContents:
    """See ``ports.Contents``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def keep(self, content: Content) -> None:
        """Remember a version; once."""
        await self._conn.execute(_KEEP, {
            "version_id": content.version_id, "dataset_id": content.dataset_id, "lineage_root": content.lineage_root,
            "file_sha256s": list(content.file_sha256s), "sketch": json.dumps(dict(content.sketch)),
            "marks": list(content.marks),
        })  # fmt: skip

    async def is_registered(self, lineage_root: str) -> bool:
        """Whether something of this lineage is registered or being registered."""
        return bool(await self._conn.scalar(_REGISTERED_LINEAGE, {"lineage_root": lineage_root}))

    async def like(self, content: Content) -> Sequence[Likeness]:
        """Versions in registered lineages other than its own that share bytes or marks with it."""
        rows = await self._conn.execute(_LIKE, {
            "lineage_root": content.lineage_root, "files": list(content.file_sha256s), "marks": list(content.marks),
        })  # fmt: skip
        return [
            Likeness(
                row.version_id, row.lineage_root, row.registration_id, row.registered, row.same_bytes, row.encumbered,
                row.sketch if isinstance(row.sketch, dict) else json.loads(row.sketch),
            )
            for row in rows
        ]  # fmt: skip


class SqlAssets:
    """See ``ports.Assets``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def find(self, asset_id: str) -> Asset | None:
        """By dataset or product id."""
        row = (await self._conn.execute(_ASSET, {"asset_id": asset_id})).mappings().one_or_none()
        return None if row is None else Asset(**row)

    async def keep(self, asset: Asset) -> None:
        """Remember it."""
        await self._conn.execute(_KEEP_ASSET, {**vars(asset), "asset_id": asset.product_id or asset.dataset_id})


class SqlReports(SqlRows[Report]):
    """See ``ports.Reports``."""

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn, tables.reports, Report, ReportNotFound)

    async def of(self, dataset_id: str, product_id: str, kind: str = "") -> Sequence[Report]:
        """The reports on a product and on its dataset, the newest first; those on a product say nothing of others."""
        columns = self._table.c
        query = (
            select(self._table)
            .where(columns.dataset_id == dataset_id)
            .where(or_(columns.product_id == "", columns.product_id == product_id))
            .order_by(columns.issued_at.desc(), columns.report_id.desc())
            .limit(200)
        )
        if kind:
            query = query.where(columns.kind == kind)
        return [self._aggregate(dict(row)) for row in (await self._conn.execute(query)).mappings()]


# A lineage counts as registered from the submission on, until nothing of it is open or stands.
_OPEN = """
    r.state NOT IN ('DRAFT', 'REFUSED', 'WITHDRAWN', 'LAPSED')
    AND NOT EXISTS (SELECT FROM certificates c WHERE c.registration_id = r.registration_id
                    AND c.state IN ('CANCELLED', 'TRANSFERRED'))"""
_REGISTERED_LINEAGE = text(f"""
    SELECT EXISTS (SELECT FROM registrations r WHERE r.lineage_root = :lineage_root AND {_OPEN})""")  # noqa: S608 - a constant
_LIKE = text(f"""
    SELECT c.version_id, c.lineage_root, c.sketch, of_root.registration_id,
           EXISTS (SELECT FROM registrations r WHERE r.version_id = c.version_id AND {_OPEN}) AS registered,
           c.file_sha256s && CAST(:files AS text[]) AS same_bytes,
           EXISTS (SELECT FROM encumbrances e WHERE e.lineage_root = c.lineage_root
                   AND e.state IN ('RESERVED', 'ACTIVE')) AS encumbered
    FROM contents c,
    LATERAL (SELECT min(r.registration_id) AS registration_id FROM registrations r
             WHERE r.lineage_root = c.lineage_root AND {_OPEN}) of_root
    WHERE c.lineage_root <> :lineage_root AND of_root.registration_id IS NOT NULL
      AND (c.file_sha256s && CAST(:files AS text[]) OR c.marks && CAST(:marks AS text[]))""")  # noqa: S608 - a constant
_KEEP = text("""
    INSERT INTO contents (version_id, dataset_id, lineage_root, file_sha256s, sketch, marks)
    VALUES (:version_id, :dataset_id, :lineage_root, CAST(:file_sha256s AS text[]), CAST(:sketch AS jsonb),
            CAST(:marks AS text[]))
    ON CONFLICT DO NOTHING""")
_ASSET = text("SELECT dataset_id, product_id, lineage_root, owner_party_id FROM assets WHERE asset_id = :asset_id")
_KEEP_ASSET = text("""
    INSERT INTO assets (asset_id, dataset_id, product_id, lineage_root, owner_party_id)
    VALUES (:asset_id, :dataset_id, :product_id, :lineage_root, :owner_party_id) ON CONFLICT DO NOTHING""")
