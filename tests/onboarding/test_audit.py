"""Each checker finds the violation that is planted for it, in a market that was sound before."""

import json

import pytest
from sqlalchemy import text

from kernel.signatures import new_key
from tests.conftest import StartService
from tests.onboarding.building import Key, Onboarded, start_onboarding
from tests.onboarding.test_clock import FakeClocks

PSEUDONYM = "ab" * 32


@pytest.fixture
async def sound(service: StartService) -> Onboarded:
    """Parties, sessions, keys, a person, a rotated signing key and a moved clock; no violation."""
    market = await start_onboarding(service, clocks=FakeClocks())
    answer = await market.operator.post("/clock:advance", json={"business_at": "2026-03-02T09:00:00+08:00"})
    assert answer.status_code == 200
    verifier, stopped = await market.party("identity_verifier"), await market.party("bank")
    signer, key = await verifier.register_key(), Key()
    at = {"issued_at": "2026-03-02T08:59:00+08:00", "expires_at": "2026-03-03T09:00:00+08:00"}
    answer = await market.register_person(market.statement(signer, key, PSEUDONYM, **at), key)
    assert answer.status_code == 201, answer.text
    await stopped.log_in()
    await market.decide(stopped.id, "suspend")
    await market.operator.post("/signing-keys:rotate")
    await market.operator.post("/clock:advance", json={"business_at": "2026-04-02T09:00:00+08:00"})
    assert await market.running.violations() == []
    return market


async def plant(market: Onboarded, *statements: str, **values: object) -> set[str]:
    """Do it behind the service's back; the promises that are then found broken."""
    async with market.running.given.database.transaction() as conn:
        for statement in statements:
            changed = await conn.execute(text(statement), values)
            assert statement.startswith(("ALTER", "DROP")) or changed.rowcount, statement
    return {violation.split(":")[0] for violation in await market.running.violations()}


async def test_two_parties_of_one_credit_code_are_found(sound: Onboarded) -> None:
    assert "I1" in await plant(
        sound,
        "DROP INDEX one_party_per_credit_code",
        "UPDATE party SET credit_code = '91350100M000100Y43' WHERE entity_kind = 'private_enterprise'",
    )


async def test_a_live_session_of_a_suspended_party_is_found(sound: Onboarded) -> None:
    sql = "UPDATE session SET ended_at = NULL FROM party WHERE party.id = party_id AND state = 'SUSPENDED'"
    assert await plant(sound, sql) == {"I2"}


async def test_a_live_session_of_a_disabled_member_is_found(sound: Onboarded) -> None:
    assert "I2" in await plant(sound, "UPDATE member SET state = 'DISABLED'")


async def test_a_role_that_does_not_fit_the_kind_is_found(sound: Onboarded) -> None:
    sql = "UPDATE party SET roles = roles || '{bank}'::text[] WHERE entity_kind = 'natural_person'"
    assert await plant(sound, sql) == {"I3"}


async def test_roles_of_which_one_checks_the_other_are_found(sound: Onboarded) -> None:
    sql = "UPDATE party SET roles = roles || '{appraiser}'::text[] WHERE 'bank' = ANY(roles)"
    assert "I3" in await plant(sound, sql)


async def test_a_member_with_a_role_beyond_its_party_is_found(sound: Onboarded) -> None:
    assert await plant(sound, "UPDATE member SET roles = '{operator}'") == {"I4"}


async def test_a_client_with_a_role_beyond_its_party_is_found(sound: Onboarded) -> None:
    assert await plant(sound, "UPDATE client SET roles = '{bank}'") == {"I4"}


async def test_a_suspended_party_that_is_not_barred_is_found(sound: Onboarded) -> None:
    assert await plant(sound, "DELETE FROM barred_parties") == {"I5"}


async def test_a_barred_party_that_is_not_suspended_is_found(sound: Onboarded) -> None:
    sql = "INSERT INTO barred_parties SELECT id FROM party WHERE entity_kind = 'natural_person'"
    assert await plant(sound, sql) == {"I5"}


async def test_a_retired_signing_key_that_was_kept_is_found(sound: Onboarded) -> None:
    assert await plant(sound, "UPDATE signing_key SET private_sealed = 'x' WHERE retired_at IS NOT NULL") == {"I6"}


async def test_two_active_signing_keys_are_found(sound: Onboarded) -> None:
    drop = "DROP INDEX one_signing_key_active"
    assert await plant(sound, drop, "UPDATE signing_key SET retired_at = NULL") == {"I6"}


async def test_a_wrong_credit_code_is_found(sound: Onboarded) -> None:
    for code in ["91350100M000100Y44", "９1350100M000100Y43", "12370214MB20000126"]:
        sql = "UPDATE party SET credit_code = :code WHERE state = 'SUSPENDED'"
        assert await plant(sound, sql, code=code) == {"I7"}


async def test_a_person_with_two_keys_in_use_is_found(sound: Onboarded) -> None:
    key = Key()
    sql = """INSERT INTO party_key (id, party_id, jwk, thumbprint, valid_from_at)
             SELECT 'key_x', id, CAST(:jwk AS jsonb), :thumbprint, now() FROM party
             WHERE entity_kind = 'natural_person'"""
    assert await plant(sound, sql, jwk=json.dumps(key.jwk), thumbprint=key.thumbprint) == {"I8"}


async def test_a_person_without_a_key_is_found(sound: Onboarded) -> None:
    sql = """DELETE FROM party_key USING party p WHERE p.id = party_id AND p.entity_kind = 'natural_person'"""
    assert await plant(sound, sql) == {"I8"}


async def test_a_private_key_among_the_registered_ones_is_found(sound: Onboarded) -> None:
    private = json.dumps(new_key().as_dict(private=True))
    assert await plant(sound, "UPDATE party_key SET jwk = CAST(:jwk AS jsonb)", jwk=private) == {"I9"}


async def test_a_key_under_another_thumbprint_is_found(sound: Onboarded) -> None:
    assert await plant(sound, "UPDATE party_key SET thumbprint = reverse(thumbprint)") == {"I9"}


async def test_a_clock_that_went_back_is_found(sound: Onboarded) -> None:
    sql = "UPDATE clock_setting SET business_at = business_at - interval '60 days' WHERE revision = 2"
    assert await plant(sound, sql) == {"I10"}


async def test_a_clock_that_was_moved_by_hand_is_found(sound: Onboarded) -> None:
    assert await plant(sound, "UPDATE clock SET business_at = business_at + interval '1 day'") == {"I10"}


async def test_every_checker_names_a_test_that_is_there(sound: Onboarded) -> None:
    for checker in sound.running.service.checkers:
        assert checker.planted_by.removeprefix("tests/onboarding/test_audit.py::") in globals()
