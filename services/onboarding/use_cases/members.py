"""Members and clients: the people and machines that act for a party."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.callers import Caller
from kernel.work import Ticket
from onboarding.domain.member import Client, Member, check_password
from onboarding.domain.refusals import LastAdministrator
from onboarding.domain.roles import ADMIN
from onboarding.ports import Onboarding


@dataclass(frozen=True)
class NewMember:
    """Who shall join."""

    username: str
    password: str
    display_name: str
    roles: frozenset[str]


@dataclass(frozen=True)
class ClientMade:
    """A client with its secret, which is shown this once."""

    client: Client
    client_secret: str


async def add_member(app: Onboarding, caller: Caller, once: Ticket, joining: NewMember) -> Member:
    """A further person acts for the caller's party."""
    check_password(joining.username, joining.password)
    password_hash = await app.passwords.digest(joining.password)
    async with app.work(once) as work:
        party = await work.parties.hold(caller.party_id)
        member = Member.join(party, joining.username, password_hash, joining.display_name, joining.roles)
        await work.members.add(member)
        return work.settle(member)


async def members(app: Onboarding, caller: Caller, limit: int, after: str) -> Sequence[Member]:
    """The party's members, oldest first."""
    async with app.work(None) as work:
        return await work.members.page(caller.party_id, limit, after)


async def disable_member(app: Onboarding, caller: Caller, once: Ticket, member_id: str) -> Member:
    """A person no longer acts for the party; its sessions end."""
    async with app.work(once) as work:
        member = await work.members.of_party(caller.party_id, member_id)
        member.disable()
        await work.members.save(member)
        if ADMIN in member.roles and not await work.members.administrators_left(caller.party_id):
            raise LastAdministrator
        await work.sessions.end_of_member(member.id)
        return work.settle(member)


async def make_client(app: Onboarding, caller: Caller, once: Ticket, name: str, roles: frozenset[str]) -> ClientMade:
    """A machine gets a secret of its own."""
    async with app.work(once) as work:
        client, secret = Client.make(await work.parties.hold(caller.party_id), name, roles)
        await work.clients.add(client)
        return work.settle(ClientMade(client, secret))


async def clients(app: Onboarding, caller: Caller, limit: int, after: str) -> Sequence[Client]:
    """The party's clients, oldest first."""
    async with app.work(None) as work:
        return await work.clients.page(caller.party_id, limit, after)


async def revoke_client(app: Onboarding, caller: Caller, once: Ticket, client_id: str) -> Client:
    """A machine gets no more tokens."""
    async with app.work(once) as work:
        client = await work.clients.of_party(caller.party_id, client_id)
        client.revoke()
        await work.clients.save(client)
        return work.settle(client)
