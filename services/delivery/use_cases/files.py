"""Files: a link for one download, and bytes that are verified part by part."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from delivery.domain.entitlement import Mode
from delivery.domain.files import PART_BYTES, FileLink, ManifestFile, Span, span_of
from delivery.domain.refusals import (
    BytesNotAsPublished,
    LinkAlreadyUsed,
    LinkExpired,
    LinkNotFound,
    RowsStayInside,
)  # fmt: skip
from delivery.domain.specification import Specification
from delivery.domain.use import Asked
from delivery.ports import Delivering
from delivery.use_cases import uses
from kernel.callers import Caller
from kernel.once import Once
from kernel.refusals import StateChanged


@dataclass(frozen=True)
class LinkGiven:
    """A link as it is shown once."""

    link: FileLink
    expires_at: datetime
    file: ManifestFile
    token: str


@dataclass(frozen=True)
class Download:
    """Verified bytes of a span, ready to leave."""

    file: ManifestFile
    span: Span
    pieces: AsyncIterator[bytes]


async def make_link(app: Delivering, caller: Caller, once: Once, contract_id: str, file_name: str) -> LinkGiven:
    """Hold what a file costs, and give a link that works once for a minute. A retry replaces a link not yet opened."""
    async with app.work(None) as work:
        found = await work.entitlements.find(contract_id)
    asked = Asked(
        contract_id=contract_id, mode=Mode.FILE, buyer_party_id=caller.party_id, caller_subject_id=caller.subject_id,
        purpose=found.purpose if found else "", key=once.key, request_sha256=once.request_sha256,
    )  # fmt: skip
    standing = await uses.intend(app, asked, lives_seconds=app.limits.link_seconds)
    use = standing.use
    if use is None:
        raise StateChanged
    async with uses.closing(app, use):
        if Specification.read(standing.entitlement.specification).people is not None:
            raise RowsStayInside
        file = (await app.catalog.manifest(use.version_id)).file(file_name)
        await app.trade.hold_for_use(use)
    token = secrets.token_urlsafe(32)
    async with app.work(None) as work:
        link = FileLink(_digest(token), use.id, caller.party_id, file.name)
        expires_at = await work.file_links.put(link, app.limits.link_seconds)
    return LinkGiven(link, expires_at, file, token)


async def open_link(app: Delivering, caller: Caller, token: str, range_header: str | None) -> Download:
    """The first part is verified, then the download is on record and charged, then the bytes leave."""
    async with app.work(None) as work:
        link = await work.file_links.find(_digest(token), caller.party_id)
        if link is None:
            raise LinkNotFound
        if link.opened_at is not None:
            raise LinkAlreadyUsed
        if link.expires_at is not None and link.expires_at <= work.machine_now:
            raise LinkExpired
        standing = await work.uses.standing_of(link.use_id)
    use = standing.use
    if use is None:
        raise StateChanged
    standing.entitlement.need_in_force(work.now)
    manifest = await app.catalog.manifest(use.version_id)
    file = manifest.file(link.file_name)
    span = span_of(range_header, file.size)
    parts = _verified(app, use.version_id, file, span)
    first = await anext(parts, b"")
    async with app.work(None) as work:
        await work.file_links.open(link.token_sha256)
        # A file is its own digest; there is nothing to hide in it.
        await uses.meter(work, use, manifest.digest, file.sha256, use.held_fen)
    return Download(file, span, _chained(first, parts))


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _verified(app: Delivering, version_id: str, file: ManifestFile, span: Span) -> AsyncIterator[bytes]:
    """The parts of a span, each compared with the manifest before any of its bytes leaves."""
    place, number, part = 0, 0, bytearray()
    async for piece in app.catalog.read_file(version_id, file.name):
        part += piece
        while len(part) >= PART_BYTES or place + len(part) == file.size:
            size = min(PART_BYTES, file.size - place)
            whole, part = bytes(part[:size]), part[size:]
            if place >= span.start:
                if number >= len(file.part_sha256s) or sha256(whole).hexdigest() != file.part_sha256s[number]:
                    raise BytesNotAsPublished(version_id=version_id, file_name=file.name)
                yield whole[: span.end - place]
            place, number = place + size, number + 1
            if place >= span.end:
                return
    raise BytesNotAsPublished(version_id=version_id, file_name=file.name)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
