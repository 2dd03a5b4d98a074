"""People who log in at an outside provider: bound to a member first, then given the market's own token."""

from collections.abc import Sequence

from kernel.callers import Caller
from kernel.work import Ticket
from onboarding.domain.doors import CredentialsWrong, IdentityNotBound, NoOutsideProvider
from onboarding.domain.member import MemberState
from onboarding.domain.outside_identity import OutsideIdentity
from onboarding.domain.session import Token, member_as_caller
from onboarding.ports import IdentityProvider, Onboarding
from onboarding.use_cases.tokens import token_for


async def token_for_subject(app: Onboarding, provider_token: str) -> Token:
    """The market's token for whoever the provider's token proves; it never outlives that one."""
    proven = await _provider(app).prove(provider_token)
    async with app.work(None) as work:
        identity = await work.outside_identities.live(proven.issuer, proven.subject)
        if identity is None:
            raise IdentityNotBound(issuer=proven.issuer, subject=proven.subject)
        party = await work.parties.hold(identity.party_id)
        member = await work.members.hold(identity.member_id)
        party.must_not_be_suspended()
        if member.state is not MemberState.ACTIVE:
            raise CredentialsWrong
        left = max(1, proven.ends_at_seconds - int(work.machine_now.timestamp()))
        return await token_for(app, work, member_as_caller(member, party, ""), seconds_max=left)


async def bind_identity(
    app: Onboarding, caller: Caller, once: Ticket, party_id: str, member_id: str, subject: str
) -> OutsideIdentity:
    """The provider's subject acts as this member from now on."""
    issuer = _provider(app).issuer
    async with app.work(once) as work:
        await work.parties.hold(party_id)
        member = await work.members.of_party(party_id, member_id)
        identity = OutsideIdentity.bind(member, issuer, subject, caller.subject_id, at=work.machine_now)
        await work.outside_identities.add(identity)
        return work.settle(identity)


async def unbind_identity(app: Onboarding, caller: Caller, once: Ticket, identity_id: str) -> OutsideIdentity:
    """The subject gets no more tokens; that it was bound stays on record."""
    async with app.work(once) as work:
        identity = await work.outside_identities.of_party(caller.party_id, identity_id)
        identity.ended_at = work.machine_now
        await work.outside_identities.end(identity)
        return work.settle(identity)


async def identities(app: Onboarding, party_id: str, limit: int, after: str) -> Sequence[OutsideIdentity]:
    """Who may come in for the party by the outside provider, oldest first; the unbound ones too."""
    async with app.work(None) as work:
        return await work.outside_identities.page(party_id, limit, after)


def _provider(app: Onboarding) -> IdentityProvider:
    if app.provider is None:
        raise NoOutsideProvider
    return app.provider
