"""The ledger of populations released to buyers, in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import insert, select, text

from delivery.domain.cohort import Earlier, Population
from delivery.domain.use import Use
from delivery.outbound.tables import cohort_populations
from kernel.connection import Connection

# Two answers to one buyer are compared one after the other, or each could miss the other.
_TURN = text("SELECT pg_advisory_xact_lock(hashtext('cohorts of ' || :buyer), hashtext(:dataset))")


class SqlCohorts:
    """See ``ports.Cohorts``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def earlier(self, buyer_party_id: str, dataset_id: str) -> list[Earlier]:
        """See the port."""
        await self._conn.execute(_TURN, {"buyer": buyer_party_id, "dataset": dataset_id})
        table = cohort_populations.c
        own = (table.buyer_party_id == buyer_party_id, table.dataset_id == dataset_id)
        rows = await self._conn.execute(select(table.population, table.persons, table.version_digest).where(*own))
        return [Earlier(Population.from_json(row.population), row.persons, row.version_digest) for row in rows]

    async def add(self, use: Use, dataset_id: str, released: Sequence[tuple[Population, int]]) -> None:
        """See the port."""
        await self._conn.execute(insert(cohort_populations), [
            {"use_id": use.id, "buyer_party_id": use.asked.buyer_party_id, "dataset_id": dataset_id,
             "population": population.as_json(), "persons": persons, "version_digest": use.version_digest}
            for population, persons in released
        ])  # fmt: skip
