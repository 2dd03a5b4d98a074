"""The object store as a port, and its folder form: content-addressed files, written whole or not at all."""

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from kernel.crash_points import reached
from kernel.refusals import NotFound, TooLarge, Unavailable

PART_BYTES = 8 * 1024 * 1024
READ_BYTES = 1024 * 1024
# Where bytes wait in a bucket until they are whole; a day's rule may clear it.
QUARANTINE = "quarantine"


class ObjectTooLarge(TooLarge):
    """The file is larger than what is taken here. Split it, or send a smaller one; `limit_bytes` says how much fits."""

    zh = "文件超过允许的大小。请拆分或改传较小的文件，上限见 limit_bytes。"


class ObjectMissing(NotFound):
    """The bytes are not in the store. Tell the operator: what was acknowledged must be there."""

    zh = "存储中没有这些数据。请告知运营方：已确认的数据应当存在。"


class ObjectDamaged(Unavailable):
    """The store gives other bytes than were kept. Tell the operator: a copy from a backup has to take their place."""

    zh = "存储返回的数据与所保存的不一致。请告知运营方用备份恢复。"


@dataclass(frozen=True)
class Stored:
    """What was kept: digests in lower-case hex; one SHA-256 for each part of 8 MiB."""

    sha256: str
    sm3: str
    size: int
    part_sha256s: tuple[str, ...]


class ObjectStore(Protocol):
    """Bytes by their SHA-256."""

    async def put(self, stream: AsyncIterator[bytes], *, limit_bytes: int) -> Stored:
        """Keep the bytes; nothing is left behind when it fails. Same bytes twice are kept once."""

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes, or a range of them, in pieces of at most 1 MiB."""

    async def exists(self, sha256: str) -> bool:
        """Whether the bytes are there."""

    async def fetch(self, sha256: str, to: Path) -> None:
        """Write the bytes to a file of one's own."""


Watch = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]


@dataclass(frozen=True)
class Invitation:
    """Where to send bytes, and with which headers; whoever has the address may, so it is shown to nobody else."""

    url: str = field(repr=False)
    headers: Mapping[str, str]


@runtime_checkable
class TakesUploads(Protocol):
    """A store to which clients bring bytes themselves, into quarantine, by the name of a place."""

    def invite(self, place: str, *, size: int, sha256: str, media_type: str, at: datetime, seconds: int) -> Invitation:
        """An address for exactly so many bytes of this digest and kind, sent within so many seconds of ``at`` (UTC)."""

    async def admit(self, place: str, watch: Watch, *, limit_bytes: int) -> Stored:
        """Keep what was brought to the place, once it has passed the watch; ``ObjectMissing`` when nothing was."""

    async def discard(self, place: str) -> None:
        """Remove what was brought to the place, if anything was."""


class Digests:
    """All digests of a stream, taken as its pieces pass."""

    def __init__(self) -> None:
        self._sha256, self._sm3 = hashlib.sha256(), hashlib.new("sm3")
        self._part, self._in_part, self.size = hashlib.sha256(), 0, 0
        self._parts: list[str] = []

    def update(self, piece: bytes) -> None:
        """The next piece."""
        self._sha256.update(piece)
        self._sm3.update(piece)
        self.size += len(piece)
        view = memoryview(piece)
        while view:
            taken = view[: PART_BYTES - self._in_part]
            self._part.update(taken)
            self._in_part += len(taken)
            view = view[len(taken) :]
            if self._in_part == PART_BYTES:
                self._close_part()

    def _close_part(self) -> None:
        self._parts.append(self._part.hexdigest())
        self._part, self._in_part = hashlib.sha256(), 0

    def stored(self) -> Stored:
        """What they come to at the end."""
        if self._in_part or not self._parts:
            self._close_part()
        return Stored(self._sha256.hexdigest(), self._sm3.hexdigest(), self.size, tuple(self._parts))


class FolderStore:
    """A folder; an object's path comes from its digest, and a file appears there only when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "incoming").mkdir(parents=True, exist_ok=True)

    def path_of(self, sha256: str) -> Path:
        """Where the bytes of this digest lie, if they are there."""
        return self._folder / sha256[:2] / sha256

    async def put(self, stream: AsyncIterator[bytes], *, limit_bytes: int) -> Stored:
        """See ``ObjectStore``."""
        incoming = self._folder / "incoming" / secrets.token_hex(16)
        digests = Digests()
        try:
            with incoming.open("wb") as file:
                async for piece in stream:
                    if digests.size + len(piece) > limit_bytes:
                        raise ObjectTooLarge(limit_bytes=limit_bytes)
                    await asyncio.to_thread(_take, file.write, digests, piece)
                await asyncio.to_thread(_flush, file.fileno(), file.flush)
            stored = digests.stored()
            reached("objects.after_incoming")
            await asyncio.to_thread(self._place, incoming, stored.sha256)
            reached("objects.after_placed")
        finally:
            incoming.unlink(missing_ok=True)
        return stored

    def _place(self, incoming: Path, sha256: str) -> None:
        final = self.path_of(sha256)
        final.parent.mkdir(exist_ok=True)
        incoming.rename(final)
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """See ``ObjectStore``."""
        path = self.path_of(sha256)
        if not path.is_file():
            raise ObjectMissing(sha256=sha256)
        left = length if length is not None else path.stat().st_size - start
        with path.open("rb") as file:
            file.seek(start)
            while left > 0 and (piece := await asyncio.to_thread(file.read, min(READ_BYTES, left))):
                left -= len(piece)
                yield piece

    async def exists(self, sha256: str) -> bool:
        """See ``ObjectStore``."""
        return self.path_of(sha256).is_file()

    async def fetch(self, sha256: str, to: Path) -> None:
        """See ``ObjectStore``."""
        if not await self.exists(sha256):
            raise ObjectMissing(sha256=sha256)
        await asyncio.to_thread(shutil.copyfile, self.path_of(sha256), to)


def _take(write: Callable[[bytes], int], digests: Digests, piece: bytes) -> None:
    write(piece)
    digests.update(piece)


def _flush(descriptor: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(descriptor)
