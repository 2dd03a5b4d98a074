"""Sessions and tokens: what opens the doors, and what does not."""

import asyncio
import base64
import json
import secrets
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from sqlalchemy import text

from kernel.signatures import header_of, new_key, public_jwk
from onboarding.domain.session import ATTEMPTS_MAX
from onboarding.outbound.passwords import WAITING_MAX, Argon2Passwords
from onboarding.use_cases.sessions import forget_lapsed
from tests.conftest import StartService
from tests.onboarding.building import PASSWORD, QUICK, Key, Onboarded, refused, start_onboarding


def _claims(token: str) -> Any:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def _log_in(onboarding: Onboarded, username: str, password: str = PASSWORD):
    return await onboarding.public.post("/sessions", json={"username": username, "password": password})


async def test_a_token_says_who_for_whom_and_for_ten_minutes_at_most(onboarding: Onboarded) -> None:
    party = await onboarding.party("provider", "buyer")
    answer = await _log_in(onboarding, party.username)
    session = answer.json()
    header, claims = header_of(session["access_token"]), _claims(session["access_token"])
    assert {"alg": header["alg"], "typ": header["typ"]} == {"alg": "Ed25519", "typ": "at+jwt"}
    assert (claims["iss"], claims["aud"], claims["party"]) == ("yaosu:onboarding", "yaosu", party.id)
    assert (claims["sub"], claims["sid"]) == (session["subject_id"], session["session_id"])
    assert claims["roles"] == ["admin", "buyer", "provider"]
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert claims["jti"]
    assert answer.headers["cache-control"] == "no-store"
    assert header["kid"] in {key["kid"] for key in (await onboarding.public.get("/jwks")).json()["keys"]}


