"""Links for one download, in PostgreSQL; their minute runs on machine time."""

from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from delivery.domain.files import FileLink
from delivery.domain.refusals import LinkAlreadyUsed, LinkExpired
from delivery.outbound.tables import file_links
from kernel.connection import Connection


class SqlFileLinks:
    """See ``ports.FileLinks``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def put(self, link: FileLink, lives_seconds: float) -> datetime:
        """See the port."""
        values = {
            "use_id": link.use_id, "token_sha256": link.token_sha256, "buyer_party_id": link.buyer_party_id,
            "file_name": link.file_name, "expires_at": func.now() + text(f"interval '{float(lives_seconds)} seconds'"),
        }  # fmt: skip
        fresh = insert(file_links).values(values)
        statement = fresh.on_conflict_do_update(
            index_elements=["use_id"],
            set_={"token_sha256": fresh.excluded.token_sha256, "expires_at": fresh.excluded.expires_at},
            where=file_links.c.opened_at.is_(None),
        ).returning(file_links.c.expires_at)
        expires_at: datetime | None = await self._conn.scalar(statement)
        if expires_at is None:
            raise LinkAlreadyUsed
        return expires_at

    async def find(self, token_sha256: str, buyer_party_id: str) -> FileLink | None:
        """See the port."""
        own = (file_links.c.token_sha256 == token_sha256, file_links.c.buyer_party_id == buyer_party_id)
        row = (await self._conn.execute(select(file_links).where(*own))).one_or_none()
        if row is None:
            return None
        return FileLink(
            row.token_sha256, row.use_id, row.buyer_party_id, row.file_name, row.expires_at, row.opened_at
        )  # fmt: skip

    async def open(self, token_sha256: str) -> None:
        """See the port."""
        own = file_links.c.token_sha256 == token_sha256
        fresh = (own, file_links.c.opened_at.is_(None), file_links.c.expires_at > func.now())
        if (await self._conn.execute(update(file_links).where(*fresh).values(opened_at=func.now()))).rowcount == 1:
            return
        opened = await self._conn.scalar(select(file_links.c.opened_at).where(own))
        raise LinkAlreadyUsed if opened else LinkExpired
