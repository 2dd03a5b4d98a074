"""Members and clients of one's own party, over HTTP."""

from typing import Self

from kernel.web import CallerOf, Name, OnceKey, PageOf, Router, Shape, View, allow
from onboarding.domain.member import Client, ClientState, Member, MemberState
from onboarding.inbound.http.given import NO_STORE, Id, Listing, Password, Ports, Roles, Username, listing
from onboarding.use_cases import members
from onboarding.use_cases.members import ClientMade, NewMember

router = Router(prefix="/parties/mine", tags=["members"])
ADMINISTRATOR = allow("admin")


class Joining(Shape):
    """Who shall join, and as what."""

    username: Username
    password: Password
    display_name: Name
    roles: Roles


class ClientWish(Shape):
    """A machine and what it may do."""

    name: Name
    roles: Roles


class MemberView(View):
    """A person of the party."""

    member_id: str
    username: str
    display_name: str
    roles: list[str]
    state: MemberState

    @classmethod
    def of(cls, member: Member) -> Self:
        """From the member."""
        return cls(
            member_id=member.id, username=member.username, display_name=member.display_name,
            roles=sorted(member.roles), state=member.state,
        )  # fmt: skip


class ClientView(View):
    """A machine of the party."""

    client_id: str
    name: str
    roles: list[str]
    state: ClientState

    @classmethod
    def of(cls, client: Client) -> Self:
        """From the client."""
        return cls(client_id=client.id, name=client.name, roles=sorted(client.roles), state=client.state)


class ClientSecretView(ClientView):
    """A new machine with its secret, which is shown this once."""

    client_secret: str

    @classmethod
    def of(cls, made: ClientMade) -> Self:  # type: ignore[override]  # made from more than its parent
        """From the client and its secret."""
        shown = ClientView.of(made.client)
        return cls(**shown.model_dump(), client_secret=made.client_secret)


@router.post("/members", status_code=201, dependencies=[ADMINISTRATOR])
async def add_member(joining: Joining, onboarding: Ports, caller: CallerOf, once: OnceKey) -> MemberView:
    """A further person acts for the party."""
    wish = NewMember(joining.username, joining.password, joining.display_name, frozenset(joining.roles))
    return MemberView.of(await members.add_member(onboarding, caller, once, wish))


@router.get("/members", dependencies=[ADMINISTRATOR])
async def read_members(onboarding: Ports, caller: CallerOf, page: PageOf) -> Listing[MemberView]:
    """The party's people."""
    found = await members.members(onboarding, caller, page.limit, page.after)
    return listing([MemberView.of(member) for member in found], page.limit, found[-1].id if found else "")


@router.post("/members/{member_id}:disable", dependencies=[ADMINISTRATOR])
async def disable_member(member_id: Id, onboarding: Ports, caller: CallerOf, once: OnceKey) -> MemberView:
    """A person no longer acts for the party."""
    return MemberView.of(await members.disable_member(onboarding, caller, once, member_id))


@router.post(
    "/clients", status_code=201, dependencies=[ADMINISTRATOR, NO_STORE], openapi_extra={"x-secret-outcome": True}
)
async def make_client(wish: ClientWish, onboarding: Ports, caller: CallerOf, once: OnceKey) -> ClientSecretView:
    """A machine gets a secret of its own."""
    made = await members.make_client(onboarding, caller, once, wish.name, frozenset(wish.roles))
    return ClientSecretView.of(made)


@router.get("/clients", dependencies=[ADMINISTRATOR])
async def read_clients(onboarding: Ports, caller: CallerOf, page: PageOf) -> Listing[ClientView]:
    """The party's machines."""
    found = await members.clients(onboarding, caller, page.limit, page.after)
    return listing([ClientView.of(client) for client in found], page.limit, found[-1].id if found else "")


@router.post("/clients/{client_id}:revoke", dependencies=[ADMINISTRATOR])
async def revoke_client(client_id: Id, onboarding: Ports, caller: CallerOf, once: OnceKey) -> ClientView:
    """A machine gets no more tokens."""
    return ClientView.of(await members.revoke_client(onboarding, caller, once, client_id))
