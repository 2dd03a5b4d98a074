"""What onboarding needs of the outside, and the record of it all."""

# long: a list of needs, each of a line or two, is found fastest in one place

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from kernel.work import Ticket
from onboarding.domain.clock import ClockRules, ClockSetting
from onboarding.domain.keys import PartyKey
from onboarding.domain.member import Client, Member
from onboarding.domain.outside_identity import OutsideIdentity, ProvenSubject
from onboarding.domain.party import Party, PartyState
from onboarding.domain.person import Person
from onboarding.domain.session import Assertion, Attempts, Session
from onboarding.domain.signing import SigningKey

Result = TypeVar("Result")


class Parties(Protocol):
    """Organisations. ``hold`` keeps the row as it is until the transaction ends."""

    async def add(self, party: Party) -> None:
        """Keep a new one; refused when its credit code is taken."""

    async def get(self, party_id: str) -> Party:
        """The party of this id; refused when there is none."""

    async def hold(self, party_id: str) -> Party:
        """As ``get``; nobody can change it until the transaction ends."""

    async def save(self, party: Party) -> None:
        """Keep what was decided, unless somebody else decided meanwhile."""

    async def only_operators(self) -> bool:
        """Whether nobody but market operators ever applied."""

    async def page(self, state: PartyState | None, limit: int, after: str) -> Sequence[Party]:
        """Organisations in the order they applied."""


class People(Protocol):
    """Natural persons, found by their pseudonym."""

    async def add(self, person: Person) -> None:
        """Keep a new one; two at once of the same pseudonym: the later must look again."""

    async def by_pseudonym(self, pseudonym: str, *, lock: bool = False) -> Person | None:
        """The person; ``lock``: whom nobody can change until the transaction ends."""

    async def save(self, person: Person) -> None:
        """Keep which statement was used last."""


class Members(Protocol):
    """People who act for a party."""

    async def add(self, member: Member) -> None:
        """Keep a new one; refused when somebody has the user name."""

    async def of_party(self, party_id: str, member_id: str) -> Member:
        """The party's member of this id; refused when there is none."""

    async def hold(self, member_id: str) -> Member:
        """The member, whom nobody can change until the transaction ends."""

    async def by_username(self, username: str) -> Member | None:
        """The member of this user name."""

    async def administrators_left(self, party_id: str) -> int:
        """How many active members can manage the party."""

    async def give_administrators(self, party_id: str, roles: frozenset[str]) -> None:
        """Whoever manages the party gets these roles too."""

    async def save(self, member: Member) -> None:
        """Keep the state."""

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[Member]:
        """The party's members, oldest first."""


class Clients(Protocol):
    """Machines that act for a party."""

    async def add(self, client: Client) -> None:
        """Keep a new one."""

    async def find(self, client_id: str) -> Client | None:
        """The client of this id, whosever it is."""

    async def of_party(self, party_id: str, client_id: str) -> Client:
        """The party's client of this id; refused when there is none."""

    async def save(self, client: Client) -> None:
        """Keep the state and the secret's digest."""

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[Client]:
        """The party's clients, oldest first."""


class PartyKeys(Protocol):
    """The public keys of all parties."""

    async def add(self, key: PartyKey) -> None:
        """Keep a new one; refused when it was registered before."""

    async def find(self, key_id: str) -> PartyKey | None:
        """The key of this id, whosever it is."""

    async def in_use(self, party_id: str) -> Sequence[PartyKey]:
        """The party's keys that were not replaced."""

    async def newest(self, party_id: str, limit: int) -> Sequence[PartyKey]:
        """The party's keys, newest first, the replaced ones too."""

    async def end(self, key: PartyKey) -> None:
        """Keep that it was replaced, unless somebody replaced it meanwhile."""

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[PartyKey]:
        """The party's keys, oldest first, the replaced ones too."""


class Sessions(Protocol):
    """Live and ended sessions."""

    async def add(self, session: Session) -> None:
        """Keep a new one."""

    async def by_token(self, token_sha256: str) -> Session | None:
        """The session that this token belongs to."""

    async def end(self, session_id: str) -> bool:
        """End one; whether it was live."""

    async def end_of_member(self, member_id: str) -> None:
        """End all of a person's."""

    async def end_of_party(self, party_id: str) -> None:
        """End all of a party's people's."""


