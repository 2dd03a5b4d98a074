"""The object store on any S3: bytes wait in quarantine and are copied under their digest once they are whole."""

import asyncio
import contextlib
import hashlib
import io
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import unquote, urlsplit

import structlog
import urllib3
from minio import Minio
from minio.commonconfig import ComposeSource, CopySource
from minio.error import MinioException, S3Error

from kernel.crash_points import reached
from kernel.objects import PART_BYTES, QUARANTINE, READ_BYTES, ObjectDamaged, ObjectMissing, ObjectTooLarge, Stored
from kernel.refusals import Unavailable
from kernel.s3_pipe import Pipe

COPY_BYTES_MAX = 5 * 1024**3  # more than that S3 copies only in parts
PARALLEL_PARTS = 2
THREADS = 32  # for calls that end by themselves
UPLOADS_MAX = 64  # at once; each holds a thread as long as its client takes
CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
MISSING = {"NoSuchKey", "NoSuchBucket"}
REGION = "us-east-1"  # asked for by signatures; stores that have no regions take this one
Result = TypeVar("Result")
log = structlog.get_logger()


class ObjectStoreAway(Unavailable):
    """The object store does not answer. Nothing was kept; try again with the same Idempotency-Key."""

    zh = "对象存储没有响应，未保存任何内容。请使用相同的 Idempotency-Key 重试。"


@dataclass(frozen=True)
class S3Address:
    """Where a bucket is and who asks; the secret stays out of ``repr``."""

    host: str
    bucket: str
    key: str
    secret: str = field(repr=False)
    is_secure: bool

    @classmethod
    def of(cls, url: str) -> "S3Address":
        """Read ``http(s)://KEY:SECRET@HOST:PORT/BUCKET``; raises ``ValueError`` for anything else."""
        parts = urlsplit(url)
        bucket = parts.path.strip("/")
        if parts.scheme not in {"http", "https"} or not (parts.hostname and parts.username and parts.password):
            message = "it is no http(s)://KEY:SECRET@HOST:PORT/BUCKET"
            raise ValueError(message)
        if not bucket or "/" in bucket:
            message = "it names no bucket"
            raise ValueError(message)
        host = parts.netloc.rpartition("@")[2]
        return cls(host, bucket, unquote(parts.username), unquote(parts.password), parts.scheme == "https")


