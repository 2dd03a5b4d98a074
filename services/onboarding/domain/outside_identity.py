"""A subject of an outside identity provider, bound to a member of a party; and what the provider's token must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.ids import new_id
from onboarding.domain.doors import ProviderTokenRefused
from onboarding.domain.member import Member

SUBJECT_CHARACTERS_MAX = 255


@dataclass
class OutsideIdentity:
    """Who logs in over there as this subject acts here as that member, until it is unbound."""

    id: str
    issuer: str
    subject: str
    party_id: str
    member_id: str
    bound_by: str
    bound_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def bind(cls, member: Member, issuer: str, subject: str, by: str, *, at: datetime) -> "OutsideIdentity":
        """A new one, with who bound it."""
        return cls(new_id("oid"), issuer, subject, member.party_id, member.id, by, at)


@dataclass(frozen=True)
class ProvenSubject:
    """What a provider's token proved."""

    issuer: str
    subject: str
    ends_at_seconds: int


@dataclass(frozen=True)
class TokenRules:
    """What the tokens of the one provider must say. All times in seconds."""

    issuer: str
    audience: str
    algorithm: str
    token_type: str
    claimed_type: str
    leeway_seconds: int
    age_seconds_max: int


def check_header(header: Mapping[str, object], rules: TokenRules) -> str:
    """The id of the key; refused unless algorithm and type are the ones agreed, whatever else the token proposes."""
    if header.get("alg") != rules.algorithm:
        raise ProviderTokenRefused(problem="algorithm")
    if str(header.get("typ", "")).lower().removeprefix("application/") != rules.token_type.lower():
        raise ProviderTokenRefused(problem="type")
    if "crit" in header:
        raise ProviderTokenRefused(problem="critical_header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise ProviderTokenRefused(problem="key_unnamed")
    return kid


def check_claims(claims: Mapping[str, object], rules: TokenRules, *, now_seconds: float) -> ProvenSubject:
    """Whom a verified token proves; refused with the name of what is wrong with it."""
    if claims.get("iss") != rules.issuer:
        raise ProviderTokenRefused(problem="issuer")
    audience = claims.get("aud")
    if rules.audience not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderTokenRefused(problem="audience")
    # An ID token says to the application who logged in; it is no wish to act. Some providers give both one type.
    if rules.claimed_type and claims.get("typ") != rules.claimed_type:
        raise ProviderTokenRefused(problem="type")
    ends_at = _check_times(claims, rules, now_seconds)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARACTERS_MAX or not subject.isprintable():
        raise ProviderTokenRefused(problem="subject")
    return ProvenSubject(rules.issuer, subject, ends_at)


def _check_times(claims: Mapping[str, object], rules: TokenRules, now_seconds: float) -> int:
    times = {name: claims.get(name) for name in ("iat", "exp", "nbf") if name != "nbf" or "nbf" in claims}
    if not all(type(value) is int for value in times.values()):
        raise ProviderTokenRefused(problem="times")
    issued_at, ends_at, not_before = (int(str(times.get(name, 0))) for name in ("iat", "exp", "nbf"))
    if ends_at + rules.leeway_seconds <= now_seconds:
        raise ProviderTokenRefused(problem="expired")
    if max(issued_at, not_before) - rules.leeway_seconds > now_seconds:
        raise ProviderTokenRefused(problem="not_yet_valid")
    if now_seconds - issued_at > rules.age_seconds_max + rules.leeway_seconds:
        raise ProviderTokenRefused(problem="too_old")
    return ends_at
