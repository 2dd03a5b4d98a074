"""Files that their owner brings to the object store, and that count once their bytes were looked at here."""

from functools import partial

from catalog.domain.manifest import File
from catalog.domain.refusals import UploadNotBrought, UploadNotFound
from catalog.domain.upload import Upload
from catalog.ports import Cataloguing, Invited, Work
from catalog.use_cases.versions import checked, owned_version
from kernel.callers import Caller
from kernel.ids import new_id
from kernel.objects import ObjectMissing, ObjectTooLarge
from kernel.once import Once
from kernel.refusals import Refusal, Unavailable

SWEPT_AT_ONCE = 100
KEPT_AFTER_SECONDS = 24 * 3600  # an upload that began in time may still run


async def open_upload(
    app: Cataloguing, caller: Caller, once: Once, version_id: str, *, name: str, size: int, sha256: str, media_type: str
) -> Invited:
    """A ticket to bring exactly these bytes to the store."""
    if size > app.file_bytes_max:
        raise ObjectTooLarge(limit_bytes=app.file_bytes_max)
    async with app.work(once) as work:
        version = await owned_version(work, caller, version_id)
        version.need_open_for(name)
        app.bytes.need_direct()
        upload = Upload(new_id("upl"), version.id, caller.party_id, name, size, sha256, media_type, work.machine_now)
        await work.uploads.add(upload)
        return work.settle(app.bytes.invite(upload, app.upload_seconds))


async def complete_upload(app: Cataloguing, caller: Caller, once: Once, upload_id: str) -> File:
    """Look at the bytes that were brought, and take them as the version's file; what is not as announced goes."""
    async with app.work(None) as work:
        await work.recall(once)
        upload = await _own_upload(work, caller, upload_id)
        (await owned_version(work, caller, upload.version_id)).need_open_for(upload.name)
    file = await _taken(app, upload)
    async with app.work(once) as work:
        version = await work.versions.get(upload.version_id, hold=True)
        version.need_open_for(upload.name)
        await work.versions.add_file(version.id, file)
        work.settle(file)
    await app.bytes.discard(upload)
    return file


async def _own_upload(work: Work, caller: Caller, upload_id: str) -> Upload:
    upload = await work.uploads.get(upload_id)
    if upload is None or upload.party_id != caller.party_id:
        raise UploadNotFound(upload_id=upload_id)
    return upload


async def _taken(app: Cataloguing, upload: Upload) -> File:
    check = partial(checked, declared=upload.size, expected=bytes.fromhex(upload.sha256))
    try:
        return await app.bytes.admit(upload, check)
    except ObjectMissing as error:
        raise UploadNotBrought(upload_id=upload.id) from error
    except Unavailable:
        raise
    except Refusal:
        await app.bytes.discard(upload)
        raise


async def sweep_uploads(app: Cataloguing) -> int:
    """Forget tickets whose time is over, and whatever was brought by them and not taken."""
    seconds = app.upload_seconds + KEPT_AFTER_SECONDS
    async with app.work(None) as work:
        over = await work.uploads.older_than(seconds, SWEPT_AT_ONCE)
    for upload in over:
        await app.bytes.discard(upload)
    if over:
        async with app.work(None) as work:
            await work.uploads.remove([upload.id for upload in over])
    return len(over)
