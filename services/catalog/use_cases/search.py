"""Finding what is published, and the badges that others' findings earn it."""

from dataclasses import dataclass
from datetime import datetime

from catalog.ports import Cataloguing, Entry, Question
from kernel.told import Told


@dataclass(frozen=True)
class Found:
    """A page of what was found, with counts over all that fits."""

    entries: list[Entry]
    facets: dict[str, dict[str, int]]
    total: int


@dataclass(frozen=True)
class Badge:
    """What is shown beside an entry: a certificate, or a report of a kind."""

    reference: str
    kind: str
    label: str
    valid_until: datetime | None = None


async def search(app: Cataloguing, question: Question, limit: int, after: str) -> Found:
    """What is published and fits every word asked, newest first."""
    async with app.work(None) as work:
        return Found(*await work.entries.find(question, limit, after))


async def show_badge(app: Cataloguing, told: Told, subject_id: str, badge: Badge) -> None:
    """Show it beside a dataset or product."""
    async with app.work(told) as work:
        written = {"reference": badge.reference, "kind": badge.kind, "label": badge.label}
        if badge.valid_until is not None:
            written["valid_until"] = badge.valid_until.isoformat()
        await work.entries.put_badge(subject_id, written)


async def hide_badge(app: Cataloguing, told: Told, reference: str) -> None:
    """Show it no more."""
    async with app.work(told) as work:
        await work.entries.drop_badge(reference)
