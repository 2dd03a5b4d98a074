"""Members and clients: who acts for a party, and as what."""

import secrets

from tests.onboarding.building import PASSWORD, Onboarded, refused


def _joining(**other):
    return {
        "username": f"member-{secrets.token_hex(4)}",
        "password": PASSWORD,
        "display_name": "李",
        "roles": ["provider"],
        **other,
    }


async def test_a_member_acts_in_its_roles_and_no_others(onboarding: Onboarded) -> None:
    party = await onboarding.party("provider", "buyer")
    admin = await party.log_in()
    joining = _joining(roles=["buyer"])
    answer = await admin.post("/parties/mine/members", json=joining)
    assert (answer.status_code, answer.json()["roles"]) == (201, ["buyer"])
    member = await party.log_in(joining["username"])
    refused(await member.post("/parties/mine/members", json=_joining()), "role-missing", 403)
    listed = (await admin.get("/parties/mine/members")).json()["items"]
    assert [row["username"] for row in listed] == [party.username, joining["username"]]
    assert listed[0]["roles"] == ["admin", "buyer", "provider"]


async def test_a_member_cannot_hold_what_its_party_does_not(onboarding: Onboarded) -> None:
    admin = await (await onboarding.party("provider")).log_in()
    problem = refused(
        await admin.post("/parties/mine/members", json=_joining(roles=["bank"])), "role-not-held-by-party", 422
    )
    assert problem["roles_held"] == ["admin", "provider"]
    for name, wrong in [("members", _joining(roles=["operator"])), ("clients", {"name": "m", "roles": ["operator"]})]:
        refused(await admin.post(f"/parties/mine/{name}", json=wrong), "role-not-held-by-party", 422)


async def test_a_disabled_member_is_out_at_once(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    admin = await party.log_in()
    joining = _joining()
    member_id = (await admin.post("/parties/mine/members", json=joining)).json()["member_id"]
    credentials = {"username": joining["username"], "password": PASSWORD}
    session = (await onboarding.public.post("/sessions", json=credentials)).json()
    assert (await admin.post(f"/parties/mine/members/{member_id}:disable")).json()["state"] == "DISABLED"
    renewal = {"session_token": session["session_token"]}
    refused(await onboarding.public.post("/sessions/mine:renew", json=renewal), "session-ended", 401)
    refused(await onboarding.public.post("/sessions", json=credentials), "credentials-wrong", 401)
    refused(await admin.post(f"/parties/mine/members/{member_id}:disable"), "member-disabled", 409)


async def test_a_party_keeps_an_administrator(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    admin = await party.log_in()
    own = (await admin.get("/parties/mine/members")).json()["items"][0]["member_id"]
    refused(await admin.post(f"/parties/mine/members/{own}:disable"), "last-administrator", 409)
    assert (await admin.get("/parties/mine/members")).json()["items"][0]["state"] == "ACTIVE"
    await admin.post("/parties/mine/members", json=_joining(roles=["admin"]))
    assert (await admin.post(f"/parties/mine/members/{own}:disable")).status_code == 200


async def test_another_partys_members_and_clients_are_not_there(onboarding: Onboarded) -> None:
    one, other = await (await onboarding.party()).log_in(), await (await onboarding.party()).log_in()
    member_id = (await one.post("/parties/mine/members", json=_joining())).json()["member_id"]
    client_id = (await one.post("/parties/mine/clients", json={"name": "m", "roles": ["provider"]})).json()["client_id"]
    refused(await other.post(f"/parties/mine/members/{member_id}:disable"), "member-unknown", 404)
    refused(await other.post(f"/parties/mine/clients/{client_id}:revoke"), "client-unknown", 404)
    assert (await other.get("/parties/mine/clients")).json()["items"] == []


async def test_a_client_gets_tokens_until_it_is_revoked(onboarding: Onboarded) -> None:
    party = await onboarding.party("provider", "supplier")
    admin = await party.log_in()
    made = (await admin.post("/parties/mine/clients", json={"name": "robot", "roles": ["supplier"]})).json()
    grant = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    answer = await onboarding.public.post("/tokens", json=grant)
    token = answer.json()
    assert (token["party_id"], token["subject_id"], token["roles"]) == (party.id, made["client_id"], ["supplier"])
    assert answer.headers["cache-control"] == "no-store"
    assert (await onboarding.client(token["access_token"]).get("/parties/mine")).json()["party_id"] == party.id
    wrong = {**grant, "client_secret": made["client_secret"] + "x"}
    refused(await onboarding.public.post("/tokens", json=wrong), "credentials-wrong", 401)
    unknown = {**grant, "client_id": "cli_nobody"}
    refused(await onboarding.public.post("/tokens", json=unknown), "credentials-wrong", 401)
    assert (await admin.post(f"/parties/mine/clients/{made['client_id']}:revoke")).json()["state"] == "REVOKED"
    refused(await onboarding.public.post("/tokens", json=grant), "credentials-wrong", 401)
    refused(await admin.post(f"/parties/mine/clients/{made['client_id']}:revoke"), "client-revoked", 409)


async def test_a_secret_is_shown_once_and_kept_nowhere(onboarding: Onboarded) -> None:
    admin = await (await onboarding.party()).log_in()
    wish, headers = {"name": "robot", "roles": ["provider"]}, {"Idempotency-Key": "client-1"}
    secret = (await admin.post("/parties/mine/clients", json=wish, headers=headers)).json()["client_secret"]
    again = await admin.post("/parties/mine/clients", json=wish, headers=headers)
    refused(again, "outcome-shown-once", 409)
    assert len((await admin.get("/parties/mine/clients")).json()["items"]) == 1
    kept = await onboarding.everything_kept()
    assert secret not in kept
    assert PASSWORD not in kept


async def test_before_approval_a_party_has_no_members_to_add(onboarding: Onboarded) -> None:
    party = await onboarding.apply()
    own_admin = onboarding.running.client_for(party.id, "admin")
    refused(await own_admin.post("/parties/mine/members", json=_joining()), "party-not-approved", 403)
    wish = {"name": "m", "roles": ["provider"]}
    refused(await own_admin.post("/parties/mine/clients", json=wish), "party-not-approved", 403)
