"""Bytes that a client brings to the bucket itself: invited by a signed address, taken over once they are looked at."""

import base64
import secrets
from collections.abc import AsyncIterator
from datetime import datetime

from minio.commonconfig import CopySource
from minio.error import S3Error

from kernel.objects import QUARANTINE, READ_BYTES, Digests, Invitation, ObjectMissing, ObjectTooLarge, Stored, Watch
from kernel.s3_presigned import presigned_put
from kernel.s3_store import MISSING, REGION, S3Address, S3Store


class S3Uploads(S3Store):
    """A store to which clients may bring bytes; see ``objects.TakesUploads``."""

    def __init__(self, address: S3Address, service: str, public: str = "") -> None:
        super().__init__(address, service)
        self._address = address
        self._public = public.rstrip("/") or f"{'https' if address.is_secure else 'http'}://{address.host}"

    def _brought(self, place: str) -> str:
        return f"{QUARANTINE}/{self._service}/{place}"

    def invite(self, place: str, *, size: int, sha256: str, media_type: str, at: datetime, seconds: int) -> Invitation:
        """See ``TakesUploads``."""
        headers = {
            "Content-Length": str(size), "Content-Type": media_type,
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
        }  # fmt: skip
        url = presigned_put(
            self._public, f"/{self._bucket}/{self._brought(place)}", headers, key=self._address.key,
            secret=self._address.secret, region=REGION, at=at, seconds=seconds,
        )  # fmt: skip
        return Invitation(url, headers)

    async def admit(self, place: str, watch: Watch, *, limit_bytes: int) -> Stored:
        """See ``TakesUploads``; the client's address may still be good, so the bytes are read from a copy of ours."""
        incoming = self._brought(secrets.token_hex(16))
        try:
            await self._in_thread(self._set_apart, self._brought(place), incoming, limit_bytes)
            digests = Digests()
            async for piece in watch(self._read(incoming)):
                await self._in_thread(digests.update, piece)
            stored = digests.stored()
            await self._in_thread(self._place, incoming, stored)
        finally:
            await self._forget_surely(incoming)
        return stored

    def _set_apart(self, brought: str, incoming: str, limit_bytes: int) -> None:
        try:
            size = self._client.stat_object(self._bucket, brought).size or 0
            if size > limit_bytes:
                raise ObjectTooLarge(limit_bytes=limit_bytes)
            self._client.copy_object(self._bucket, incoming, CopySource(self._bucket, brought))
        except S3Error as error:
            if error.code in MISSING:
                raise ObjectMissing from error
            raise

    async def _read(self, name: str) -> AsyncIterator[bytes]:
        response = await self._in_thread(self._client.get_object, self._bucket, name)
        try:
            while piece := await self._in_thread(response.read, READ_BYTES):
                yield piece
        finally:
            response.close()
            response.release_conn()

    async def discard(self, place: str) -> None:
        """See ``TakesUploads``."""
        await self._in_thread(self._client.remove_object, self._bucket, self._brought(place))
