"""Logging in and asking for tokens, over HTTP."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from kernel.web import PUBLIC, CallerOf, Code, Jws, Router, Shape, View, allow
from onboarding.domain.session import Stay, Token
from onboarding.inbound.http.given import NO_STORE, Password, Ports, Username
from onboarding.use_cases import outside_identities, sessions, tokens

router = Router(tags=["sessions"])
Secret = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]
ProviderToken = Annotated[str, StringConstraints(min_length=1, max_length=16384, pattern=r"^[\x21-\x7e]+$")]


class Login(Shape):
    """A person's credentials."""

    username: Username
    password: Password


class Renewal(Shape):
    """The token that the session began with."""

    session_token: Secret


class ClientGrant(Shape):
    """A machine's credentials."""

    grant_type: Literal["client_credentials"]
    client_id: Code
    client_secret: Secret


class KeyGrant(Shape):
    """A party's or person's signed wish."""

    grant_type: Literal["key"]
    party_id: Code
    assertion: Jws


class ProviderGrant(Shape):
    """A token of the outside identity provider."""

    grant_type: Literal["provider_token"]
    provider_token: ProviderToken


Grant = Annotated[ClientGrant | KeyGrant | ProviderGrant, Field(discriminator="grant_type")]


class TokenView(View):
    """A market token, with what it says."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int
    party_id: str
    subject_id: str
    roles: list[str]

    @classmethod
    def of(cls, token: Token) -> Self:
        """From the token."""
        return cls(
            access_token=token.access_token, expires_in=token.expires_in, party_id=token.party_id,
            subject_id=token.subject_id, roles=list(token.roles),
        )  # fmt: skip


class SessionView(TokenView):
    """A session; its own token is shown when it begins."""

    session_id: str
    session_token: str | None
    session_ends_at: datetime

    @classmethod
    def of(cls, stay: Stay) -> Self:  # type: ignore[override]  # made from more than its parent
        """From the session and its token."""
        return cls(
            **TokenView.of(stay.token).model_dump(), session_id=stay.session.id, session_token=stay.session_token,
            session_ends_at=stay.session.ends_at,
        )  # fmt: skip


@router.post("/sessions", status_code=201, dependencies=[PUBLIC, NO_STORE])
async def open_session(login: Login, onboarding: Ports) -> SessionView:
    """Log in."""
    return SessionView.of(await sessions.open_session(onboarding, login.username, login.password))


@router.post("/sessions/mine:renew", dependencies=[PUBLIC, NO_STORE])
async def renew_session(renewal: Renewal, onboarding: Ports) -> SessionView:
    """A fresh access token for a session that is live."""
    return SessionView.of(await sessions.renew_session(onboarding, renewal.session_token))


@router.delete("/sessions/mine", status_code=204, dependencies=[allow()])
async def end_session(onboarding: Ports, caller: CallerOf) -> None:
    """Log out."""
    await sessions.end_session(onboarding, caller)


@router.post("/tokens", dependencies=[PUBLIC, NO_STORE])
async def ask_for_token(grant: Grant, onboarding: Ports) -> TokenView:
    """A market token for a machine, for whoever signs with a registered key, or comes from the outside provider."""
    if isinstance(grant, ClientGrant):
        return TokenView.of(await tokens.token_for_client(onboarding, grant.client_id, grant.client_secret))
    if isinstance(grant, ProviderGrant):
        return TokenView.of(await outside_identities.token_for_subject(onboarding, grant.provider_token))
    return TokenView.of(await tokens.token_for_key(onboarding, grant.party_id, grant.assertion))