async def test_a_session_is_renewed_until_it_ends(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    session = (await _log_in(onboarding, party.username)).json()
    renewal = {"session_token": session["session_token"]}
    renewed = (await onboarding.public.post("/sessions/mine:renew", json=renewal)).json()
    assert (renewed["session_id"], renewed["session_token"]) == (session["session_id"], None)
    client = onboarding.client(renewed["access_token"])
    assert (await client.delete("/sessions/mine")).status_code == 204
    refused(await onboarding.public.post("/sessions/mine:renew", json=renewal), "session-ended", 401)
    refused(await client.delete("/sessions/mine"), "session-ended", 401)
    wrong = {"session_token": secrets.token_urlsafe(32)}
    refused(await onboarding.public.post("/sessions/mine:renew", json=wrong), "session-ended", 401)


async def test_a_session_lasts_twelve_hours(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    session = (await _log_in(onboarding, party.username)).json()
    async with onboarding.running.given.database.transaction() as conn:
        lasting = await conn.scalar(text("SELECT extract(epoch FROM ends_at - now()) FROM session"))
        await conn.execute(text("UPDATE session SET ends_at = now()"))
    assert 12 * 3600 - 60 < lasting <= 12 * 3600
    renewal = {"session_token": session["session_token"]}
    refused(await onboarding.public.post("/sessions/mine:renew", json=renewal), "session-ended", 401)


async def test_the_session_token_is_kept_as_a_digest_only(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    session = (await _log_in(onboarding, party.username)).json()
    kept = await onboarding.everything_kept()
    assert session["session_token"] not in kept
    assert session["access_token"] not in kept


async def test_wrong_passwords_shut_the_door_for_a_while(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    for _ in range(ATTEMPTS_MAX):
        refused(await _log_in(onboarding, party.username, "a wrong password"), "credentials-wrong", 401)
    answer = await _log_in(onboarding, party.username)
    problem = refused(answer, "too-many-attempts", 429)
    assert 0 < problem["retry_after_seconds"] <= 900
    assert answer.headers["retry-after"] == str(problem["retry_after_seconds"])
    async with onboarding.running.given.database.transaction() as conn:
        await conn.execute(text("UPDATE login_attempt SET window_ends_at = now()"))
    assert (await _log_in(onboarding, party.username)).status_code == 201


async def test_many_tries_at_once_are_no_way_round_the_limit(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    answers = await asyncio.gather(*(_log_in(onboarding, party.username, f"a wrong one {n}") for n in range(20)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (ATTEMPTS_MAX, 20 - ATTEMPTS_MAX)


async def test_the_right_password_wipes_the_slate(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    for _ in range(2):
        for _ in range(ATTEMPTS_MAX - 1):
            await _log_in(onboarding, party.username, "a wrong password")
        assert (await _log_in(onboarding, party.username)).status_code == 201


async def test_a_name_nobody_has_is_answered_like_one_that_somebody_has(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    known = refused(await _log_in(onboarding, party.username, "a wrong password"), "credentials-wrong", 401)
    unknown = refused(await _log_in(onboarding, "nobody-here", "a wrong password"), "credentials-wrong", 401)
    assert known == unknown


async def test_a_flood_of_logins_is_asked_to_come_again(service: StartService) -> None:
    passwords = Argon2Passwords(QUICK)
    onboarding = await start_onboarding(service, passwords=passwords)
    passwords._waiting = WAITING_MAX
    refused(await _log_in(onboarding, "nobody-here"), "too-busy", 429)


async def test_a_party_logs_in_with_its_key(onboarding: Onboarded) -> None:
    party = await onboarding.party("provider", "bank")
    key = await party.register_key()
    answer = await _by_key(onboarding, party.id, key.assertion(party.id))
    assert (answer.json()["roles"], answer.json()["subject_id"]) == (["bank", "provider"], key.key_id)
    client = onboarding.client(answer.json()["access_token"])
    assert (await client.get("/parties/mine")).json()["party_id"] == party.id


async def _by_key(onboarding: Onboarded, party_id: str, assertion: str):
    return await onboarding.public.post(
        "/tokens", json={"grant_type": "key", "party_id": party_id, "assertion": assertion}
    )


async def test_an_assertion_is_used_once(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    assertion = (await party.register_key()).assertion(party.id)
    answers = await asyncio.gather(*(_by_key(onboarding, party.id, assertion) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    refused(await _by_key(onboarding, party.id, assertion), "assertion-replayed", 401)


async def test_a_wrong_assertion_opens_nothing(onboarding: Onboarded) -> None:
    cases: list[dict[str, Any]] = [
        {"aud": "elsewhere"},
        {"aud": ["yaosu"]},
        {"party_id": "pty_other"},
        {"exp": 1},
        {"exp": time.time() + 3600},
        {"exp": 2**63},
        {"exp": True},
        {"exp": "soon"},
        {"jti": "short"},
        {"jti": 12345678901234567890},
        {"iat": 1},
    ]
    for other in cases:
        party = await onboarding.party()
        key = await party.register_key()
        refused(await _by_key(onboarding, party.id, key.assertion(party.id, **other)), "assertion-malformed", 401)


async def test_only_a_key_in_use_of_the_party_signs_assertions(onboarding: Onboarded) -> None:
    one, other = await onboarding.party(), await onboarding.party()
    key = await one.register_key()
    refused(await _by_key(onboarding, other.id, key.assertion(other.id)), "credentials-wrong", 401)
    stranger = Key()
    stranger.key_id = key.key_id
    refused(await _by_key(onboarding, one.id, stranger.assertion(one.id)), "signature-invalid", 422)
    proof = key.sign("key-proof+jws", key.assertion(one.id))
    refused(await _by_key(onboarding, one.id, proof), "signature-invalid", 422)
    await one.register_key(replaces=key.key_id)
    refused(await _by_key(onboarding, one.id, key.assertion(one.id)), "credentials-wrong", 401)


class TestForgedTokens:
    """Every door of the market asks the same verifier; here it is asked with all that is almost right."""

    async def _refused(self, onboarding: Onboarded, token: str) -> None:
        refused(await onboarding.client(token).get("/parties/mine"), "token-invalid", 401)

    async def _genuine(self, onboarding: Onboarded) -> tuple[dict, dict]:
        token = (await _log_in(onboarding, (await onboarding.party()).username)).json()["access_token"]
        return header_of(token), _claims(token)

    async def test_another_key_under_our_key_id(self, onboarding: Onboarded) -> None:
        header, claims = await self._genuine(onboarding)
        await self._refused(onboarding, jwt.encode(header, claims, new_key(), algorithms=["Ed25519"]))

    async def test_our_public_key_taken_for_a_shared_secret(self, onboarding: Onboarded) -> None:
        header, claims = await self._genuine(onboarding)
        public = (await onboarding.public.get("/jwks")).json()["keys"][0]
        for secret in (public["x"], json.dumps(public)):
            key = OctKey.import_key(secret)
            forged = jwt.encode({**header, "alg": "HS256"}, claims, key, algorithms=["HS256"])
            await self._refused(onboarding, forged)

    async def test_no_signature_at_all(self, onboarding: Onboarded) -> None:
        header, claims = await self._genuine(onboarding)
        encoded = [_encoded(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, claims)]
        await self._refused(onboarding, ".".join([*encoded, ""]))

    async def test_an_id_token_or_any_other_type(self, onboarding: Onboarded) -> None:
        for typ in ["JWT", "id_token+jwt", "call+jwt", "key-proof+jws", "AT+JWT", None]:
            header, claims = await self._genuine(onboarding)
            header = {name: value for name, value in {**header, "typ": typ}.items() if value is not None}
            await self._refused(onboarding, await self._signed(onboarding, header, claims))

    async def test_wrong_claims_under_our_own_signature(self, onboarding: Onboarded) -> None:
        cases: list[dict[str, Any]] = [
            {"iss": "https://elsewhere.example"},
            {"aud": "account"},
            {"aud": ["yaosu", "account"]},
            {"exp": 1},
            {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3900},
            {"exp": int(time.time()) + 86400},
            {"party": None, "roles": None},
        ]
        for other in cases:
            header, claims = await self._genuine(onboarding)
            await self._refused(onboarding, await self._signed(onboarding, header, {**claims, **other}))

    async def test_a_header_that_brings_its_own_key_or_more(self, onboarding: Onboarded) -> None:
        own_key: dict[str, Any] = {"jwk": public_jwk(new_key())}
        for extra in ({"jku": "https://x"}, {"crit": ["b64"], "b64": True}, own_key):
            header, claims = await self._genuine(onboarding)
            await self._refused(onboarding, await self._signed(onboarding, {**header, **extra}, claims))

    async def _signed(self, onboarding: Onboarded, header: dict, claims: dict) -> str:
        """By the real key: what is refused is refused for its words."""
        async with onboarding.running.ports.work(None) as work:
            private = (await work.signing_keys.active()).private
        key = OKPKey.import_key(json.loads(private)).private_key
        assert isinstance(key, Ed25519PrivateKey)
        text = [_encoded(json.dumps(part).encode()) for part in (header, claims)]
        signature = key.sign(".".join(text).encode())
        return ".".join([*text, _encoded(signature)])

    async def test_the_genuine_one_opens(self, onboarding: Onboarded) -> None:
        header, claims = await self._genuine(onboarding)
        token = await self._signed(onboarding, header, claims)
        assert (await onboarding.client(token).get("/parties/mine")).status_code == 200


async def test_what_has_lapsed_is_forgotten(onboarding: Onboarded) -> None:
    party = await onboarding.party()
    key = await party.register_key()
    await _log_in(onboarding, party.username, "a wrong password")
    await _by_key(onboarding, party.id, key.assertion(party.id))
    assert await forget_lapsed(onboarding.running.ports) == 0
    async with onboarding.running.given.database.transaction() as conn:
        await conn.execute(text("UPDATE login_attempt SET window_ends_at = now()"))
        await conn.execute(text("UPDATE used_assertion SET lapses_at = now()"))
        await conn.execute(text("UPDATE session SET ends_at = now() - interval '32 days'"))
    assert await forget_lapsed(onboarding.running.ports) == 3