class OutsideIdentities(Protocol):
    """Subjects of the outside provider, and the members they act as."""

    async def add(self, identity: OutsideIdentity) -> None:
        """Keep a new one; refused while the subject is bound."""

    async def live(self, issuer: str, subject: str) -> OutsideIdentity | None:
        """Whom the subject is bound to now."""

    async def of_party(self, party_id: str, identity_id: str) -> OutsideIdentity:
        """The party's live one of this id; refused when there is none."""

    async def end(self, identity: OutsideIdentity) -> None:
        """Keep that it was unbound."""

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[OutsideIdentity]:
        """The party's, oldest first, the unbound ones too."""


class Doors(Protocol):
    """What keeps the doors from being forced: counted attempts, assertions used."""

    async def count_attempt(self, username: str) -> Attempts:
        """Count one more in the running window, or begin a new window."""

    async def forget_attempts(self, username: str) -> None:
        """The right password wipes the slate."""

    async def use(self, party_id: str, assertion: Assertion) -> None:
        """Mark an assertion as used; refused when it was."""

    async def forget_lapsed(self) -> int:
        """Drop what can no longer matter; how many rows went."""


class SigningKeys(Protocol):
    """The pairs that sign market tokens."""

    async def active(self) -> SigningKey | None:
        """The one that signs now."""

    async def take_turn(self) -> None:
        """Nobody else makes or retires a key until the transaction ends."""

    async def add(self, key: SigningKey) -> None:
        """Keep a new one, its private half sealed."""

    async def retire(self, kid: str, at: datetime) -> None:
        """It signs no more, and its private half is gone for good."""

    async def published(self) -> Sequence[SigningKey]:
        """The active one and those whose last token may not have ended."""


class MarketClock(Protocol):
    """The pair last set, and which services do not hold it yet."""

    async def take_turn(self) -> datetime:
        """Nobody else moves the clock until the transaction ends; business time as it is once it is our turn."""

    async def set(self, business_at: datetime, machine_at: datetime, services: Sequence[str]) -> ClockSetting:
        """Keep the pair, on this service's own clock too, with the services that are to hear of it."""

    async def newest(self) -> ClockSetting | None:
        """The pair set last, if ever one was."""

    async def pending(self) -> Sequence[str]:
        """The services that do not hold it yet."""

    async def held(self, service: str, revision: int) -> None:
        """A service holds this setting; a newer one it has still to hear of stays."""


class Work(Protocol):
    """One transaction of onboarding. ``now`` is business time, ``machine_now`` the database's own."""

    now: datetime
    machine_now: datetime
    parties: Parties
    people: People
    members: Members
    clients: Clients
    keys: PartyKeys
    outside_identities: OutsideIdentities
    sessions: Sessions
    doors: Doors
    signing_keys: SigningKeys
    market_clock: MarketClock

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """See ``kernel.work``."""

    def settle(self, result: Result) -> Result:
        """See ``kernel.work``."""

    def promise(self, resource: str) -> None:
        """See ``kernel.work``."""

    async def bar(self, party_id: str) -> None:
        """See ``kernel.work``."""

    async def unbar(self, party_id: str) -> None:
        """See ``kernel.work``."""


class Passwords(Protocol):
    """Slow hashes, made away from the event loop; refuses when too many are asked for at once."""

    async def digest(self, password: str) -> str:
        """The hash with its salt and parameters."""

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the password has this hash; without a hash it takes as long, and does not fit."""


class IdentityProvider(Protocol):
    """Who vouches for people outside the market."""

    @property
    def issuer(self) -> str:
        """Whose subjects may be bound."""

    async def prove(self, token: str) -> ProvenSubject:
        """Whom the token proves; refused with what is wrong with it, or when the provider's keys cannot be had."""


class Clocks(Protocol):
    """The clocks of the other services."""

    @property
    def names(self) -> Sequence[str]:
        """Which services there are."""

    async def set(self, service: str, setting: ClockSetting) -> None:
        """Have a service keep the pair; one that keeps a later pair already is left alone."""


@dataclass(frozen=True)
class Rules:
    """What an operator of this deployment decided."""

    clock: ClockRules
    session_lasts: timedelta
    token_seconds: int
    operator_name: str
    operator_credit_code: str


@dataclass(frozen=True)
class Onboarding:
    """All that onboarding's operations need."""

    work: Callable[[Ticket], AbstractAsyncContextManager[Work]]
    passwords: Passwords
    provider: IdentityProvider | None
    clocks: Clocks
    rules: Rules
