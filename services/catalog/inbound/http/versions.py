"""Versions over HTTP: announce, stream, publish, read."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Self

from fastapi import Header, Path, Request
from pydantic import Field, StringConstraints
from starlette.requests import ClientDisconnect

from catalog.domain.manifest import File
from catalog.domain.refusals import FileCutShort
from catalog.domain.version import FILES_MAX, Version, VersionState
from catalog.inbound.http.datasets import OWNERS
from catalog.inbound.http.ports_of import Id, Json, PageView, Ports
from catalog.use_cases import versions
from kernel.web import CallerOf, OnceKey, PageOf, Router, Shape, View, allow

router = Router(tags=["versions 版本"])
FileName = Annotated[str, StringConstraints(min_length=1, max_length=120)]

Digests = Annotated[str, Header(max_length=500)]


class FileAnnouncing(Shape):
    """A file that will be uploaded."""

    name: FileName


class VersionOpening(Shape):
    """The files of a new version."""

    files: Annotated[list[FileAnnouncing], Field(min_length=1, max_length=FILES_MAX)]


class FileView(View):
    """A file as it is kept; ``parts``: SHA-256 of each 8 MiB."""

    name: str
    size: int
    sha256: str
    sm3: str
    parts: list[str]

    @classmethod
    def of(cls, file: File) -> Self:
        """From the file."""
        return cls(name=file.name, size=file.size, sha256=file.sha256, sm3=file.sm3, parts=list(file.part_sha256s))


class VersionView(View):
    """A version; ``number`` is 0 until it is published; ``manifest`` is the exact text that ``digest`` is of."""

    version_id: str
    dataset_id: str
    number: int
    state: VersionState
    digest: str
    manifest: str
    announced: list[str]
    files: list[FileView]
    refusal: Json | None
    opened_at: datetime
    published_at: datetime | None

    @classmethod
    def of(cls, version: Version) -> Self:
        """From the version."""
        plain = {name: value for name, value in vars(version).items() if name in cls.model_fields}
        files = [FileView.of(file) for file in version.files]
        return cls.model_validate({**plain, "version_id": version.id, "files": files})


class VersionsView(PageView):
    """A page of versions, newest first."""

    items: list[VersionView]


@router.post("/datasets/{dataset_id}/versions", status_code=201, dependencies=[allow(*OWNERS)])
async def open_version(
    dataset_id: Id, opening: VersionOpening, ports: Ports, caller: CallerOf, once: OnceKey
) -> VersionView:
    """Announce the files of a new version; then upload each and publish."""
    names = [file.name for file in opening.files]
    return VersionView.of(await versions.open_version(ports, caller, once, dataset_id, names))


@router.get("/datasets/{dataset_id}/versions", dependencies=[allow()])
async def list_versions(dataset_id: Id, ports: Ports, caller: CallerOf, page: PageOf) -> VersionsView:
    """A dataset's versions, newest first."""
    found = await versions.list_versions(ports, caller, dataset_id, page.limit, page.after)
    return VersionsView.around([VersionView.of(each) for each in found], page.limit, "version_id")


@router.put("/versions/{version_id}/files/{name}", dependencies=[allow(*OWNERS)])
async def upload_file(
    version_id: Id, name: Annotated[str, Path(max_length=120)], request: Request, ports: Ports, caller: CallerOf,
    repr_digest: Digests = "", content_digest: Digests = "", digest: Digests = "",
) -> FileView:  # fmt: skip
    """Stream one file's bytes. Sent again before the version is closed, it takes the place of the earlier one."""
    declared = request.headers.get("content-length", "")
    file = await versions.upload_file(
        ports, caller, version_id, name, _whole(request), declared_bytes=int(declared) if declared.isdigit() else None,
        digest_header=repr_digest or content_digest or digest,
    )  # fmt: skip
    return FileView.of(file)


async def _whole(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            if piece:
                yield piece
    except ClientDisconnect as error:
        raise FileCutShort from error


@router.post("/versions/{version_id}:publish", status_code=202, dependencies=[allow(*OWNERS)])
async def publish_version(version_id: Id, ports: Ports, caller: CallerOf, once: OnceKey) -> VersionView:
    """Close it. It is looked at, then PUBLISHED, or FAILED with the refusal: read it again."""
    return VersionView.of(await versions.publish_version(ports, caller, once, version_id))


@router.get("/versions/{version_id}", dependencies=[allow()])
async def read_version(version_id: Id, ports: Ports, caller: CallerOf) -> VersionView:
    """One version."""
    return VersionView.of(await versions.read_version(ports, caller, version_id))


@router.get("/versions/{version_id}/profile", dependencies=[allow()])
async def read_profile(version_id: Id, ports: Ports, caller: CallerOf) -> Json:
    """What was counted in the bytes."""
    return await versions.read_profile(ports, caller, version_id)
