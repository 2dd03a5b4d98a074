"""Versions, their files and what was seen in them, in PostgreSQL."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy import insert as insert_row
from sqlalchemy.dialects.postgresql import insert

from catalog.domain.manifest import File
from catalog.domain.refusals import VersionNotFound
from catalog.domain.version import Version, VersionState
from catalog.outbound.tables import version_files, versions
from catalog.ports import Look
from kernel.canonical import canonical
from kernel.connection import Connection
from kernel.storage import change

# Profile, sketch and sample are large, and read only where they are wanted.
_PLAIN = [column for column in versions.c if column.name not in {"profile", "sketch", "sample"}]
_UNFINISHED = (VersionState.DERIVING, VersionState.PROFILING)


class SqlVersions:
    """See ``ports.Versions``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, version: Version) -> None:
        """See the port."""
        values = {key: value for key, value in vars(version).items() if key != "files"}
        await self._conn.execute(insert_row(versions).values({**values, "announced": list(version.announced)}))

    async def get(self, version_id: str, *, hold: bool = False) -> Version:
        """See the port."""
        query = select(*_PLAIN).where(versions.c.id == version_id)
        row = (await self._conn.execute(query.with_for_update() if hold else query)).one_or_none()
        if row is None:
            raise VersionNotFound(version_id=version_id)
        return (await self._whole([row]))[0]

    async def add_file(self, version_id: str, file: File) -> None:
        """See the port."""
        values = {**vars(file), "part_sha256s": list(file.part_sha256s)}
        place = [version_files.c.version_id, version_files.c.name]
        statement = insert(version_files).values(version_id=version_id, **values)
        await self._conn.execute(statement.on_conflict_do_update(index_elements=place, set_=values))

    async def save(self, version: Version) -> None:
        """See the port."""
        values = {
            "state": version.state, "number": version.number, "manifest": version.manifest, "digest": version.digest,
            "refusal": version.refusal, "attempts": version.attempts, "published_at": version.published_at,
        }  # fmt: skip
        await change(self._conn, versions, key={"id": version.id}, version=version.version, values=values)

    async def keep_look(self, version_id: str, look: Look) -> None:
        """See the port; RFC 8785 text, so that the same bytes have the same profile."""
        values = {
            "profile": canonical(look.profile).decode(), "sketch": canonical(look.sketch).decode(),
            "sample": canonical(look.sample).decode(),
        }  # fmt: skip
        await self._conn.execute(update(versions).where(versions.c.id == version_id).values(values))

    async def look(self, version_id: str) -> Look:
        """See the port."""
        query = select(versions.c.profile, versions.c.sketch, versions.c.sample).where(versions.c.id == version_id)
        row = (await self._conn.execute(query)).one_or_none()
        if row is None or row.profile is None:
            raise VersionNotFound(version_id=version_id)
        return Look(json.loads(row.profile), json.loads(row.sketch), json.loads(row.sample))

    async def page(self, dataset_id: str, limit: int, after: str, *, published_only: bool) -> list[Version]:
        """See the port."""
        query = select(*_PLAIN).where(versions.c.dataset_id == dataset_id).order_by(versions.c.id.desc()).limit(limit)
        if published_only:
            query = query.where(versions.c.state == VersionState.PUBLISHED)
        if after:
            query = query.where(versions.c.id < after)
        return await self._whole((await self._conn.execute(query)).all())

    async def count_published(self, dataset_id: str) -> int:
        """See the port."""
        is_its = versions.c.dataset_id == dataset_id
        query = select(func.count()).where(is_its, versions.c.state == VersionState.PUBLISHED)
        return int(await self._conn.scalar(query) or 0)

    async def unfinished(self, limit: int) -> list[Version]:
        """See the port."""
        query = select(*_PLAIN).where(versions.c.state.in_(_UNFINISHED)).order_by(versions.c.opened_at).limit(limit)
        return await self._whole((await self._conn.execute(query)).all())

    async def _whole(self, rows: Sequence[Row[Any]]) -> list[Version]:  # Any: a table's columns are typed by the table
        found: dict[str, list[File]] = {row.id: [] for row in rows}
        query = select(version_files).where(version_files.c.version_id.in_(found)).order_by(version_files.c.name)
        for file in await self._conn.execute(query):
            found[file.version_id].append(File(file.name, file.size, file.sha256, file.sm3, tuple(file.part_sha256s)))
        return [_version(row, tuple(found[row.id])) for row in rows]


def _version(row: Row[Any], files: tuple[File, ...]) -> Version:  # Any: as above
    return Version(
        id=row.id, dataset_id=row.dataset_id, state=VersionState(row.state), announced=tuple(row.announced),
        files=files, opened_at=row.opened_at, number=row.number, manifest=row.manifest, digest=row.digest,
        refusal=row.refusal, attempts=row.attempts, published_at=row.published_at, version=row.version,
    )  # fmt: skip
