"""What a room is loaded from: files verified against the manifest as they stream, and the index of subjects."""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BufferedWriter
from pathlib import Path

from delivery.domain.files import ManifestFile
from delivery.domain.refusals import BytesNotAsPublished
from delivery.ports import Catalog

INDEX_SECONDS_MAX = 600


class Stores:
    """Delivery's own folder of files, by their SHA-256; nobody else writes there, and each is verified at each load."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder, self._catalog = folder, catalog
        for left in folder.glob("index.*"):  # of a process that was killed while it loaded
            if time.time() - left.stat().st_mtime > INDEX_SECONDS_MAX:
                left.unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / name

    async def file(self, version_id: str, file: ManifestFile) -> Path:
        """The file's path, its bytes verified just now."""
        kept = self._place(file.sha256)
        if kept.is_file() and await asyncio.to_thread(_sha256_of, kept) == file.sha256:
            return kept
        coming = self._place(f"{file.sha256}.{secrets.token_hex(8)}")
        try:
            await self._stream(version_id, file, coming)
            coming.rename(kept)
        finally:
            coming.unlink(missing_ok=True)
        return kept

    async def _stream(self, version_id: str, file: ManifestFile, to: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with _open_private(to) as sink:
            async for piece in self._catalog.read_file(version_id, file.name):
                size += len(piece)
                if size > file.size:
                    break
                digest.update(piece)
                await asyncio.to_thread(sink.write, piece)
        if size != file.size or digest.hexdigest() != file.sha256:
            raise BytesNotAsPublished(version_id=version_id, file_name=file.name)

    @asynccontextmanager
    async def index(self, version_id: str, contract_key: bytes) -> AsyncIterator[Path]:
        """The index of subjects as a file that is gone after the block: row token, subject token, pseudonym."""
        path = self._place(f"index.{secrets.token_hex(16)}")
        try:
            with _open_private(path) as sink:
                async for batch in self._catalog.index_subjects(version_id, contract_key):
                    lines = "".join(f"{row},{subject},{person}\n" for row, subject, person in batch)
                    if lines.count(",") != 2 * len(batch) or lines.count("\n") != len(batch) or '"' in lines:
                        raise BytesNotAsPublished(version_id=version_id)
                    sink.write(lines.encode())
            yield path
        finally:
            path.unlink(missing_ok=True)


def _open_private(path: Path) -> BufferedWriter:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
