"""The saga behind every version: derive if it is to be derived, look at the bytes, publish or say why not."""

import asyncio
from dataclasses import replace
from typing import Any

from catalog.domain.dataset import Dataset
from catalog.domain.derivation import Derivation, Source, files_of
from catalog.domain.events import VersionPublished
from catalog.domain.refusals import ProfilingGaveUp
from catalog.domain.version import Version, VersionState
from catalog.ports import Cataloguing, Entry, Look, Work, WorkerFailed
from kernel.canonical import canonical
from kernel.crash_points import reached
from kernel.refusals import Refusal

AT_ONCE = 4


async def carry_on(app: Cataloguing) -> int:
    """Take every unfinished version one step further; each step may be repeated after a crash."""
    async with app.work(None) as work:
        unfinished = await work.versions.unfinished(AT_ONCE)
    await asyncio.gather(*(_step(app, version) for version in unfinished))
    return len(unfinished)


async def _step(app: Cataloguing, version: Version) -> None:
    try:
        if version.state is VersionState.DERIVING:
            await _derive(app, version)
        else:
            await _look(app, version)
    except Refusal as refusal:
        if refusal.kind == "Unavailable":
            raise
        await _fail(app, version, refusal)
    except WorkerFailed:
        await _count_attempt(app, version)


async def _derive(app: Cataloguing, version: Version) -> None:
    """Carry the recipe out; the same sources, recipe and key give the same bytes, so repeating does no harm."""
    async with app.work(None) as work:
        derivation = await _derivation_of(work, version)
        sources = await sources_of(work, derivation)
    digests = files_of(sources)
    key, as_of = app.sealer.unseal(derivation.sealed_key), derivation.asked_at.date()
    async with app.bytes.at_hand(digests) as paths, app.bytes.folder() as folder:
        made = await app.workers.derive(paths, derivation.recipe, key, as_of, folder)
        files = [
            await app.bytes.keep(app.bytes.pieces(path), name, limit_bytes=app.file_bytes_max)
            for name, path in made.items()
        ]
    async with app.work(None) as work:
        held = await work.versions.get(version.id, hold=True)
        if held.state is not VersionState.DERIVING:
            return
        for file in files:
            await work.versions.add_file(held.id, file)
        await work.versions.save(replace(held.becomes(VersionState.PROFILING), attempts=0))


async def sources_of(work: Work, derivation: Derivation) -> list[Source]:
    """The versions that it was made of, each with its dataset."""
    versions = [await work.versions.get(version_id) for version_id in derivation.source_version_ids]
    return [Source(version, await work.datasets.get(version.dataset_id)) for version in versions]


async def _derivation_of(work: Work, version: Version) -> Derivation:
    derivation = await work.derivations.of_version(version.id)
    if derivation is None:
        message = f"{version.id} is being derived by nothing"
        raise LookupError(message)
    return derivation


async def _look(app: Cataloguing, version: Version) -> None:
    async with app.work(None) as work:
        dataset = await work.datasets.get(version.dataset_id)
        as_of = work.now.date()
    digests = {file.name: file.sha256 for file in version.files}
    async with app.bytes.at_hand(digests) as paths:
        look = await app.workers.look(
            dataset.form, paths, as_of,
            subject=vars(dataset.subject) if dataset.subject and not dataset.is_derived else None,
            persons=dataset.has_persons, governed=dataset.has_persons and dataset.is_derived,
        )  # fmt: skip
    reached("catalog.after_look")
    await _publish(app, version, look)


async def _publish(app: Cataloguing, version: Version, look: Look) -> None:
    async with app.work(None) as work:
        dataset = await work.datasets.get(version.dataset_id, hold=True)
        held = await work.versions.get(version.id, hold=True)
        if held.state is not VersionState.PROFILING:
            return
        published = held.published(await work.versions.count_published(dataset.id) + 1, work.now)
        await work.versions.keep_look(held.id, look)
        await work.versions.save(published)
        newest = replace(dataset, latest_version_id=published.id)
        await work.datasets.save(newest)
        await work.entries.put(_entry(newest, work))
        deposit = canonical({
            "type": "VersionPublished", "version_id": published.id, "dataset_id": dataset.id,
            "owner_party_id": dataset.owner_party_id, "number": published.number, "digest": published.digest,
            "published_at": work.now.isoformat(),
        })  # fmt: skip
        work.tell(VersionPublished(published, newest, work.now), about=dataset.id, deposit=deposit)


def _entry(dataset: Dataset, work: Work) -> Entry:
    return Entry(
        id=dataset.id, kind="dataset", title=dataset.title, title_en=dataset.title_en,
        description=dataset.description, description_en=dataset.description_en, theme=dataset.theme,
        form=dataset.form, lineage_root=dataset.lineage_root, published_at=work.now,
    )  # fmt: skip


async def _fail(app: Cataloguing, version: Version, refusal: Refusal) -> None:
    async with app.work(None) as work:
        held = await work.versions.get(version.id, hold=True)
        if held.state is version.state:
            await work.versions.save(held.failed(_problem(refusal)))


def _problem(refusal: Refusal) -> dict[str, Any]:  # Any: the JSON of a problem document
    return {
        **refusal.facts, "type": f"/problems/{refusal.slug}", "title": refusal.title, "reason": refusal.reason,
        "detail": refusal.detail, "detail_zh": refusal.detail_zh,
    }  # fmt: skip


async def _count_attempt(app: Cataloguing, version: Version) -> None:
    if version.attempts + 1 >= app.attempts_max:
        await _fail(app, version, ProfilingGaveUp(attempts=app.attempts_max))
        return
    async with app.work(None) as work:
        held: Version = await work.versions.get(version.id, hold=True)
        await work.versions.save(replace(held, attempts=held.attempts + 1))
