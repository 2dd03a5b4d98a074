"""The bytes of files, in the object store, and at hand for a worker process."""

import asyncio
import codecs
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from pathlib import Path

from catalog.domain.manifest import File
from catalog.domain.refusals import FileEmpty, NoDirectUpload, WrongKindOfFile
from catalog.domain.upload import Upload
from catalog.ports import Invited
from kernel.objects import ObjectStore, TakesUploads, Watch

HEAD_BYTES = 4096
PIECE_BYTES = 1024 * 1024
IFC_HEAD, IFC_TAIL, PARQUET = b"ISO-10303-21;", b"END-ISO-10303-21;", b"PAR1"


class Shelves:
    """See ``ports.ByteStore``."""

    def __init__(self, objects: ObjectStore, scratch: Path) -> None:
        self._objects, self._scratch = objects, scratch

    async def keep(self, stream: AsyncIterator[bytes], name: str, *, limit_bytes: int) -> File:
        """See the port; the kind of the bytes is watched while they pass."""
        stored = await self._objects.put(_watched(stream, name), limit_bytes=limit_bytes)
        return File(name, stored.size, stored.sha256, stored.sm3, stored.part_sha256s)

    def need_direct(self) -> None:
        """See the port."""
        self._direct()

    def _direct(self) -> TakesUploads:
        if not isinstance(self._objects, TakesUploads):
            raise NoDirectUpload
        return self._objects

    def invite(self, upload: Upload, seconds: int) -> Invited:
        """See the port."""
        invitation = self._direct().invite(
            upload.id, size=upload.size, sha256=upload.sha256, media_type=upload.media_type,
            at=upload.opened_at.astimezone(UTC), seconds=seconds,
        )  # fmt: skip
        return Invited(upload, invitation, upload.opened_at + timedelta(seconds=seconds))

    async def admit(self, upload: Upload, watch: Watch) -> File:
        """See the port; the kind of the bytes is watched as when they are streamed here."""
        stored = await self._direct().admit(
            upload.id, lambda stream: _watched(watch(stream), upload.name), limit_bytes=upload.size
        )
        return File(upload.name, stored.size, stored.sha256, stored.sm3, stored.part_sha256s)

    async def discard(self, upload: Upload) -> None:
        """See the port."""
        await self._direct().discard(upload.id)

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """See the port."""
        return self._objects.open(sha256)

    async def exists(self, sha256: str) -> bool:
        """Whether the bytes are there."""
        return await self._objects.exists(sha256)

    @asynccontextmanager
    async def at_hand(self, digests: Mapping[str, str]) -> AsyncIterator[Mapping[str, Path]]:
        """See the port; a folder store's own files are read in place, others are fetched."""
        path_of: Callable[[str], Path] | None = getattr(self._objects, "path_of", None)
        async with self.folder() as folder:
            paths = {}
            for place, (name, sha256) in enumerate(digests.items()):
                if path_of is not None and await self._objects.exists(sha256):
                    paths[name] = path_of(sha256)
                else:
                    paths[name] = folder / str(place)
                    await self._objects.fetch(sha256, paths[name])
            yield paths

    @asynccontextmanager
    async def folder(self) -> AsyncIterator[Path]:
        """See the port."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._scratch))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def pieces(self, path: Path) -> AsyncIterator[bytes]:
        """See the port."""
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                yield piece


async def _watched(stream: AsyncIterator[bytes], name: str) -> AsyncIterator[bytes]:
    """Refuse an empty file, and bytes that are plainly not what the name says."""
    head, tail, size = b"", b"", 0
    decoder = codecs.getincrementaldecoder("utf-8")() if name.lower().endswith(".csv") else None
    async for piece in stream:
        if len(head) < HEAD_BYTES:
            head += piece[: HEAD_BYTES - len(head)]
        tail = (tail + piece)[-HEAD_BYTES:]
        size += len(piece)
        if decoder is not None:
            _take_text(decoder, piece, name)
        yield piece
    if not size:
        raise FileEmpty(name=name)
    if decoder is not None:
        _take_text(decoder, b"", name, final=True)
    _check_frame(head, tail, name)


def _take_text(decoder: codecs.IncrementalDecoder, piece: bytes, name: str, *, final: bool = False) -> None:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        raise WrongKindOfFile(name=name, why="a CSV file must be UTF-8") from error
    if b"\0" in piece:
        raise WrongKindOfFile(name=name, why="a CSV file holds no NUL bytes")


def _check_frame(head: bytes, tail: bytes, name: str) -> None:
    if name.lower().endswith(".ifc"):
        if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(IFC_HEAD):
            raise WrongKindOfFile(name=name, why="an IFC file begins with ISO-10303-21;")
        if IFC_TAIL not in tail:
            raise WrongKindOfFile(name=name, why="the IFC file is cut short: it lacks END-ISO-10303-21;")
    if name.lower().endswith(".parquet") and not (head.startswith(PARQUET) and tail.endswith(PARQUET)):
        raise WrongKindOfFile(name=name, why="a Parquet file begins and ends with PAR1")
    if name.lower().endswith(".csv") and head.startswith((IFC_HEAD, PARQUET, b"PK\x03\x04", b"%PDF", b"{", b"<")):
        raise WrongKindOfFile(name=name, why="the bytes are those of another kind of file")
