"""Subjects of the outside identity provider, bound to members, over HTTP."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import StringConstraints

from kernel.web import CallerOf, Code, OnceKey, PageOf, Router, Shape, View, allow
from onboarding.domain.outside_identity import SUBJECT_CHARACTERS_MAX, OutsideIdentity
from onboarding.inbound.http.given import Id, Listing, Ports, listing
from onboarding.use_cases import outside_identities

router = Router(prefix="/parties", tags=["members"])
ADMINISTRATOR = allow("admin")
OPERATOR = allow("operator")
# The provider chooses it; it is compared, never read.
Subject = Annotated[str, StringConstraints(min_length=1, max_length=SUBJECT_CHARACTERS_MAX, pattern=r"^[\x20-\x7e]+$")]


class Binding(Shape):
    """Which member the provider's subject acts as."""

    member_id: Code
    subject: Subject


class IdentityView(View):
    """A subject that is, or was, bound."""

    identity_id: str
    issuer: str
    subject: str
    member_id: str
    bound_by: str
    bound_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, identity: OutsideIdentity) -> Self:
        """From the identity."""
        shown = {name: value for name, value in vars(identity).items() if name not in {"id", "party_id"}}
        return cls(identity_id=identity.id, **shown)


@router.post("/mine/identities", status_code=201, dependencies=[ADMINISTRATOR])
async def bind_own(binding: Binding, onboarding: Ports, caller: CallerOf, once: OnceKey) -> IdentityView:
    """A member of one's own party may come in by the outside provider."""
    party_id, member_id = caller.party_id, binding.member_id
    bound = await outside_identities.bind_identity(onboarding, caller, once, party_id, member_id, binding.subject)
    return IdentityView.of(bound)


@router.post("/{party_id}/identities", status_code=201, dependencies=[OPERATOR])
async def bind_for(party_id: Id, binding: Binding, onboarding: Ports, caller: CallerOf, once: OnceKey) -> IdentityView:
    """The operator binds a subject to a party's member, such as a party's first administrator."""
    member_id, subject = binding.member_id, binding.subject
    bound = await outside_identities.bind_identity(onboarding, caller, once, party_id, member_id, subject)
    return IdentityView.of(bound)


@router.get("/mine/identities", dependencies=[ADMINISTRATOR])
async def read_own(onboarding: Ports, caller: CallerOf, page: PageOf) -> Listing[IdentityView]:
    """Who may come in for the party by the outside provider, and who could before."""
    found = await outside_identities.identities(onboarding, caller.party_id, page.limit, page.after)
    return listing([IdentityView.of(one) for one in found], page.limit, found[-1].id if found else "")


@router.post("/mine/identities/{identity_id}:unbind", dependencies=[ADMINISTRATOR])
async def unbind(identity_id: Id, onboarding: Ports, caller: CallerOf, once: OnceKey) -> IdentityView:
    """The subject gets no more tokens for this party."""
    return IdentityView.of(await outside_identities.unbind_identity(onboarding, caller, once, identity_id))
