"""An outside provider's token opens the market only for whom it was bound, and only when all about it is right."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from onboarding.outbound import provider as adapter
from tests.conftest import StartService
from tests.onboarding.building import Onboarded, Organisation, refused, start_onboarding
from tests.onboarding.provider import Provider

SUBJECT = "f3b1c0de-0001-4000-8000-000000000001"


@pytest.fixture
def provider() -> Any:
    with Provider().running() as running:
        yield running


@pytest.fixture
async def onboarding(service: StartService, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Onboarded:
    monkeypatch.setenv("YAOSU_ONBOARDING_OIDC_ISSUER", provider.issuer)
    return await start_onboarding(service)


async def exchange(onboarding: Onboarded, token: str):
    """The provider's token for the market's."""
    return await onboarding.public.post("/tokens", json={"grant_type": "provider_token", "provider_token": token})


async def bound(onboarding: Onboarded, subject: str = SUBJECT) -> Organisation:
    """A party whose administrator bound the subject to itself."""
    party = await onboarding.party("provider", "buyer")
    admin = await party.log_in()
    member = (await admin.get("/parties/mine/members")).json()["items"][0]["member_id"]
    answer = await admin.post("/parties/mine/identities", json={"member_id": member, "subject": subject})
    assert answer.status_code == 201, answer.text
    return party


async def test_a_bound_subject_gets_the_markets_own_token(onboarding: Onboarded, provider: Provider) -> None:
    party = await bound(onboarding)
    answer = await exchange(onboarding, provider.token(SUBJECT))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["party_id"], given["roles"]) == (party.id, ["admin", "buyer", "provider"])
    client = onboarding.client(given["access_token"])
    assert (await client.get("/parties/mine")).json()["party_id"] == party.id


async def test_the_markets_token_does_not_outlive_the_providers(onboarding: Onboarded, provider: Provider) -> None:
    await bound(onboarding)
    answer = await exchange(onboarding, provider.token(SUBJECT, exp=int(time.time()) + 40))
    assert 30 <= answer.json()["expires_in"] <= 40
    answer = await exchange(onboarding, provider.token(SUBJECT, exp=int(time.time()) + 3000))
    assert answer.json()["expires_in"] == 600


async def test_a_subject_that_nobody_bound_is_told_so(onboarding: Onboarded, provider: Provider) -> None:
    problem = refused(await exchange(onboarding, provider.token("stranger")), "identity-not-bound", 403)
    assert (problem["issuer"], problem["subject"]) == (provider.issuer, "stranger")


def under(provider: Provider, **header: Any) -> str:
    """The right payload under another header, without a signature."""
    _, payload, _ = provider.token(SUBJECT).split(".")
    return f"{encoded(json.dumps({'typ': 'at+jwt', 'kid': provider.kid, **header}).encode())}.{payload}."


def unsigned(provider: Provider) -> str:
    """With algorithm none."""
    return under(provider, alg="none")


def demanding(provider: Provider) -> str:
    """With a member that whoever reads it must understand."""
    return under(provider, alg="RS256", crit=["b64"], b64=True)


def by_shared_secret(provider: Provider) -> str:
    """The provider's public key, mistaken for a secret that both sides share."""
    _, payload, _ = provider.token(SUBJECT).split(".")
    header = encoded(json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": provider.kid}).encode())
    public = provider.keys[provider.kid].as_pem(private=False)
    return f"{header}.{payload}.{encoded(hmac.digest(public, f'{header}.{payload}'.encode(), 'sha256'))}"


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tampered(provider: Provider) -> str:
    """Another subject under the first one's signature."""
    (header, _, signature), (_, other, _) = provider.token(SUBJECT).split("."), provider.token("other").split(".")
    return f"{header}.{other}.{signature}"


NOW = int(time.time())
WRONG: dict[str, tuple[str, Callable[[Provider], str]]] = {
    "no signature": ("algorithm", unsigned),
    "our public key as a shared secret": (
        "algorithm", by_shared_secret),
    "another algorithm of the same key": ("algorithm", lambda p: p.token(SUBJECT, header={"alg": "PS256"})),
    "an ID token": ("type", lambda p: p.token(SUBJECT, header={"typ": "JWT"})),
    "no type": ("type", lambda p: p.token(SUBJECT, header={"typ": None})),
    "a key nobody published": ("key_unknown", lambda p: p.token(SUBJECT, header={"kid": "another"})),
    "no key named": ("key_unnamed", lambda p: p.token(SUBJECT, header={"kid": None})),
    "a key of its own under our key's name": (
        "signature", lambda p: p.token(SUBJECT, key=RSAKey.generate_key(2048, auto_kid=False))),
    "a changed payload": ("signature", tampered),
    "another issuer": ("issuer", lambda p: p.token(SUBJECT, iss="https://elsewhere.example")),
    "a neighbour realm": ("issuer", lambda p: p.token(SUBJECT, iss=f"{p.issuer}2")),
    "made out for account": ("audience", lambda p: p.token(SUBJECT, aud="account")),
    "made out for others": ("audience", lambda p: p.token(SUBJECT, aud=["account", "yaosu-console"])),
    "made out for nobody": ("audience", lambda p: p.token(SUBJECT, aud=None)),
    "expired": ("expired", lambda p: p.token(SUBJECT, iat=NOW - 900, exp=NOW - 120)),
    "issued in the future": ("not_yet_valid", lambda p: p.token(SUBJECT, iat=NOW + 600, exp=NOW + 900)),
    "not valid yet": ("not_yet_valid", lambda p: p.token(SUBJECT, nbf=NOW + 600)),
    "a day old, good for a month": ("too_old", lambda p: p.token(SUBJECT, iat=NOW - 86400, exp=NOW + 30 * 86400)),
    "without an end": ("times", lambda p: p.token(SUBJECT, exp=None)),
    "without a subject": ("subject", lambda p: p.token(SUBJECT, sub=None)),
    "a subject that is no text": ("subject", lambda p: p.token(SUBJECT, sub="a\nb")),
    "a header that must be understood": ("critical_header", demanding),
    "no token at all": ("malformed", lambda p: "three.bare.words"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_token_is_refused_for_what_is_wrong(onboarding: Onboarded, provider: Provider, name: str) -> None:
    problem, make = WRONG[name]
    answer = refused(await exchange(onboarding, make(provider)), "provider-token-refused", 401)
    assert answer["problem"] == problem


async def test_a_new_key_of_the_provider_is_found_and_the_old_one_is_over(
    onboarding: Onboarded, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "REFETCH_SECONDS", 0.0)
    await bound(onboarding)
    before = provider.token(SUBJECT)
    assert (await exchange(onboarding, before)).status_code == 200
    provider.rotate()
    assert (await exchange(onboarding, provider.token(SUBJECT))).status_code == 200
    refused(await exchange(onboarding, before), "provider-token-refused", 401)


async def test_keys_are_kept_and_unknown_ones_make_no_flood(onboarding: Onboarded, provider: Provider) -> None:
    await bound(onboarding)
    for _ in range(3):
        assert (await exchange(onboarding, provider.token(SUBJECT))).status_code == 200
    assert len(provider.asked) == 2, "discovery and keys"
    for turn in range(5):
        await exchange(onboarding, provider.token(SUBJECT, header={"kid": f"unknown-{turn}"}))
    assert len(provider.asked) == 2, "the last look is too fresh to look again"


async def test_nobody_is_let_in_while_the_provider_cannot_be_asked(onboarding: Onboarded, provider: Provider) -> None:
    await bound(onboarding)
    token = provider.token(SUBJECT)
    provider.stop()
    answer = await exchange(onboarding, token)
    refused(answer, "provider-away", 503)
    assert answer.headers["retry-after"]


async def test_keys_that_were_kept_too_long_are_not_believed(
    onboarding: Onboarded, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bound(onboarding)
    assert (await exchange(onboarding, provider.token(SUBJECT))).status_code == 200
    token = provider.token(SUBJECT)
    provider.stop()
    assert (await exchange(onboarding, token)).status_code == 200, "keys fetched a moment ago hold"
    monkeypatch.setattr(adapter, "KEPT_SECONDS", 0.0)
    refused(await exchange(onboarding, token), "provider-away", 503)


@pytest.mark.parametrize("answer", [b"[]", b"{", b'{"keys": []}' + b" " * adapter.DOCUMENT_BYTES_MAX, b"{}"])
async def test_a_provider_that_talks_nonsense_lets_nobody_in(
    onboarding: Onboarded, provider: Provider, answer: bytes
) -> None:
    provider.answer = answer
    refused(await exchange(onboarding, provider.token(SUBJECT)), "provider-away", 503)


async def test_a_provider_that_sends_us_elsewhere_is_not_followed(onboarding: Onboarded, provider: Provider) -> None:
    provider.status = 302
    refused(await exchange(onboarding, provider.token(SUBJECT)), "provider-away", 503)


async def test_a_subject_is_bound_to_one_member_and_can_be_unbound(onboarding: Onboarded, provider: Provider) -> None:
    party, other = await bound(onboarding), await onboarding.party()
    theirs = await other.log_in()
    member = (await theirs.get("/parties/mine/members")).json()["items"][0]["member_id"]
    again = await theirs.post("/parties/mine/identities", json={"member_id": member, "subject": SUBJECT})
    refused(again, "identity-already-bound", 409)

    admin = await party.log_in()
    identity = (await admin.get("/parties/mine/identities")).json()["items"][0]
    assert (identity["subject"], identity["bound_by"]) == (SUBJECT, identity["member_id"])
    place = f"/parties/mine/identities/{identity['identity_id']}:unbind"
    refused(await theirs.post(place), "identity-unknown", 404)
    assert (await admin.post(place)).json()["ended_at"]
    refused(await admin.post(place), "identity-unknown", 404)
    refused(await exchange(onboarding, provider.token(SUBJECT)), "identity-not-bound", 403)
    again = await theirs.post("/parties/mine/identities", json={"member_id": member, "subject": SUBJECT})
    assert again.status_code == 201


async def test_the_operator_binds_for_any_party_and_nobody_else_does(onboarding: Onboarded, provider: Provider) -> None:
    party, other = await onboarding.party(), await onboarding.party()
    admin, theirs = await party.log_in(), await other.log_in()
    member = (await admin.get("/parties/mine/members")).json()["items"][0]["member_id"]
    body = {"member_id": member, "subject": SUBJECT}
    refused(await theirs.post(f"/parties/{party.id}/identities", json=body), "role-missing", 403)
    refused(await theirs.post("/parties/mine/identities", json=body), "member-unknown", 404)
    refused(await onboarding.operator.post(f"/parties/{other.id}/identities", json=body), "member-unknown", 404)
    assert (await onboarding.operator.post(f"/parties/{party.id}/identities", json=body)).status_code == 201
    assert (await exchange(onboarding, provider.token(SUBJECT))).json()["party_id"] == party.id


async def test_a_market_without_a_provider_says_so(service: StartService, provider: Provider) -> None:
    plain = await start_onboarding(service)
    refused(await exchange(plain, provider.token(SUBJECT)), "no-outside-provider", 404)
    party = await plain.party()
    member = {"member_id": "mbr_0", "subject": SUBJECT}
    refused(await (await party.log_in()).post("/parties/mine/identities", json=member), "no-outside-provider", 404)


async def test_a_provider_that_tells_its_tokens_apart_by_a_claim(
    service: StartService, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAOSU_ONBOARDING_OIDC_ISSUER", provider.issuer)
    monkeypatch.setenv("YAOSU_ONBOARDING_OIDC_TOKEN_TYPE", "JWT")
    monkeypatch.setenv("YAOSU_ONBOARDING_OIDC_CLAIMED_TYPE", "Bearer")
    like_keycloak = await start_onboarding(service)
    await bound(like_keycloak)
    header = {"typ": "JWT"}
    access = provider.token(SUBJECT, header=header, typ="Bearer", aud=["yaosu", "account"])
    assert (await exchange(like_keycloak, access)).status_code == 200
    identity = provider.token(SUBJECT, header=header, typ="ID")
    assert refused(await exchange(like_keycloak, identity), "provider-token-refused", 401)["problem"] == "type"
