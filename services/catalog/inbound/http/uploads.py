"""Uploads straight to the object store over HTTP: a ticket, then its completion."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from catalog.inbound.http.datasets import OWNERS
from catalog.inbound.http.ports_of import Id, Ports
from catalog.inbound.http.versions import FileName, FileView
from catalog.ports import Invited
from catalog.use_cases import uploads
from kernel.web import CallerOf, OnceKey, Router, Shape, View, allow

router = Router(tags=["versions 版本"])
BYTES_MAX = 5 * 1024**3  # more than that no S3 takes at once
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z]+/[a-z0-9.+-]+$")]


class UploadOpening(Shape):
    """A file that will be brought to the store, exactly."""

    name: FileName
    size: Annotated[int, Field(ge=1, le=BYTES_MAX)]
    sha256: Digest
    media_type: MediaType = "application/octet-stream"


class TicketView(View):
    """Send the bytes by this method, to this address, with exactly these headers; shown once."""

    upload_id: str
    version_id: str
    name: str
    method: str = "PUT"
    url: str
    headers: dict[str, str]
    begin_before: datetime

    @classmethod
    def of(cls, invited: Invited) -> Self:
        """From the ticket and the signed address."""
        upload, invitation = invited.upload, invited.invitation
        return cls(
            upload_id=upload.id, version_id=upload.version_id, name=upload.name, url=invitation.url,
            headers=dict(invitation.headers), begin_before=invited.begin_before,
        )  # fmt: skip


@router.post(
    "/versions/{version_id}/uploads", status_code=201, dependencies=[allow(*OWNERS)],
    openapi_extra={"x-secret-outcome": True},
)  # fmt: skip
async def open_upload(
    version_id: Id, opening: UploadOpening, ports: Ports, caller: CallerOf, once: OnceKey
) -> TicketView:
    """A ticket to bring a file straight to the market's object store; then complete it."""
    given = opening.model_dump()
    return TicketView.of(await uploads.open_upload(ports, caller, once, version_id, **given))


@router.post("/uploads/{upload_id}:complete", dependencies=[allow(*OWNERS)])
async def complete_upload(upload_id: Id, ports: Ports, caller: CallerOf, once: OnceKey) -> FileView:
    """The bytes are there: look at them and take them as the version's file, as if they had been streamed here."""
    return FileView.of(await uploads.complete_upload(ports, caller, once, upload_id))
