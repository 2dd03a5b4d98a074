"""Parties and people: one table, for both are parties to the market."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Row, Select, insert, select

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from kernel.refusals import StateChanged
from kernel.storage import change, refusing
from onboarding.domain.party import Contact, Party, PartyState
from onboarding.domain.person import Person
from onboarding.domain.refusals import PartyAlreadyKnown, PartyUnknown
from onboarding.domain.roles import INSURED_PERSON, OPERATOR, EntityKind
from onboarding.outbound.tables import party as table

PARTY_CONSTRAINTS = {"one_party_per_credit_code": PartyAlreadyKnown}
PERSON_CONSTRAINTS = {"one_person_per_pseudonym": StateChanged}


class SqlParties:
    """Organisations, and persons read as parties."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, party: Party) -> None:
        """Keep a new one; refused when its credit code is taken."""
        values = {
            "id": party.id, "entity_kind": party.entity_kind, "state": party.state, "roles": sorted(party.roles),
            "roles_wanted": sorted(party.roles_wanted), "name": party.name, "name_en": party.name_en,
            "credit_code": party.credit_code, "contact": asdict(party.contact) if party.contact else None,
            "reason": party.reason, "applied_at": party.applied_at, "decided_at": party.decided_at,
            "version": party.version,
        }  # fmt: skip
        async with refusing(PARTY_CONSTRAINTS):
            await self._conn.execute(insert(table).values(values))

    async def get(self, party_id: str) -> Party:
        """The party of this id."""
        return await self._one(select(table).where(table.c.id == party_id))

    async def hold(self, party_id: str) -> Party:
        """The party, which nobody can change until this transaction ends."""
        return await self._one(select(table).where(table.c.id == party_id).with_for_update(read=True))

    async def _one(self, statement: Select[tuple[object, ...]]) -> Party:
        row = (await self._conn.execute(statement)).one_or_none()
        if row is None:
            raise PartyUnknown
        return _party(row)

    async def save(self, party: Party) -> None:
        """Keep what was decided, unless somebody else decided meanwhile."""
        values = {
            "state": party.state, "roles": sorted(party.roles), "reason": party.reason, "decided_at": party.decided_at,
        }  # fmt: skip
        async with refusing(PARTY_CONSTRAINTS):
            await change(self._conn, table, key={"id": party.id}, version=party.version, values=values)
        party.version += 1

    async def only_operators(self) -> bool:
        """Whether nobody but market operators ever applied."""
        others = select(table.c.id).where(~table.c.roles.contains([OPERATOR])).limit(1)
        return (await self._conn.execute(others)).first() is None

    async def page(self, state: PartyState | None, limit: int, after: str) -> Sequence[Party]:
        """Organisations in the order they applied."""
        statement = select(table).where(table.c.id > after, table.c.entity_kind != EntityKind.NATURAL_PERSON)
        if state is not None:
            statement = statement.where(table.c.state == state)
        rows = await self._conn.execute(statement.order_by(table.c.id).limit(limit))
        return [_party(row) for row in rows]


def _party(row: Row[tuple[object, ...]]) -> Party:
    return Party(
        id=row.id, name=row.name, name_en=row.name_en, entity_kind=EntityKind(row.entity_kind),
        credit_code=row.credit_code, state=PartyState(row.state), roles=frozenset(row.roles),
        roles_wanted=frozenset(row.roles_wanted), contact=Contact(**row.contact) if row.contact else None,
        reason=row.reason, applied_at=row.applied_at.astimezone(SHANGHAI),
        decided_at=row.decided_at.astimezone(SHANGHAI) if row.decided_at else None, version=row.version,
        identity_pseudonym=row.identity_pseudonym or "",
    )  # fmt: skip


class SqlPeople:
    """Natural persons."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, person: Person) -> None:
        """Keep a new one; two at once of the same pseudonym: the later must look again."""
        values = {
            "id": person.id, "entity_kind": EntityKind.NATURAL_PERSON, "state": person.state,
            "roles": [INSURED_PERSON], "roles_wanted": [INSURED_PERSON], "name": "", "name_en": "", "credit_code": "",
            "contact": None, "reason": "", "applied_at": person.registered_at, "decided_at": person.registered_at,
            "version": person.version, "identity_pseudonym": person.identity_pseudonym,
            "vouched_by": person.vouched_by, "statement_issued_at": person.statement_issued_at,
        }  # fmt: skip
        self._conn.later(insert(table), values, PERSON_CONSTRAINTS)

    async def by_pseudonym(self, pseudonym: str, *, lock: bool = False) -> Person | None:
        """The person; ``lock``: whom nobody can change until this transaction ends."""
        statement = select(table).where(table.c.identity_pseudonym == pseudonym)
        row = (await self._conn.execute(statement.with_for_update() if lock else statement)).one_or_none()
        if row is None:
            return None
        return Person(
            row.id, row.identity_pseudonym, row.vouched_by, row.statement_issued_at, PartyState(row.state),
            row.applied_at, row.version,
        )  # fmt: skip

    async def save(self, person: Person) -> None:
        """Keep which statement was used last."""
        values = {"statement_issued_at": person.statement_issued_at}
        await change(self._conn, table, key={"id": person.id}, version=person.version, values=values)
        person.version += 1
