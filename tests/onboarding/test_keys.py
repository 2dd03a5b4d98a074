"""Parties' keys, and the market's own signing keys."""

import asyncio
from datetime import timedelta

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import text

from kernel.signatures import new_key, public_jwk
from kernel.tokens import TokenInvalid, TokenVerifier
from onboarding.domain.keys import KEYS_IN_USE_MAX, thumbprint_of
from onboarding.use_cases import signing_keys
from tests.onboarding.building import Key, Onboarded, refused
from yaosu.onboarding.v1 import events_pb2 as told


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint_of(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


async def test_a_registered_key_is_told_and_shown_to_everybody(onboarding: Onboarded) -> None:
    party, other = await onboarding.party(), await onboarding.party()
    key = await party.register_key()
    rotated = [event for event in await onboarding.running.told() if isinstance(event, told.KeyRotated)]
    assert [(event.party_id, event.key.key_id, event.replaced_key_id) for event in rotated] == [
        (party.id, key.key_id, "")
    ]
    shown = (await (await other.log_in()).get(f"/parties/{party.id}/keys")).json()["items"]
    assert [(row["key_id"], row["jwk"], row["thumbprint"]) for row in shown] == [(key.key_id, key.jwk, key.thumbprint)]
    refused(await (await other.log_in()).get("/parties/pty_nobody/keys"), "party-unknown", 404)


async def test_a_key_takes_the_place_of_another(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    old = await party.register_key()
    new = await party.register_key(replaces=old.key_id)
    rows = (await onboarding.operator.get(f"/parties/{party.id}/keys")).json()["items"]
    assert [(row["key_id"], row["valid_until_at"] is None) for row in rows] == [(old.key_id, False), (new.key_id, True)]
    rotated = [event for event in await onboarding.running.told() if isinstance(event, told.KeyRotated)][-1]
    assert (rotated.key.key_id, rotated.replaced_key_id) == (new.key_id, old.key_id)
    third, admin = Key(), await party.log_in()
    body = {"jwk": third.jwk, "proof": third.proof(party.id), "replaces": old.key_id}
    refused(await admin.post("/parties/mine/keys", json=body), "key-not-in-use", 409)


async def test_two_replacements_of_one_key_leave_one(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    old, admin, new = await party.register_key(), await party.log_in(), [Key(), Key()]
    bodies = [{"jwk": key.jwk, "proof": key.proof(party.id), "replaces": old.key_id} for key in new]
    answers = await asyncio.gather(*(admin.post("/parties/mine/keys", json=body) for body in bodies))
    first, second = sorted(answer.status_code for answer in answers)
    assert first == 201
    assert second in {409, 412}
    rows = (await onboarding.operator.get(f"/parties/{party.id}/keys")).json()["items"]
    assert sum(row["valid_until_at"] is None for row in rows) == 1


def altered(token: str) -> str:
    """With another first character in its signature: the last one may say the same in two ways."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


async def test_a_key_needs_a_proof_over_this_party(onboarding: Onboarded) -> None:
    party, other = await onboarding.party(), await onboarding.party()
    admin, key, stranger = await party.log_in(), Key(), Key()
    for proof, reason in [
        (key.proof(other.id), "proof-mismatch"),
        (stranger.proof(party.id), "signature-invalid"),
        (key.sign("JWT", party.id), "signature-invalid"),
        (altered(key.proof(party.id)), "signature-invalid"),
    ]:
        body = {"jwk": key.jwk, "proof": proof}
        refused(await admin.post("/parties/mine/keys", json=body), reason, 422)
    assert (await admin.get(f"/parties/{party.id}/keys")).json()["items"] == []


async def test_only_public_ed25519_keys_are_taken(onboarding: Onboarded) -> None:
    for jwk, reason in [
        (new_key().as_dict(private=True), "private-key-sent"),
        (ECKey.generate_key("P-256", private=False).as_dict(private=False), "key-unusable"),
        (RSAKey.generate_key(2048, private=True).as_dict(private=False), "key-unusable"),
        (OctKey.generate_key(256).as_dict(private=True), "private-key-sent"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "key-unusable"),
        ({"kty": "OKP", "crv": "X25519", "x": public_jwk(new_key())["x"]}, "key-unusable"),
        ({"kty": "OKP"}, "key-unusable"),
        ({"kty": "OKP", "crv": "Ed25519", "x": 1}, "invalid-fields"),
        ({}, "invalid-fields"),
    ]:
        party = await onboarding.party()
        body = {"jwk": jwk, "proof": Key().proof(party.id)}
        refused(await (await party.log_in()).post("/parties/mine/keys", json=body), reason, 422)


async def test_a_key_stands_for_one_party_once(onboarding: Onboarded) -> None:
    one, other = await onboarding.party(), await onboarding.party()
    key = await one.register_key()
    body = {"jwk": key.jwk, "proof": key.proof(other.id)}
    refused(await (await other.log_in()).post("/parties/mine/keys", json=body), "key-already-registered", 409)
    again = {"jwk": {**key.jwk, "kid": "other", "use": "sig"}, "proof": key.proof(one.id)}
    refused(await (await one.log_in()).post("/parties/mine/keys", json=again), "key-already-registered", 409)


async def test_another_partys_key_cannot_be_replaced(onboarding: Onboarded) -> None:
    one, other = await onboarding.party(), await onboarding.party()
    old, key = await one.register_key(), Key()
    body = {"jwk": key.jwk, "proof": key.proof(other.id), "replaces": old.key_id}
    refused(await (await other.log_in()).post("/parties/mine/keys", json=body), "key-unknown", 404)


async def test_keys_in_use_have_a_limit(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    admin = await party.log_in()
    for number in range(KEYS_IN_USE_MAX + 1):
        key = Key()
        answer = await admin.post("/parties/mine/keys", json={"jwk": key.jwk, "proof": key.proof(party.id)})
        assert (answer.status_code == 201) == (number < KEYS_IN_USE_MAX)
    assert refused(answer, "too-many-keys", 409)["keys_max"] == KEYS_IN_USE_MAX


async def test_a_member_who_does_not_manage_registers_no_key(onboarding: Onboarded) -> None:
    party, key = await onboarding.party(), Key()
    member = onboarding.running.client_for(party.id, "provider")
    body = {"jwk": key.jwk, "proof": key.proof(party.id)}
    refused(await member.post("/parties/mine/keys", json=body), "role-missing", 403)


async def _published(onboarding: Onboarded) -> list[str]:
    return [key["kid"] for key in (await onboarding.public.get("/jwks")).json()["keys"]]


async def test_after_a_rotation_old_tokens_hold_until_they_end(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    before = await party.log_in()
    answer = (await onboarding.operator.post("/signing-keys:rotate")).json()
    assert await _published(onboarding) == [answer["kid"], answer["retired_kid"]]
    after = await party.log_in()
    for client in (before, after):
        assert (await client.get("/parties/mine")).status_code == 200
    await _retired_for(onboarding, minutes=11)
    assert len(await _published(onboarding)) == 2
    await _retired_for(onboarding, minutes=60)
    assert await _published(onboarding) == [answer["kid"]]

    async def fetch() -> dict:
        return {"keys": list(await signing_keys.published_keys(onboarding.running.ports))}

    with pytest.raises(TokenInvalid):
        await TokenVerifier(fetch).caller_of(before.headers["authorization"].removeprefix("Bearer "))


async def _retired_for(onboarding: Onboarded, minutes: int) -> None:
    earlier = text("UPDATE signing_key SET retired_at = now() - CAST(:since AS interval) WHERE retired_at IS NOT NULL")
    async with onboarding.running.given.database.transaction() as conn:
        await conn.execute(earlier, {"since": timedelta(minutes=minutes)})


async def test_only_the_operator_rotates(onboarding: Onboarded) -> None:
    client = await (await onboarding.party()).log_in()
    refused(await client.post("/signing-keys:rotate"), "role-missing", 403)


async def test_private_halves_are_sealed_and_gone_after_retirement(onboarding: Onboarded) -> None:
    async with onboarding.running.ports.work(None) as work:
        private = (await work.signing_keys.active()).private
    kept = await onboarding.everything_kept()
    assert private.decode() not in kept
    assert private.hex() not in kept
    await onboarding.operator.post("/signing-keys:rotate")
    async with onboarding.running.given.database.transaction() as conn:
        rows = (await conn.execute(text("SELECT retired_at, private_sealed FROM signing_key"))).all()
    assert sorted((row.retired_at is None, len(row.private_sealed) > 0) for row in rows) == [
        (False, False),
        (True, True),
    ]


async def test_many_first_tokens_make_one_signing_key(onboarding: Onboarded) -> None:
    async with onboarding.running.given.database.transaction() as conn:
        await conn.execute(text("DELETE FROM signing_key"))
    parties = [await onboarding.apply() for _ in range(3)]
    await asyncio.gather(*(party.log_in() for party in parties))
    assert len(await _published(onboarding)) == 1
