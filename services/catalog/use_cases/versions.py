"""Collecting a version's files, and reading what was published."""

import base64
import binascii
import hashlib
import re
from collections.abc import AsyncIterator, Sequence

from catalog.domain.dataset import Dataset
from catalog.domain.manifest import File
from catalog.domain.refusals import (
    DigestDiffers,
    DigestUnreadable,
    FileCutShort,
    NothingPublishedYet,
    ProfileNotYours,
    VersionNotFound,
)  # fmt: skip
from catalog.domain.version import Version, VersionState, check_names
from catalog.ports import Cataloguing, Json, Look, Work
from catalog.use_cases.datasets import owned_dataset, seen_dataset
from kernel.callers import Caller
from kernel.ids import new_id
from kernel.objects import ObjectTooLarge
from kernel.work import Ticket

EXAMINERS = ("reviewer", "appraiser", "law_firm", "bank", "operator", "regulator", "implementing_body")
_DIGEST = re.compile(r"(?:^|,)\s*sha-256=(?::([A-Za-z0-9+/=]+):|([A-Za-z0-9+/=]+))\s*(?:,|$)", re.IGNORECASE)


async def open_version(
    app: Cataloguing, caller: Caller, once: Ticket, dataset_id: str, names: Sequence[str]
) -> Version:
    """Announce the files of a new version."""
    async with app.work(once) as work:
        dataset = await owned_dataset(work, caller, dataset_id)
        check_names(names, dataset.form)
        version = Version(new_id("ver"), dataset.id, VersionState.OPEN, tuple(names), (), work.now)
        await work.versions.add(version)
        return work.settle(version)


async def upload_file(
    app: Cataloguing, caller: Caller, version_id: str, name: str, stream: AsyncIterator[bytes], *,
    declared_bytes: int | None, digest_header: str,
) -> File:  # fmt: skip
    """Keep one file's bytes; a stream that lies about its length or digest leaves nothing behind."""
    expected = _expected(digest_header)
    async with app.work(None) as work:
        version = await owned_version(work, caller, version_id)
        version.need_open_for(name)
    if declared_bytes is not None and declared_bytes > app.file_bytes_max:
        raise ObjectTooLarge(limit_bytes=app.file_bytes_max)
    watched = checked(stream, declared=declared_bytes, expected=expected)
    file = await app.bytes.keep(watched, name, limit_bytes=app.file_bytes_max)
    async with app.work(None) as work:
        version = await work.versions.get(version_id, hold=True)
        version.need_open_for(name)
        await work.versions.add_file(version.id, file)
    return file


async def checked(
    stream: AsyncIterator[bytes], *, declared: int | None, expected: bytes | None
) -> AsyncIterator[bytes]:
    """The stream; refused at its end when it was of another length or digest."""
    sha, size = hashlib.sha256(), 0
    async for piece in stream:
        size += len(piece)
        if expected is not None:
            sha.update(piece)
        yield piece
    if declared is not None and size != declared:
        raise FileCutShort(declared_bytes=declared, arrived_bytes=size)
    if expected is not None and sha.digest() != expected:
        raise DigestDiffers(arrived_sha256=sha.hexdigest())


def _expected(header: str) -> bytes | None:
    if not header:
        return None
    found = _DIGEST.search(header)
    if found is None:
        raise DigestUnreadable
    try:
        digest = base64.b64decode(found.group(1) or found.group(2), validate=True)
    except binascii.Error as error:
        raise DigestUnreadable from error
    if len(digest) != hashlib.sha256().digest_size:
        raise DigestUnreadable
    return digest


async def publish_version(app: Cataloguing, caller: Caller, once: Ticket, version_id: str) -> Version:
    """Close it; a job looks at the bytes and publishes it, or says why not."""
    async with app.work(once) as work:
        await owned_version(work, caller, version_id)
        closed = (await work.versions.get(version_id, hold=True)).closed()
        await work.versions.save(closed)
        return work.settle(closed)


async def read_version(app: Cataloguing, caller: Caller, version_id: str) -> Version:
    """A version that stands, or the caller's own."""
    async with app.work(None) as work:
        return (await _seen_version(work, caller, version_id))[0]


async def list_versions(app: Cataloguing, caller: Caller, dataset_id: str, limit: int, after: str) -> list[Version]:
    """A dataset's versions, newest first; unfinished ones for the owner only."""
    async with app.work(None) as work:
        dataset = await seen_dataset(work, caller, dataset_id)
        published_only = dataset.owner_party_id != caller.party_id
        return await work.versions.page(dataset_id, limit, after, published_only=published_only)


async def read_profile(app: Cataloguing, caller: Caller, version_id: str) -> Json:
    """What was counted in the bytes; where persons are concerned, not for everybody."""
    async with app.work(None) as work:
        version, dataset = await _seen_version(work, caller, version_id)
        version.need_published()
        if dataset.has_persons and not await _may_examine(work, caller, dataset):
            raise ProfileNotYours
        return (await work.versions.look(version.id)).profile


async def read_sample(app: Cataloguing, caller: Caller, dataset_id: str) -> tuple[str, bool, list[Json]]:
    """A few rows of the newest version, masked: its id, whether every cell is masked, the files."""
    async with app.work(None) as work:
        dataset = await seen_dataset(work, caller, dataset_id)
        look = await _newest_look(work, dataset)
        return dataset.latest_version_id, dataset.has_persons, look.sample


async def _newest_look(work: Work, dataset: Dataset) -> Look:
    if not dataset.latest_version_id:
        raise NothingPublishedYet(dataset_id=dataset.id)
    return await work.versions.look(dataset.latest_version_id)


async def _may_examine(work: Work, caller: Caller, dataset: Dataset) -> bool:
    if caller.party_id in {dataset.owner_party_id, dataset.supplier_party_id} or caller.has(*EXAMINERS):
        return True
    return bool(await work.datasets.supplies(dataset.id, caller.party_id))


async def owned_version(work: Work, caller: Caller, version_id: str) -> Version:
    """A version of the caller's own, to bring files to."""
    version = await work.versions.get(version_id)
    dataset = await work.datasets.get(version.dataset_id)
    if dataset.owner_party_id != caller.party_id or dataset.is_derived:
        raise VersionNotFound(version_id=version_id)
    return version


async def _seen_version(work: Work, caller: Caller, version_id: str) -> tuple[Version, Dataset]:
    version = await work.versions.get(version_id)
    dataset = await work.datasets.get(version.dataset_id)
    if version.state is not VersionState.PUBLISHED and dataset.owner_party_id != caller.party_id:
        raise VersionNotFound(version_id=version_id)
    return version, dataset
