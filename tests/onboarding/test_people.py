"""Insured persons: known by a pseudonym and a key, never by a name."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.calendar import SHANGHAI
from kernel.signatures import new_key
from tests.onboarding.building import Key, Onboarded, Organisation, refused
from yaosu.onboarding.v1 import events_pb2 as told
from yaosu.onboarding.v1 import onboarding_service_pb2 as contract

PSEUDONYM = "ab" * 32


@pytest.fixture
async def verifier(onboarding: Onboarded) -> tuple[Organisation, Key]:
    """An approved identity verifier with its key."""
    party = await onboarding.party("identity_verifier")
    return party, await party.register_key()


async def test_a_person_takes_part_at_once_without_a_name(onboarding: Onboarded, verifier) -> None:
    key = Key()
    answer = await onboarding.register_person(onboarding.statement(verifier[1], key, PSEUDONYM), key)
    assert answer.status_code == 201, answer.text
    person = answer.json()
    assert (person["thumbprint"], person["replaced_key_id"]) == (key.thumbprint, None)
    approved = (await onboarding.running.told())[-1]
    assert isinstance(approved, told.PartyApproved)
    assert approved.party.entity_kind == contract.ENTITY_KIND_NATURAL_PERSON
    assert (approved.party.name, approved.party.credit_code) == ("", "")
    assert list(approved.party.roles) == ["insured_person"]
    assert approved.party.identity_pseudonym == PSEUDONYM
    assert [held.key_id for held in approved.party.keys] == [person["key_id"]]


async def test_a_person_logs_in_with_the_key(onboarding: Onboarded, verifier) -> None:
    key = Key()
    person = (await onboarding.register_person(onboarding.statement(verifier[1], key, PSEUDONYM), key)).json()
    key.key_id = person["key_id"]
    grant = {"grant_type": "key", "party_id": person["party_id"], "assertion": key.assertion(person["party_id"])}
    token = (await onboarding.public.post("/tokens", json=grant)).json()
    assert token["roles"] == ["insured_person"]
    mine = (await onboarding.client(token["access_token"]).get("/parties/mine")).json()
    assert (mine["party_id"], mine["entity_kind"], mine["contact"]) == (person["party_id"], "natural_person", None)
    assert mine["party_id"] not in [
        row["party_id"] for row in (await onboarding.operator.get("/parties")).json()["items"]
    ]


async def test_a_new_key_takes_the_old_ones_place(onboarding: Onboarded, verifier) -> None:
    old, new = Key(), Key()
    first = (await onboarding.register_person(onboarding.statement(verifier[1], old, PSEUDONYM), old)).json()
    statement = onboarding.statement(verifier[1], new, PSEUDONYM)
    second = (await onboarding.register_person(statement, new)).json()
    assert second["party_id"] == first["party_id"]
    assert second["replaced_key_id"] == first["key_id"]
    rotated = (await onboarding.running.told())[-1]
    assert isinstance(rotated, told.KeyRotated)
    assert (rotated.key.key_id, rotated.replaced_key_id) == (second["key_id"], first["key_id"])
    assert await onboarding.running.violations() == []


async def test_an_older_statement_brings_no_old_key_back(onboarding: Onboarded, verifier) -> None:
    old, new = Key(), Key()
    statement = onboarding.statement(verifier[1], old, PSEUDONYM)
    await onboarding.register_person(statement, old)
    await onboarding.register_person(onboarding.statement(verifier[1], new, PSEUDONYM), new)
    refused(await onboarding.register_person(statement, old), "statement-superseded", 409)


async def test_another_verifier_cannot_take_a_person_over(onboarding: Onboarded, verifier) -> None:
    other = await onboarding.party("identity_verifier", kind="public_institution")
    others_key, old, new = await other.register_key(), Key(), Key()
    await onboarding.register_person(onboarding.statement(verifier[1], old, PSEUDONYM), old)
    statement = onboarding.statement(others_key, new, PSEUDONYM)
    refused(await onboarding.register_person(statement, new), "person-vouched-by-another", 409)


async def test_only_an_approved_verifiers_key_in_use_vouches(onboarding: Onboarded, verifier) -> None:
    party, signer = verifier
    provider_key, key = await (await onboarding.party("provider")).register_key(), Key()
    for signing in (provider_key, Key(), key):
        statement = onboarding.statement(signing, key, PSEUDONYM)
        refused(await onboarding.register_person(statement, key), "verifier-not-recognised", 422)
    forged = Key()
    forged.key_id = signer.key_id
    statement = onboarding.statement(forged, key, PSEUDONYM)
    refused(await onboarding.register_person(statement, key), "signature-invalid", 422)
    await onboarding.decide(party.id, "suspend")
    statement = onboarding.statement(signer, key, PSEUDONYM)
    refused(await onboarding.register_person(statement, key), "verifier-not-recognised", 422)
    await onboarding.decide(party.id, "reinstate")
    await party.register_key(replaces=signer.key_id)
    refused(await onboarding.register_person(statement, key), "verifier-not-recognised", 422)


NOW = datetime.now(SHANGHAI)


async def test_a_statement_that_is_not_quite_right(onboarding: Onboarded, verifier) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"identity_pseudonym": "110101199003071234"}, "statement-malformed"),
        ({"identity_pseudonym": PSEUDONYM.upper()}, "statement-malformed"),
        ({"identity_pseudonym": None}, "statement-malformed"),
        ({"name": "王小明"}, "statement-malformed"),
        ({"issued_at": "2026-10-08"}, "statement-malformed"),
        ({"issued_at": "2026-10-08T09:00:00"}, "statement-malformed"),
        ({"issued_at": "2026-13-40T09:00:00Z"}, "statement-malformed"),
        ({"issued_at": 1}, "statement-malformed"),
        ({"expires_at": (NOW - timedelta(seconds=1)).isoformat()}, "statement-not-in-force"),
        ({"issued_at": (NOW + timedelta(hours=1)).isoformat()}, "statement-not-in-force"),
        ({"expires_at": (NOW + timedelta(days=32)).isoformat()}, "statement-not-in-force"),
        ({"jwk_thumbprint": Key().thumbprint}, "proof-mismatch"),
    ]
    for other, reason in cases:
        key = Key()
        statement = onboarding.statement(verifier[1], key, PSEUDONYM, **other)
        refused(await onboarding.register_person(statement, key), reason, 422)
        assert not any(
            event.party.identity_pseudonym
            for event in await onboarding.running.told()
            if isinstance(event, told.PartyApproved)
        )


async def test_duplicate_members_in_a_statement_are_refused(onboarding: Onboarded, verifier) -> None:
    key = Key()
    at = datetime.now(SHANGHAI)
    text = (
        f'{{"jwk_thumbprint": "{key.thumbprint}", "identity_pseudonym": "{"cd" * 32}", '
        f'"identity_pseudonym": "{PSEUDONYM}", "issued_at": "{at.isoformat()}", '
        f'"expires_at": "{(at + timedelta(days=1)).isoformat()}"}}'
    )
    statement = verifier[1].sign("identity-statement+jws", text)
    refused(await onboarding.register_person(statement, key), "statement-malformed", 422)


async def test_the_person_must_hold_the_key(onboarding: Onboarded, verifier) -> None:
    key, other = Key(), Key()
    statement = onboarding.statement(verifier[1], key, PSEUDONYM)
    body = {"jwk": key.jwk, "proof": other.proof(key.thumbprint), "identity_statement": statement}
    refused(await onboarding.public.post("/people", json=body), "signature-invalid", 422)
    body = {"jwk": key.jwk, "proof": key.proof("something else"), "identity_statement": statement}
    refused(await onboarding.public.post("/people", json=body), "proof-mismatch", 422)
    private = new_key().as_dict(private=True)
    body = {"jwk": private, "proof": key.proof(key.thumbprint), "identity_statement": statement}
    refused(await onboarding.public.post("/people", json=body), "private-key-sent", 422)


async def test_one_key_is_one_person(onboarding: Onboarded, verifier) -> None:
    key = Key()
    await onboarding.register_person(onboarding.statement(verifier[1], key, PSEUDONYM), key)
    statement = onboarding.statement(verifier[1], key, "cd" * 32)
    refused(await onboarding.register_person(statement, key), "key-already-registered", 409)


async def test_a_person_who_comes_several_times_at_once_is_one(onboarding: Onboarded, verifier) -> None:
    keys = [Key() for _ in range(4)]
    answers = await asyncio.gather(
        *(onboarding.register_person(onboarding.statement(verifier[1], key, PSEUDONYM), key) for key in keys)
    )
    done = [answer.json()["party_id"] for answer in answers if answer.status_code == 201]
    assert len(set(done)) == 1
    assert all(answer.status_code in {201, 409, 412} for answer in answers)
    assert await onboarding.running.violations() == []


async def test_the_same_registration_again_changes_nothing(onboarding: Onboarded, verifier) -> None:
    key, headers = Key(), {"Idempotency-Key": "person-1"}
    body = {
        "jwk": key.jwk,
        "proof": key.proof(key.thumbprint),
        "identity_statement": onboarding.statement(verifier[1], key, PSEUDONYM),
    }
    first = await onboarding.public.post("/people", json=body, headers=headers)
    again = await onboarding.public.post("/people", json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_a_suspended_person_gets_no_new_key(onboarding: Onboarded, verifier) -> None:
    old, new = Key(), Key()
    person = (await onboarding.register_person(onboarding.statement(verifier[1], old, PSEUDONYM), old)).json()
    assert (await onboarding.decide(person["party_id"], "suspend")).status_code == 200
    statement = onboarding.statement(verifier[1], new, PSEUDONYM)
    refused(await onboarding.register_person(statement, new), "party-barred", 403)


async def test_many_people_are_soon_in(onboarding: Onboarded, verifier) -> None:
    people = [(Key(), secrets.token_hex(32)) for _ in range(100)]
    statements = [onboarding.statement(verifier[1], key, pseudonym) for key, pseudonym in people]
    began = asyncio.get_running_loop().time()
    for (key, _), statement in zip(people, statements, strict=True):
        assert (await onboarding.register_person(statement, key)).status_code == 201
    # Generous: a busy machine takes 20 ms for one.
    assert asyncio.get_running_loop().time() - began < 20
