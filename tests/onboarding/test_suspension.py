"""Suspension bites at once, in everything the party could do."""

import asyncio

from tests.onboarding.building import PASSWORD, Key, Onboarded, refused
from yaosu.onboarding.v1 import events_pb2 as told


async def test_a_suspended_party_can_do_nothing(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    admin, key = await party.log_in(), await party.register_key()
    made = (await admin.post("/parties/mine/clients", json={"name": "m", "roles": ["provider"]})).json()
    credentials = {"username": party.username, "password": PASSWORD}
    session = (await onboarding.public.post("/sessions", json=credentials)).json()
    assert (await onboarding.decide(party.id, "suspend")).json()["state"] == "SUSPENDED"

    renewal = {"session_token": session["session_token"]}
    refused(await admin.get("/parties/mine"), "party-barred", 403)
    refused(await onboarding.public.post("/sessions", json=credentials), "party-barred", 403)
    refused(await onboarding.public.post("/sessions/mine:renew", json=renewal), "party-barred", 403)
    secret = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    grant = {"grant_type": "client_credentials", **secret}
    refused(await onboarding.public.post("/tokens", json=grant), "party-barred", 403)
    wish = {"grant_type": "key", "party_id": party.id, "assertion": key.assertion(party.id)}
    refused(await onboarding.public.post("/tokens", json=wish), "party-barred", 403)
    new = Key()
    body = {"jwk": new.jwk, "proof": new.proof(party.id)}
    refused(await admin.post("/parties/mine/keys", json=body), "party-barred", 403)
    assert await onboarding.running.violations() == []


async def test_a_reinstated_party_logs_in_anew(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    session = (
        await onboarding.public.post("/sessions", json={"username": party.username, "password": PASSWORD})
    ).json()
    await onboarding.decide(party.id, "suspend")
    assert (await onboarding.decide(party.id, "reinstate")).json()["roles"] == ["provider"]
    renewal = {"session_token": session["session_token"]}
    refused(await onboarding.public.post("/sessions/mine:renew", json=renewal), "session-ended", 401)
    assert (await (await party.log_in()).get("/parties/mine")).json()["state"] == "APPROVED"
    kinds = [type(event) for event in await onboarding.running.told()][-2:]
    assert kinds == [told.PartySuspended, told.PartyReinstated]


async def test_no_login_slips_in_behind_a_suspension(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    credentials = {"username": party.username, "password": PASSWORD}
    logins = [onboarding.public.post("/sessions", json=credentials) for _ in range(5)]
    answers = await asyncio.gather(*logins, onboarding.decide(party.id, "suspend"))
    assert answers[-1].status_code == 200
    assert await onboarding.running.violations() == []
    for answer in answers[:-1]:
        if answer.status_code == 201:
            client = onboarding.client(answer.json()["access_token"])
            refused(await client.get("/parties/mine"), "party-barred", 403)


async def test_the_operator_cannot_suspend_itself(onboarding: Onboarded) -> None:
    own = (await onboarding.operator.get("/parties/mine")).json()["party_id"]
    refused(await onboarding.decide(own, "suspend"), "operator-must-stand", 409)


async def test_two_operators_suspend_a_party_once(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    answers = await asyncio.gather(*(onboarding.decide(party.id, "suspend") for _ in range(3)))
    assert min(answer.status_code for answer in answers) == 200
    assert all(answer.status_code in {409, 412} for answer in answers if answer.status_code != 200)
    suspended = [event for event in await onboarding.running.told() if isinstance(event, told.PartySuspended)]
    assert len(suspended) == 1
