"""Members and clients."""

from collections.abc import Sequence

from sqlalchemy import Row, insert, select, update

from kernel.connection import Connection
from kernel.storage import change, refusing
from onboarding.domain.member import Client, ClientState, Member, MemberState
from onboarding.domain.refusals import ClientUnknown, MemberUnknown, UsernameTaken
from onboarding.domain.roles import ADMIN
from onboarding.outbound.tables import client as clients
from onboarding.outbound.tables import member as members

MEMBER_CONSTRAINTS = {"one_member_per_username": UsernameTaken}


class SqlMembers:
    """People who act for a party."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, member: Member) -> None:
        """Keep a new one; refused when somebody has the user name."""
        values = {
            "id": member.id, "party_id": member.party_id, "username": member.username,
            "password_hash": member.password_hash, "display_name": member.display_name,
            "roles": sorted(member.roles), "state": member.state, "version": member.version,
        }  # fmt: skip
        async with refusing(MEMBER_CONSTRAINTS):
            await self._conn.execute(insert(members).values(values))

    async def of_party(self, party_id: str, member_id: str) -> Member:
        """The party's member of this id."""
        statement = select(members).where(members.c.party_id == party_id, members.c.id == member_id)
        row = (await self._conn.execute(statement)).one_or_none()
        if row is None:
            raise MemberUnknown
        return _member(row)

    async def hold(self, member_id: str) -> Member:
        """The member, whom nobody can change until this transaction ends."""
        statement = select(members).where(members.c.id == member_id).with_for_update(read=True)
        return _member((await self._conn.execute(statement)).one())

    async def by_username(self, username: str) -> Member | None:
        """The member of this user name."""
        row = (await self._conn.execute(select(members).where(members.c.username == username))).one_or_none()
        return _member(row) if row else None

    async def administrators_left(self, party_id: str) -> int:
        """How many people can manage the party; two that leave at once take turns here."""
        statement = (
            select(members.c.id)
            .where(members.c.party_id == party_id, members.c.state == MemberState.ACTIVE)
            .where(members.c.roles.contains([ADMIN]))
            .order_by(members.c.id)
            .with_for_update()
        )
        return len((await self._conn.execute(statement)).all())

    async def give_administrators(self, party_id: str, roles: frozenset[str]) -> None:
        """Whoever manages the party gets these roles too."""
        statement = update(members).where(members.c.party_id == party_id, members.c.roles.contains([ADMIN]))
        values = {"roles": sorted(roles | {ADMIN}), "version": members.c.version + 1}
        await self._conn.execute(statement.values(values))

    async def save(self, member: Member) -> None:
        """Keep the state."""
        values = {"state": member.state}
        await change(self._conn, members, key={"id": member.id}, version=member.version, values=values)
        member.version += 1

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[Member]:
        """The party's members, oldest first."""
        statement = select(members).where(members.c.party_id == party_id, members.c.id > after)
        rows = await self._conn.execute(statement.order_by(members.c.id).limit(limit))
        return [_member(row) for row in rows]


def _member(row: Row[tuple[object, ...]]) -> Member:
    return Member(
        id=row.id, party_id=row.party_id, username=row.username, password_hash=row.password_hash,
        display_name=row.display_name, roles=frozenset(row.roles), state=MemberState(row.state), version=row.version,
    )  # fmt: skip


class SqlClients:
    """Machines that act for a party."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, client: Client) -> None:
        """Keep a new one."""
        values = {
            "id": client.id, "party_id": client.party_id, "name": client.name, "secret_sha256": client.secret_sha256,
            "roles": sorted(client.roles), "state": client.state, "version": client.version,
        }  # fmt: skip
        await self._conn.execute(insert(clients).values(values))

    async def find(self, client_id: str) -> Client | None:
        """The client of this id, whosever it is."""
        row = (await self._conn.execute(select(clients).where(clients.c.id == client_id))).one_or_none()
        return _client(row) if row else None

    async def of_party(self, party_id: str, client_id: str) -> Client:
        """The party's client of this id."""
        client = await self.find(client_id)
        if client is None or client.party_id != party_id:
            raise ClientUnknown
        return client

    async def save(self, client: Client) -> None:
        """Keep the state and the secret's digest."""
        values = {"state": client.state, "secret_sha256": client.secret_sha256}
        await change(self._conn, clients, key={"id": client.id}, version=client.version, values=values)
        client.version += 1

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[Client]:
        """The party's clients, oldest first."""
        statement = select(clients).where(clients.c.party_id == party_id, clients.c.id > after)
        rows = await self._conn.execute(statement.order_by(clients.c.id).limit(limit))
        return [_client(row) for row in rows]


def _client(row: Row[tuple[object, ...]]) -> Client:
    return Client(
        id=row.id, party_id=row.party_id, name=row.name, secret_sha256=row.secret_sha256, roles=frozenset(row.roles),
        state=ClientState(row.state), version=row.version,
    )  # fmt: skip