class S3Store:
    """One service's part of a bucket: ``<service>/<2 hex>/<sha256>`` and ``quarantine/<service>/``."""

    def __init__(self, address: S3Address, service: str) -> None:
        self._bucket, self._service = address.bucket, service
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), maxsize=THREADS + UPLOADS_MAX,
            retries=urllib3.Retry(total=2, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504]),
        )  # fmt: skip
        self._client = Minio(
            address.host, address.key, address.secret, secure=address.is_secure, region=REGION, http_client=pool
        )
        self._calls = ThreadPoolExecutor(THREADS, thread_name_prefix=f"s3-{service}")
        self._uploads = ThreadPoolExecutor(UPLOADS_MAX, thread_name_prefix=f"s3-{service}-upload")
        self._bucket_is_there = False

    def name_of(self, sha256: str) -> str:
        """Under which name the bytes of this digest are kept."""
        return f"{self._service}/{sha256[:2]}/{sha256}"

    async def put(self, stream: AsyncIterator[bytes], *, limit_bytes: int) -> Stored:
        """See ``ObjectStore``; in memory are a few parts of 8 MiB at most."""
        incoming = f"{QUARANTINE}/{self._service}/{secrets.token_hex(16)}"
        try:
            stored = await self._receive(stream, incoming, limit_bytes)
            reached("objects.after_incoming")
            await self._in_thread(self._place, incoming, stored)
            reached("objects.after_placed")
        finally:
            await self._forget_surely(incoming)
        return stored

    async def _receive(self, stream: AsyncIterator[bytes], incoming: str, limit_bytes: int) -> Stored:
        pipe = Pipe(asyncio.get_running_loop())
        sending = asyncio.ensure_future(self._in_thread(self._send, incoming, pipe, by=self._uploads))
        sending.add_done_callback(pipe.is_read_no_more)
        try:
            async for piece in _limited(stream, limit_bytes):
                if not await pipe.put(piece):
                    break
            pipe.end()
            await asyncio.shield(sending)
        except BaseException:
            pipe.break_off()
            with contextlib.suppress(Exception):  # it ends by what was put into the pipe
                await asyncio.shield(sending)
            raise
        return pipe.digests.stored()

    def _send(self, incoming: str, pipe: Pipe) -> None:
        self._make_bucket()
        whole = cast("BinaryIO", pipe)  # the client only reads
        self._client.put_object(
            self._bucket, incoming, whole, length=-1, part_size=PART_BYTES, num_parallel_uploads=PARALLEL_PARTS
        )

    def _make_bucket(self) -> None:
        """Once; whoever may not is told by the first write whether there is one."""
        if not self._bucket_is_there:
            with contextlib.suppress(S3Error):
                if not self._client.bucket_exists(self._bucket):
                    self._client.make_bucket(self._bucket)
            self._bucket_is_there = True

    def _place(self, incoming: str, stored: Stored) -> None:
        final = self.name_of(stored.sha256)
        if self._size_of(final) == stored.size:
            return
        if stored.size > COPY_BYTES_MAX:
            self._client.compose_object(self._bucket, final, [ComposeSource(self._bucket, incoming)])
        else:
            self._client.copy_object(self._bucket, final, CopySource(self._bucket, incoming))
        if self._size_of(final) != stored.size:
            raise ObjectDamaged(sha256=stored.sha256)

    def _size_of(self, name: str) -> int | None:
        try:
            return self._client.stat_object(self._bucket, name).size
        except S3Error as error:
            if error.code in MISSING:
                return None
            raise

    async def _forget_surely(self, incoming: str) -> None:
        """Also for a client that went away."""
        await asyncio.shield(self._forget(incoming))

    async def _forget(self, incoming: str) -> None:
        """What cannot be removed now is left to the rule that empties the quarantine."""
        try:
            await self._in_thread(self._client.remove_object, self._bucket, incoming)
        except ObjectStoreAway as error:
            log.warning("left in quarantine", service=self._service, name=incoming, error=str(error.__cause__))

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """See ``ObjectStore``."""
        response = await self._in_thread(self._asked, sha256, start, length)
        try:
            while piece := await self._in_thread(response.read, READ_BYTES):
                yield piece
        finally:
            response.close()
            response.release_conn()

    def _asked(
        self, sha256: str, start: int = 0, length: int | None = None
    ) -> Any:  # Any: urllib3's answer, or nothing
        name = self.name_of(sha256)
        if start or length == 0:
            size = self._size_of(name)  # a range past the end is an error to S3, and an empty piece of a file to us
            if size is None:
                raise ObjectMissing(sha256=sha256)
            if length == 0 or start >= size:
                return _Nothing()
        try:
            return self._client.get_object(self._bucket, name, offset=start, length=length or 0)
        except S3Error as error:
            if error.code in MISSING:
                raise ObjectMissing(sha256=sha256) from error
            raise

    async def exists(self, sha256: str) -> bool:
        """See ``ObjectStore``."""
        return await self._in_thread(self._size_of, self.name_of(sha256)) is not None

    async def fetch(self, sha256: str, to: Path) -> None:
        """See ``ObjectStore``; what is not what the digest says is not left there."""
        await self._in_thread(self._fetch, sha256, to)

    def _fetch(self, sha256: str, to: Path) -> None:
        response, digest = self._asked(sha256), hashlib.sha256()
        try:
            with to.open("wb") as file:
                while piece := response.read(READ_BYTES):
                    digest.update(piece)
                    file.write(piece)
        finally:
            response.close()
            response.release_conn()
        if digest.hexdigest() != sha256:
            to.unlink()
            raise ObjectDamaged(sha256=sha256)

    async def _in_thread(self, work: Callable[..., Result], *arguments: object, by: Executor | None = None) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(by or self._calls, partial(work, *arguments))
        except (urllib3.exceptions.HTTPError, MinioException) as error:
            log.warning("object store", service=self._service, error=f"{type(error).__name__}: {error}")
            raise ObjectStoreAway from error


async def _limited(stream: AsyncIterator[bytes], limit_bytes: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in stream:
        size += len(piece)
        if size > limit_bytes:
            raise ObjectTooLarge(limit_bytes=limit_bytes)
        yield piece


class _Nothing(io.BytesIO):
    """An answer without bytes."""

    def release_conn(self) -> None:
        """There is no connection."""
