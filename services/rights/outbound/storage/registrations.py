"""Registrations with their papers, and objections."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select, text

from kernel.connection import Connection
from kernel.storage import refusing
from rights.domain.objection import Objection
from rights.domain.refusals import AlreadyRegistered, ObjectionNotFound, RegistrationNotFound
from rights.domain.registration import Registration
from rights.domain.states import RegistrationState
from rights.outbound import tables
from rights.outbound.storage.rows import SqlRows
from rights.ports import Wanted


class SqlRegistrations(SqlRows[Registration]):
    """See ``ports.Registrations``."""

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn, tables.registrations, Registration, RegistrationNotFound)

    def _narrowed(self, query: Select[Any], wanted: Wanted) -> Select[Any]:
        columns = self._table.c
        if wanted.submitted_only:
            query = query.where(columns.state != RegistrationState.DRAFT)
        if wanted.party_id:
            query = query.where(or_(
                columns.applicant_party_id == wanted.party_id, columns.transferee_party_id == wanted.party_id,
                columns.allocations.contains([{"party_id": wanted.party_id}]),
            ))  # fmt: skip
        return query

    async def save(self, aggregate: Registration) -> None:
        """Keep its changes; two open registrations of the same thing are refused by the index."""
        async with refusing({"one_open_registration": AlreadyRegistered}):
            await super().save(aggregate)

    async def take_turn(self) -> None:
        """Submissions come one after the other."""
        await self._conn.execute(_TURN)

    async def overdue(self, today: date, limit: int = 200) -> Sequence[str]:
        """Ids, the oldest first."""
        return list((await self._conn.scalars(_OVERDUE, {"today": today, "limit": limit})).all())

    async def in_states(self, states: Sequence[RegistrationState], limit: int = 200) -> Sequence[str]:
        """Ids, the oldest first."""
        query = select(self._id).where(self._table.c.state.in_(states)).order_by(self._id).limit(limit)
        return list((await self._conn.scalars(query)).all())


class SqlObjections(SqlRows[Objection]):
    """See ``ports.Objections``."""

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn, tables.objections, Objection, ObjectionNotFound)

    async def of(self, registration_id: str) -> Sequence[Objection]:
        """All of a registration, the oldest first."""
        columns = self._table.c
        query = select(self._table).where(columns.registration_id == registration_id).order_by(columns.objection_id)
        return [self._aggregate(dict(row)) for row in (await self._conn.execute(query)).mappings()]

    async def any_open(self, lineage_root: str) -> bool:
        """Whether one against a registration of this lineage is open."""
        return bool(await self._conn.scalar(_ANY_OPEN, {"lineage_root": lineage_root}))


_TURN = text("SELECT pg_advisory_xact_lock(hashtext('rights'), hashtext('submissions'))")
_OVERDUE = text("""
    SELECT registration_id FROM registrations
    WHERE (state = 'SUBMITTED' AND acceptance_due_on < :today)
       OR (state IN ('CORRECTION_REQUESTED', 'EVIDENCE_REQUESTED') AND correction_due_on < :today)
       OR (state = 'NOTICING' AND notice_ends_on < :today)
    ORDER BY registration_id LIMIT :limit""")
_ANY_OPEN = text("""
    SELECT EXISTS (
        SELECT FROM objections o JOIN registrations r USING (registration_id)
        WHERE r.lineage_root = :lineage_root AND o.state = 'OPEN' AND r.state IN ('OBJECTED', 'CERTIFIED'))""")
