"""Search in PostgreSQL: words made in Python, found by a GIN index; badges beside what they are about."""

from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from catalog.domain.search import asked, indexed
from catalog.outbound.tables import badges, search_entries
from catalog.ports import Entry, Question
from kernel.connection import Connection

FACETS = ("theme", "form", "kind")
BADGES_MAX = 20


class SqlEntries:
    """See ``ports.Entries``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def put(self, entry: Entry) -> None:
        """See the port; the title weighs more than the description."""
        values: dict[str, Any] = {key: value for key, value in vars(entry).items() if key != "badges"}
        heavy = func.setweight(func.to_tsvector("simple", indexed(f"{entry.title} {entry.title_en}")), text("'A'"))
        light = func.to_tsvector("simple", indexed(f"{entry.description} {entry.description_en}"))
        values["words"] = heavy.op("||")(light)
        statement = insert(search_entries).values(values)
        changed = {key: statement.excluded[key] for key in values if key != "id"}
        await self._conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))

    async def put_badge(self, subject_id: str, badge: dict[str, Any]) -> None:
        """See the port."""
        statement = insert(badges).values(reference=badge["reference"], subject_id=subject_id, badge=badge)
        changed = {"subject_id": subject_id, "badge": badge}
        await self._conn.execute(statement.on_conflict_do_update(index_elements=["reference"], set_=changed))

    async def drop_badge(self, reference: str) -> None:
        """See the port."""
        await self._conn.execute(delete(badges).where(badges.c.reference == reference))

    async def find(
        self, question: Question, limit: int, after: str
    ) -> tuple[list[Entry], dict[str, dict[str, int]], int]:
        """See the port; newest first, since ids are in the order of time."""
        wanted = {
            "theme": question.theme, "form": question.form, "kind": question.kind, "words": asked(question.words),
        }  # fmt: skip
        if question.words.strip() and not wanted["words"]:
            return [], {facet: {} for facet in FACETS}, 0
        rows = (await self._conn.execute(_PAGE, {**wanted, "limit": limit, "after": after})).all()
        facets: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
        total = 0
        for row in await self._conn.execute(_FACETS, wanted):
            if row.facet is None:
                total = row.times
            else:
                facets[row.facet][row.value] = row.times
        return await self._with_badges([Entry(**dict(row._mapping)) for row in rows]), facets, total  # noqa: SLF001 - SQLAlchemy's documented name

    async def _with_badges(self, entries: list[Entry]) -> list[Entry]:
        about = {entry.id for entry in entries} | {entry.lineage_root for entry in entries}
        query = select(badges.c.subject_id, badges.c.badge).where(badges.c.subject_id.in_(about))
        found = (await self._conn.execute(query.order_by(badges.c.reference))).all()
        return [
            Entry(**{
                **vars(entry),
                "badges": tuple(row.badge for row in found if row.subject_id == entry.id)[:BADGES_MAX],
            })
            for entry in entries
        ]  # fmt: skip


_WHERE = """
    (CAST(:theme AS text) = '' OR theme = :theme) AND (CAST(:form AS text) = '' OR form = :form)
    AND (CAST(:kind AS text) = '' OR kind = :kind)
    AND (CAST(:words AS text) = '' OR words @@ to_tsquery('simple', :words))"""
_PAGE = text(f"""
    SELECT id, kind, title, title_en, description, description_en, theme, form, lineage_root, published_at
    FROM search_entries WHERE {_WHERE} AND (CAST(:after AS text) = '' OR id < :after)
    ORDER BY id DESC LIMIT :limit""")  # noqa: S608 - constants
_FACETS = text(f"""
    SELECT CASE WHEN GROUPING(theme) = 0 THEN 'theme' WHEN GROUPING(form) = 0 THEN 'form'
                WHEN GROUPING(kind) = 0 THEN 'kind' END AS facet,
           COALESCE(theme, form, kind) AS value, count(*) AS times
    FROM search_entries WHERE {_WHERE} GROUP BY GROUPING SETS ((theme), (form), (kind), ())""")  # noqa: S608 - constants
