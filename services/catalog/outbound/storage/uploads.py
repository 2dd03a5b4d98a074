"""Upload tickets in PostgreSQL."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from catalog.domain.upload import Upload
from catalog.outbound.tables import uploads
from kernel.connection import Connection


class SqlUploads:
    """See ``ports.Uploads``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, upload: Upload) -> None:
        """See the port."""
        await self._conn.execute(insert(uploads).values(vars(upload)))

    async def get(self, upload_id: str) -> Upload | None:
        """See the port."""
        row = (await self._conn.execute(select(uploads).where(uploads.c.id == upload_id))).one_or_none()
        return _upload(row) if row else None

    async def older_than(self, seconds: int, limit: int) -> list[Upload]:
        """See the port."""
        is_over = uploads.c.opened_at < func.now() - timedelta(seconds=seconds)
        query = select(uploads).where(is_over).order_by(uploads.c.opened_at).limit(limit)
        return [_upload(row) for row in await self._conn.execute(query)]

    async def remove(self, upload_ids: Sequence[str]) -> None:
        """See the port."""
        await self._conn.execute(delete(uploads).where(uploads.c.id.in_(upload_ids)))


def _upload(row: Row[Any]) -> Upload:  # Any: a table's columns are typed by the table
    return Upload(row.id, row.version_id, row.party_id, row.name, row.size, row.sha256, row.media_type, row.opened_at)
