"""Parties over HTTP."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import StringConstraints

from kernel.web import PUBLIC, CallerOf, Name, OnceKey, PageOf, Router, Shape, Text, View, allow
from onboarding.domain import party as domain
from onboarding.domain.party import Application, Party, PartyState
from onboarding.domain.roles import EntityKind
from onboarding.inbound.http.given import Id, Listing, Password, Ports, Roles, Username, listing
from onboarding.use_cases import parties

router = Router(prefix="/parties", tags=["parties"])
OrganisationKind = Literal["state_owned_enterprise", "private_enterprise", "public_institution"]


class Contact(Shape):
    """Whom to call."""

    name: Name
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 -]{5,24}$")]
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{3,120}$")]


class Administrator(Shape):
    """The person who manages the party."""

    username: Username
    password: Password


class PartyApplication(Shape):
    """What an organisation says of itself when it applies."""

    name: Name
    name_en: Name | None = None
    entity_kind: OrganisationKind
    # Its form is the domain's to check, which says what is wrong with it.
    credit_code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    roles_wanted: Roles
    contact: Contact
    administrator: Administrator


class Decision(Shape):
    """Why."""

    reason: Text


class Approval(Shape):
    """As what."""

    roles: Roles


class ContactView(View):
    """Whom to call."""

    name: str
    phone: str
    email: str


class PartyView(View):
    """A party, for itself and whoever oversees the market."""

    party_id: str
    name: str
    name_en: str
    entity_kind: EntityKind
    credit_code: str
    state: PartyState
    roles: list[str]
    roles_wanted: list[str]
    contact: ContactView | None
    reason: str
    applied_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, party: Party) -> Self:
        """From the party."""
        return cls(
            party_id=party.id, name=party.name, name_en=party.name_en, entity_kind=party.entity_kind,
            credit_code=party.credit_code, state=party.state, roles=sorted(party.roles),
            roles_wanted=sorted(party.roles_wanted),
            contact=ContactView.model_validate(party.contact) if party.contact else None,
            reason=party.reason, applied_at=party.applied_at, decided_at=party.decided_at,
        )  # fmt: skip


@router.post("", status_code=201, dependencies=[PUBLIC])
async def apply(applying: PartyApplication, onboarding: Ports, once: OnceKey) -> PartyView:
    """An organisation asks to take part and names its administrator."""
    application = Application(
        name=applying.name, name_en=applying.name_en or "", entity_kind=EntityKind(applying.entity_kind),
        credit_code=applying.credit_code, roles_wanted=frozenset(applying.roles_wanted),
        contact=domain.Contact(applying.contact.name, applying.contact.phone, applying.contact.email),
    )  # fmt: skip
    administrator = applying.administrator
    party = await parties.apply(onboarding, once, application, administrator.username, administrator.password)
    return PartyView.of(party)


@router.get("", dependencies=[allow("operator", "regulator")])
async def read_parties(
    onboarding: Ports, page: PageOf, state: Annotated[PartyState | None, Query()] = None
) -> Listing[PartyView]:
    """All organisations, in the order they applied."""
    found = await parties.parties(onboarding, state, page.limit, page.after)
    return listing([PartyView.of(party) for party in found], page.limit, found[-1].id if found else "")


@router.get("/mine", dependencies=[allow()])
async def read_own_party(onboarding: Ports, caller: CallerOf) -> PartyView:
    """The caller's own party."""
    return PartyView.of(await parties.party(onboarding, caller, caller.party_id))


@router.get("/{party_id}", dependencies=[allow()])
async def read_party(party_id: Id, onboarding: Ports, caller: CallerOf) -> PartyView:
    """A party: one's own, or any for the operator and the regulator."""
    return PartyView.of(await parties.party(onboarding, caller, party_id))


@router.post("/{party_id}:approve", dependencies=[allow("operator")])
async def approve_party(party_id: Id, approval: Approval, onboarding: Ports, once: OnceKey) -> PartyView:
    """Let a party in."""
    return PartyView.of(await parties.approve_party(onboarding, once, party_id, frozenset(approval.roles)))


@router.post("/{party_id}:refuse", dependencies=[allow("operator")])
async def refuse_party(party_id: Id, decision: Decision, onboarding: Ports, once: OnceKey) -> PartyView:
    """Turn an application down."""
    return PartyView.of(await parties.refuse_party(onboarding, once, party_id, decision.reason))


@router.post("/{party_id}:suspend", dependencies=[allow("operator")])
async def suspend_party(
    party_id: Id, decision: Decision, onboarding: Ports, caller: CallerOf, once: OnceKey
) -> PartyView:
    """Stop a party in whatever it does, at once."""
    return PartyView.of(await parties.suspend_party(onboarding, caller, once, party_id, decision.reason))


@router.post("/{party_id}:reinstate", dependencies=[allow("operator")])
async def reinstate_party(party_id: Id, onboarding: Ports, once: OnceKey) -> PartyView:
    """Let a suspended party go on."""
    return PartyView.of(await parties.reinstate_party(onboarding, once, party_id))
