"""What comes in twisted goes out as a problem document, never as a fault of ours."""

import asyncio
import base64
import json
from typing import Any

from kernel.signatures import KeyUnusable
from onboarding.domain.keys import checked_public_jwk, thumbprint_of
from tests.onboarding.building import Key, Onboarded, application, refused

STRANGE = ["\x00", "\ud800", "key_" + "x" * 5000, "'; DROP TABLE party; --", "\u202e", "", None, 7, ["a"], {"a": 1}]

NO_OBJECTS = (
    " ", "[]", "null", "7", '"x"', "{", "[" * 10_000, "[[1, 2]]", '[["party_id", 1]]', '{"a": NaN}', "\ufeff{}", "{}",
)  # fmt: skip


def _jws(header: dict[str, Any], payload: str) -> str:
    parts = [json.dumps(header).encode(), payload.encode(), b"x" * 64]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def test_a_strange_key_id_finds_no_key(onboarding: Onboarded) -> None:
    for kid in STRANGE:
        key = Key()
        header = {"alg": "Ed25519", "typ": "client-assertion+jws", "kid": kid}
        grant = {"grant_type": "key", "party_id": "pty_x", "assertion": _jws(header, "{}")}
        answer = await onboarding.public.post("/tokens", json=grant)
        assert answer.status_code in {401, 422}, answer.text
        statement = _jws({**header, "typ": "identity-statement+jws"}, "{}")
        answer = await onboarding.register_person(statement, key)
        assert answer.status_code == 422, answer.text


async def test_a_strange_key_id_opens_no_door(onboarding: Onboarded) -> None:
    tokens = [_jws({"alg": "Ed25519", "typ": "at+jwt", "kid": kid}, "{}") for kid in STRANGE]
    answers = await asyncio.gather(*(onboarding.client(token).get("/parties/mine") for token in tokens))
    for answer in answers:
        refused(answer, "token-invalid", 401)


async def test_a_signed_text_that_is_no_object_of_ours(onboarding: Onboarded) -> None:
    party, verifier = await onboarding.party(), await onboarding.party("identity_verifier")
    key, signer, new = await party.register_key(), await verifier.register_key(), Key()
    for payload in NO_OBJECTS:
        assertion = key.sign("client-assertion+jws", payload)
        grant = {"grant_type": "key", "party_id": party.id, "assertion": assertion}
        refused(await onboarding.public.post("/tokens", json=grant), "assertion-malformed", 401)
        statement = signer.sign("identity-statement+jws", payload)
        refused(await onboarding.register_person(statement, new), "statement-malformed", 422)


def test_one_key_written_otherwise_is_the_same_key() -> None:
    jwk = Key().jwk
    written = {jwk["x"] + "=", jwk["x"][:-1] + chr(ord(jwk["x"][-1]) + 1), jwk["x"].replace("-", "+").replace("_", "/")}
    for x in written:
        try:
            public = checked_public_jwk({**jwk, "x": x})
        except KeyUnusable:
            continue
        if base64.urlsafe_b64decode(public["x"] + "==") == base64.urlsafe_b64decode(jwk["x"] + "=="):
            assert thumbprint_of(public) == thumbprint_of(jwk)


async def test_a_body_that_is_no_application(onboarding: Onboarded) -> None:
    for content, status in [
        (b"", 422),
        (b"{", 400),
        (b'{"name": "a", "name": "b"}', 400),
        (b'{"name": NaN}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"' + b"x" * 1_100_000 + b'"', 413),
    ]:
        headers = {"Content-Type": "application/json"}
        answer = await onboarding.public.post("/parties", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text


async def test_a_strange_field_is_refused(onboarding: Onboarded) -> None:
    for field in ["name", "credit_code", "entity_kind"]:
        for value in [*STRANGE[:3], *STRANGE[4:]]:
            content = json.dumps({**application(), field: value}).encode()
            headers = {"Content-Type": "application/json"}
            answer = await onboarding.public.post("/parties", content=content, headers=headers)
            assert answer.status_code == 422, answer.text
            assert answer.json()["detail_zh"]


async def test_a_strange_cursor_leads_nowhere(onboarding: Onboarded) -> None:
    for after in ["\x00", "zzz", "%", "pty_", "x" * 128]:
        answer = await onboarding.operator.get("/parties", params={"after": after})
        assert answer.status_code in {200, 400}
        assert (await onboarding.operator.get("/parties", params={"limit": 101})).status_code == 422
        assert (await onboarding.operator.get("/parties/%00")).status_code in {404, 422}
