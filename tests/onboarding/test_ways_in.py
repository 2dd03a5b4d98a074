"""Whichever way a person comes in, by password or by an outside provider, the market keeps the same promises."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.conftest import StartService
from tests.onboarding.building import PASSWORD, Onboarded, Organisation, refused, start_onboarding
from tests.onboarding.provider import Provider


class ByPassword:
    """User name and password."""

    def __init__(self, onboarding: Onboarded) -> None:
        self.onboarding = onboarding

    async def prepare(self, organisation: Organisation, member_id: str) -> None:
        """The password was set when the member joined."""

    async def enter(self, username: str) -> httpx.Response:
        """Log in."""
        credentials = {"username": username, "password": PASSWORD}
        return await self.onboarding.public.post("/sessions", json=credentials)


class ByProvider:
    """A token of the outside provider; there the person's subject is the user name."""

    def __init__(self, onboarding: Onboarded, provider: Provider) -> None:
        self.onboarding, self.provider = onboarding, provider
        self.names: dict[str, str] = {}

    async def prepare(self, organisation: Organisation, member_id: str) -> None:
        """Bind the subject."""
        admin = await organisation.log_in()
        members = (await admin.get("/parties/mine/members")).json()["items"]
        name = next(one["username"] for one in members if one["member_id"] == member_id)
        answer = await admin.post("/parties/mine/identities", json={"member_id": member_id, "subject": name})
        assert answer.status_code == 201, answer.text

    async def enter(self, username: str) -> httpx.Response:
        """Exchange a fresh token."""
        grant = {"grant_type": "provider_token", "provider_token": self.provider.token(username)}
        return await self.onboarding.public.post("/tokens", json=grant)


Way = ByPassword | ByProvider


@pytest.fixture(params=["by password", "by an outside provider"])
async def way(
    request: pytest.FixtureRequest, service: StartService, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Way]:
    with Provider().running() as provider:
        monkeypatch.setenv("YAOSU_ONBOARDING_OIDC_ISSUER", provider.issuer)
        onboarding = await start_onboarding(service)
        yield ByPassword(onboarding) if request.param == "by password" else ByProvider(onboarding, provider)


async def colleague(way: Way, *roles: str) -> tuple[Organisation, str, str]:
    """A party, and the name and id of a member who may come in."""
    party = await way.onboarding.party("provider", "buyer")
    admin = await party.log_in()
    name = f"colleague-{party.id[-8:]}"
    joining = {"username": name, "password": PASSWORD, "display_name": "李", "roles": list(roles or ["buyer"])}
    member = (await admin.post("/parties/mine/members", json=joining)).json()["member_id"]
    await way.prepare(party, member)
    return party, name, member


def said(token: str) -> dict[str, Any]:
    """The token's claims."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


async def test_the_token_says_who_for_whom_with_which_roles_for_ten_minutes_at_most(way: Way) -> None:
    party, name, member = await colleague(way)
    answer = await way.enter(name)
    assert answer.status_code in {200, 201}, answer.text
    claims = said(answer.json()["access_token"])
    assert (claims["sub"], claims["party"], claims["roles"]) == (member, party.id, ["buyer"])
    assert (claims["iss"], claims["aud"]) == ("yaosu:onboarding", "yaosu")
    assert 0 < claims["exp"] - claims["iat"] <= 600


async def test_a_suspension_bites_at_once_for_tokens_in_hand_and_for_new_ones(way: Way) -> None:
    party, name, _ = await colleague(way)
    client = way.onboarding.client((await way.enter(name)).json()["access_token"])
    assert (await client.get("/parties/mine")).status_code == 200
    await way.onboarding.decide(party.id, "suspend")
    refused(await client.get("/parties/mine"), "party-barred", 403)
    refused(await way.enter(name), "party-barred", 403)
    await way.onboarding.decide(party.id, "reinstate")
    assert (await way.enter(name)).status_code in {200, 201}


async def test_a_disabled_member_gets_no_new_token(way: Way) -> None:
    party, name, member = await colleague(way)
    assert (await way.enter(name)).status_code in {200, 201}
    admin = await party.log_in()
    assert (await admin.post(f"/parties/mine/members/{member}:disable")).status_code == 200
    refused(await way.enter(name), "credentials-wrong", 401)


async def test_whoever_is_not_known_is_not_let_in(way: Way) -> None:
    await colleague(way)
    answer = await way.enter("nobody-here")
    assert answer.status_code in {401, 403}
    assert "access_token" not in answer.json()


async def test_nothing_that_was_shown_at_the_door_is_kept(way: Way) -> None:
    _, name, _ = await colleague(way)
    answer = await way.enter(name)
    shown = json.loads(answer.request.content)
    kept = await way.onboarding.everything_kept()
    for secret in (answer.json()["access_token"], shown.get("password"), shown.get("provider_token")):
        assert secret is None or secret not in kept
