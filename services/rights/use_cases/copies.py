"""Copies: the same bytes, or nearly the same content, in another lineage."""

from collections.abc import Mapping, Sequence
from typing import Any

from rights.domain.refusals import DuplicateRegistration, NearCopyOfEncumbered
from rights.domain.sketch import similarity_ppm
from rights.ports import Content, Registering, Work

MATCHES_SHOWN = 10
SAME = 1_000_000


async def look_for(work: Work, content: Content, near_copy_ppm: int) -> Sequence[Mapping[str, Any]]:  # Any: JSON
    """Refuse a copy of registered bytes, or of anything encumbered; what else is alike is shown to the reviewer."""
    await work.contents.keep(content)
    matches: dict[str, int] = {}
    for found in await work.contents.like(content):
        alike_ppm = SAME if found.same_bytes else similarity_ppm(content.sketch, found.sketch)
        if found.same_bytes and (found.registered or found.encumbered):
            raise DuplicateRegistration(registration_id=found.registration_id)
        if alike_ppm < near_copy_ppm:
            continue
        if found.encumbered:
            raise NearCopyOfEncumbered(similarity_ppm=alike_ppm)
        matches[found.registration_id] = max(alike_ppm, matches.get(found.registration_id, 0))
    best = sorted(matches.items(), key=lambda match: (-match[1], match[0]))[:MATCHES_SHOWN]
    return [{"registration_id": each, "similarity_ppm": alike_ppm} for each, alike_ppm in best]


async def remember_version(app: Registering, told: Any, version_id: str, lineage_root: str) -> None:  # Any: a ticket
    """A further version of what is registered counts when copies are looked for."""
    async with app.work() as work:
        if not await work.contents.is_registered(lineage_root):
            return
    measured = await app.catalog.version(version_id)
    async with app.work(told) as work:
        if measured is not None:
            await work.contents.keep(measured.content)
