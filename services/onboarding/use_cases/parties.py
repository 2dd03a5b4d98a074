"""Parties: apply, be decided on, be stopped and let go on."""

from collections.abc import Sequence

from kernel.callers import Caller
from kernel.work import Ticket
from onboarding.domain.member import Member, check_password
from onboarding.domain.party import Application, Party, PartyState
from onboarding.domain.refusals import OperatorMustStand, PartyUnknown
from onboarding.ports import Onboarding


async def apply(app: Onboarding, once: Ticket, application: Application, username: str, password: str) -> Party:
    """An organisation asks to take part and names its administrator."""
    application.must_be_sound()
    check_password(username, password)
    # The slow hash is made outside any transaction, and only for an application that can stand.
    password_hash = await app.passwords.digest(password)
    async with app.work(once) as work:
        party = Party.apply(application, at=work.now)
        await work.parties.add(party)
        await work.members.add(Member.administrator(party, username, password_hash))
        return work.settle(party)


async def party(app: Onboarding, caller: Caller, party_id: str) -> Party:
    """A party, for itself, the operator and the regulator."""
    if party_id != caller.party_id and not caller.has("operator", "regulator"):
        raise PartyUnknown
    async with app.work(None) as work:
        return await work.parties.get(party_id)


async def parties(app: Onboarding, state: PartyState | None, limit: int, after: str) -> Sequence[Party]:
    """All parties, oldest first."""
    async with app.work(None) as work:
        return await work.parties.page(state, limit, after)


async def approve_party(app: Onboarding, once: Ticket, party_id: str, roles: frozenset[str]) -> Party:
    """Let a party in with these roles; its administrator gets them too."""
    async with app.work(once) as work:
        party = await work.parties.get(party_id)
        work.tell(party.approve(roles, at=work.now), about=party.id)
        await work.parties.save(party)
        await work.members.give_administrators(party.id, party.roles)
        return work.settle(party)


async def refuse_party(app: Onboarding, once: Ticket, party_id: str, reason: str) -> Party:
    """Turn an application down."""
    async with app.work(once) as work:
        party = await work.parties.get(party_id)
        party.refuse(reason, at=work.now)
        await work.parties.save(party)
        return work.settle(party)


async def suspend_party(app: Onboarding, caller: Caller, once: Ticket, party_id: str, reason: str) -> Party:
    """Stop a party: here with this commit, elsewhere as soon as the event is heard."""
    if party_id == caller.party_id:
        raise OperatorMustStand
    async with app.work(once) as work:
        party = await work.parties.get(party_id)
        work.tell(party.suspend(reason, at=work.now), about=party.id)
        await work.parties.save(party)
        # After the save: whoever opens a session holds the party's row, so none can slip in behind this.
        await work.sessions.end_of_party(party.id)
        await work.bar(party.id)
        return work.settle(party)


async def reinstate_party(app: Onboarding, once: Ticket, party_id: str) -> Party:
    """Let a suspended party go on; its people log in anew."""
    async with app.work(once) as work:
        party = await work.parties.get(party_id)
        work.tell(party.reinstate(at=work.now), about=party.id)
        await work.parties.save(party)
        await work.unbar(party.id)
        return work.settle(party)
