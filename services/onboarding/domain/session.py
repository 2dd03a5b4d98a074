"""Sessions of people, the limit on wrong passwords, and what a machine signs to get a token. All on machine time."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.callers import Caller
from kernel.ids import new_id
from onboarding.domain.doors import AssertionMalformed, SessionEnded, TooManyAttempts
from onboarding.domain.member import SECRET_BYTES, Member, MemberState, digest_of
from onboarding.domain.party import Party
from onboarding.domain.signed import members_of

ATTEMPTS_MAX = 5
ATTEMPTS_WINDOW = timedelta(minutes=15)
ASSERTION_TYPE = "client-assertion+jws"
ASSERTION_SECONDS_MAX = 60
ASSERTION_SKEW_SECONDS = 5
AUDIENCE = "yaosu"
_ASSERTION_NAMES = frozenset({"party_id", "aud", "exp", "jti"})
_JTI = re.compile(r"[\x21-\x7e]{16,64}")


@dataclass
class Session:
    """A person's stay; the session token is kept as its digest only."""

    id: str
    party_id: str
    member_id: str
    token_sha256: str
    ends_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def open(cls, member: Member, lasting: timedelta, *, at: datetime) -> tuple["Session", str]:
        """A new session and its token, which is shown once."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        return cls(new_id("ses"), member.party_id, member.id, digest_of(token), at + lasting), token

    def must_be_live(self, *, at: datetime) -> None:
        """Refuse a session that was ended or whose time is over."""
        if self.ended_at is not None or self.ends_at <= at:
            raise SessionEnded


@dataclass(frozen=True)
class Attempts:
    """How often a user name was tried in the window that ends then."""

    count: int
    window_ends_at: datetime

    def must_be_few(self, *, at: datetime) -> None:
        """Refuse when there were too many."""
        if self.count > ATTEMPTS_MAX:
            raise TooManyAttempts(retry_after_seconds=max(1, round((self.window_ends_at - at).total_seconds())))


@dataclass(frozen=True)
class Assertion:
    """A party's signed wish for a token, used once."""

    jti: str
    expires_at_seconds: int

    @classmethod
    def read(cls, payload: bytes, party_id: str, *, at: datetime) -> "Assertion":
        """The assertion from its signed bytes; refused unless it is for us, of this party, and short-lived."""
        members = members_of(payload, _ASSERTION_NAMES)
        if members is None or (members["party_id"], members["aud"]) != (party_id, AUDIENCE):
            raise AssertionMalformed
        ends, jti = members["exp"], members["jti"]
        if type(ends) is not int or not isinstance(jti, str) or not _JTI.fullmatch(jti):
            raise AssertionMalformed
        left = ends - at.timestamp()
        if not -ASSERTION_SKEW_SECONDS < left <= ASSERTION_SECONDS_MAX + ASSERTION_SKEW_SECONDS:
            raise AssertionMalformed(now_at=at.isoformat())
        return cls(jti, ends)


@dataclass(frozen=True)
class Token:
    """A signed market token with what it says."""

    access_token: str
    expires_in: int
    party_id: str
    subject_id: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Stay:
    """A session as it is answered: the session token only when the session is new."""

    token: Token
    session: Session
    session_token: str | None


def member_as_caller(member: Member, party: Party, session_id: str) -> Caller:
    """Who the member is to the market; refused when the party is suspended or the member disabled."""
    party.must_not_be_suspended()
    if member.state is not MemberState.ACTIVE:
        raise SessionEnded
    return Caller(party.id, member.id, party.roles_in_force(member.roles), session_id)
