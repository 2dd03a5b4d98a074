"""People and machines that act for a party."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kernel.ids import new_id
from onboarding.domain.party import Party
from onboarding.domain.refusals import ClientRevoked, MemberDisabled, PasswordTooWeak, RoleNotHeldByParty
from onboarding.domain.roles import ADMIN

PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 128
SECRET_BYTES = 32


class MemberState(StrEnum):
    """Whether a member may log in."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class ClientState(StrEnum):
    """Whether a client may fetch tokens."""

    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


@dataclass
class Member:
    """A person with a password. ``roles`` count as far as the party holds them."""

    id: str
    party_id: str
    username: str
    password_hash: str
    display_name: str
    roles: frozenset[str]
    state: MemberState = MemberState.ACTIVE
    version: int = 1

    @classmethod
    def administrator(cls, party: Party, username: str, password_hash: str) -> "Member":
        """Who applied: manages the party, and acts in the roles that it will be given."""
        roles = party.roles_wanted | {ADMIN}
        return cls(new_id("mbr"), party.id, username, password_hash, username, roles)

    @classmethod
    def join(
        cls, party: Party, username: str, password_hash: str, display_name: str, roles: frozenset[str]
    ) -> "Member":
        """A further member; refused roles that the party does not hold."""
        party.must_be_approved()
        checked = roles_of_party(party, roles)
        return cls(new_id("mbr"), party.id, username, password_hash, display_name, checked)

    def disable(self) -> None:
        """The person may no longer log in."""
        if self.state is not MemberState.ACTIVE:
            raise MemberDisabled
        self.state = MemberState.DISABLED


@dataclass
class Client:
    """A machine with a secret of 256 random bits, kept as its digest."""

    id: str
    party_id: str
    name: str
    secret_sha256: str
    roles: frozenset[str]
    state: ClientState = ClientState.ACTIVE
    version: int = 1

    @classmethod
    def make(cls, party: Party, name: str, roles: frozenset[str]) -> tuple["Client", str]:
        """A new client and its secret, which is shown once."""
        party.must_be_approved()
        secret = secrets.token_urlsafe(SECRET_BYTES)
        return cls(new_id("cli"), party.id, name, digest_of(secret), roles_of_party(party, roles)), secret

    def opens_with(self, secret: str) -> bool:
        """Whether this is the client's secret and the client is not revoked."""
        return hmac.compare_digest(self.secret_sha256, digest_of(secret)) and self.state is ClientState.ACTIVE

    def revoke(self) -> None:
        """The machine may fetch no more tokens."""
        if self.state is not ClientState.ACTIVE:
            raise ClientRevoked
        self.state = ClientState.REVOKED


def roles_of_party(party: Party, roles: Iterable[str]) -> frozenset[str]:
    """The roles as a set; refused when the party does not hold one of them."""
    asked = frozenset(roles)
    if not asked <= party.roles | {ADMIN}:
        raise RoleNotHeldByParty(
            roles_not_held=sorted(asked - party.roles - {ADMIN}), roles_held=sorted(party.roles | {ADMIN})
        )
    return asked


def check_password(username: str, password: str) -> None:
    """Refuse a password that would not stand (length as in NIST SP 800-63B-4; no rules of composition)."""
    length = len(password)
    if not PASSWORD_CHARACTERS_MIN <= length <= PASSWORD_CHARACTERS_MAX or password.casefold() == username.casefold():
        raise PasswordTooWeak(characters_min=PASSWORD_CHARACTERS_MIN, characters_max=PASSWORD_CHARACTERS_MAX)


def digest_of(secret: str) -> str:
    """How a random secret is kept: it has too many bits to be guessed from its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()
