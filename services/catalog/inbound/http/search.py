"""Search over HTTP: public, as a catalogue is."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query

from catalog.domain.themes import THEME_NAMES, Form, Theme
from catalog.inbound.http.ports_of import Json, PageView, Ports
from catalog.ports import Question
from catalog.use_cases import search as searching
from kernel.web import PUBLIC, PageOf, Router, View

router = Router(tags=["search 检索"])


class EntryView(View):
    """A dataset or product that was found, with its badges (certificates, reports)."""

    kind: str
    id: str
    title: str
    title_en: str
    description: str
    description_en: str
    theme: Theme
    form: Form
    lineage_root: str
    badges: list[Json]
    published_at: datetime


class SearchView(PageView):
    """A page of what was found; facets and total count all that fits."""

    items: list[EntryView]
    facets: dict[str, dict[str, int]]
    total: int


class ThemeView(View):
    """A theme library."""

    code: Theme
    zh: str
    en: str


@router.get("/search", dependencies=[PUBLIC])
async def search(
    ports: Ports, page: PageOf, q: Annotated[str, Query(max_length=200)] = "", theme: Theme | None = None,
    form: Form | None = None, kind: Literal["dataset", "product"] | None = None,
) -> SearchView:  # fmt: skip
    """Every word must be found, in Chinese or English; newest first."""
    found = await searching.search(ports, Question(q, theme or "", form or "", kind or ""), page.limit, page.after)
    items = [EntryView.model_validate(entry) for entry in found.entries]
    following = items[-1].id if len(items) == page.limit else None
    return SearchView(items=items, facets=found.facets, total=found.total, next=following)


@router.get("/themes", dependencies=[PUBLIC])
async def list_themes() -> list[ThemeView]:
    """The six theme libraries 六个主题库."""
    return [ThemeView(code=theme, zh=zh, en=en) for theme, (zh, en) in THEME_NAMES.items()]
