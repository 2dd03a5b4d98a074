"""Builders with complete defaults: organisations, their people, keys and signed texts."""

import json
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
from argon2 import PasswordHasher
from joserfc.jwk import OKPKey
from sqlalchemy import text

from kernel.calendar import SHANGHAI
from kernel.signatures import new_key, public_jwk, sign_compact
from kernel.tokens import TokenVerifier
from onboarding.domain.credit_code import ALPHABET, check_character
from onboarding.domain.keys import thumbprint_of
from onboarding.outbound.passwords import Argon2Passwords
from onboarding.use_cases import signing_keys
from onboarding.use_cases.operator import ensure_operator
from tests.conftest import Running, StartService

PASSWORD = "four unrelated plain words"
OPERATOR_ID, OPERATOR_SECRET = "cli_operator", "an-operators-secret-of-enough-characters"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def credit_code(first: str = "91") -> str:
    """A valid code that nobody else has."""
    body = first + "370214" + "".join(secrets.choice(ALPHABET) for _ in range(9))
    return body + check_character(body)


def application(**other: Any) -> dict[str, Any]:
    """An application that can stand."""
    kind = other.get("entity_kind", "private_enterprise")
    return {
        "name": "青岛示例数据有限公司",
        "entity_kind": kind,
        "credit_code": credit_code("12" if kind == "public_institution" else "91"),
        "roles_wanted": ["provider"],
        "contact": {"name": "王", "phone": "0532-12345678", "email": "wang@example.com"},
        "administrator": {"username": f"admin-{secrets.token_hex(4)}", "password": PASSWORD},
        **other,
    }


class Key:
    """A key pair and what is signed with it."""

    def __init__(self) -> None:
        self.key: OKPKey = new_key()
        self.jwk = public_jwk(self.key)
        self.thumbprint = thumbprint_of(self.jwk)
        self.key_id = ""

    def sign(self, typ: str, payload: str | dict[str, Any], kid: str | None = None) -> str:
        """A compact JWS."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return sign_compact(text.encode(), self.key, kid or self.key_id or self.thumbprint, typ)

    def proof(self, text: str) -> str:
        """Shows that the private half is at hand."""
        return self.sign("key-proof+jws", text)

    def assertion(self, party_id: str, /, **other: Any) -> str:
        """A wish for a token."""
        claims = {"party_id": party_id, "aud": "yaosu", "exp": int(time.time()) + 30, "jti": secrets.token_hex(16)}
        return self.sign("client-assertion+jws", {**claims, **other})


class Organisation:
    """A party with its administrator logged in."""

    def __init__(self, onboarding: "Onboarded", view: dict[str, Any], username: str) -> None:
        self.onboarding, self.view, self.username = onboarding, view, username
        self.id: str = view["party_id"]

    async def log_in(self, username: str = "", password: str = PASSWORD) -> httpx.AsyncClient:
        """A client with a session of its own."""
        answer = await self.onboarding.public.post(
            "/sessions", json={"username": username or self.username, "password": password}
        )
        assert answer.status_code == 201, answer.text
        return self.onboarding.client(answer.json()["access_token"])

    async def register_key(self, **other: Any) -> Key:
        """A new key of the party."""
        key = Key()
        admin = await self.log_in()
        body = {"jwk": key.jwk, "proof": key.proof(self.id), **other}
        answer = await admin.post("/parties/mine/keys", json=body)
        assert answer.status_code == 201, answer.text
        key.key_id = answer.json()["key_id"]
        return key


class Onboarded:
    """Onboarding with its first operator."""

    def __init__(self, running: Running, operator_token: str) -> None:
        self.running = running
        self.public = running.client_for()
        self.operator = self.client(operator_token)

    def client(self, token: str) -> httpx.AsyncClient:
        """A client that shows this token."""
        client = self.running.client_for()
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    async def apply(self, **other: Any) -> Organisation:
        """An organisation applies."""
        body = application(**other)
        answer = await self.public.post("/parties", json=body)
        assert answer.status_code == 201, answer.text
        return Organisation(self, answer.json(), body["administrator"]["username"])

    async def party(self, *roles: str, kind: str = "private_enterprise") -> Organisation:
        """An organisation that takes part."""
        asked = list(roles or ["provider"])
        organisation = await self.apply(entity_kind=kind, roles_wanted=asked)
        answer = await self.operator.post(f"/parties/{organisation.id}:approve", json={"roles": asked})
        assert answer.status_code == 200, answer.text
        return organisation

    async def decide(self, party_id: str, verb: str, **body: Any) -> httpx.Response:
        """The operator's word."""
        return await self.operator.post(f"/parties/{party_id}:{verb}", json=body or {"reason": "as the test has it"})

    async def everything_kept(self) -> str:
        """All rows of all tables, as text."""
        async with self.running.given.database.transaction() as conn:
            tables = await conn.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            rows = [await conn.scalars(text(f"SELECT r::text FROM {table} r")) for table in tables.all()]  # noqa: S608 - a table's own name
            return "\n".join(row for of_table in rows for row in of_table)

    def statement(self, verifier: Key, key: Key, pseudonym: str, **other: Any) -> str:
        """A verifier's word on whose key it is."""
        at = datetime.now(SHANGHAI)
        claims = {
            "jwk_thumbprint": key.thumbprint,
            "identity_pseudonym": pseudonym,
            "issued_at": at.isoformat(),
            "expires_at": (at + timedelta(days=1)).isoformat(),
        }
        return verifier.sign("identity-statement+jws", {**claims, **other})

    async def register_person(self, statement: str, key: Key) -> httpx.Response:
        """A person comes with a key and a verifier's word."""
        body = {"jwk": key.jwk, "proof": key.proof(key.thumbprint), "identity_statement": statement}
        return await self.public.post("/people", json=body)


async def start_onboarding(service: StartService, **ports: Any) -> Onboarded:
    """The service with its first operator; tokens of its own making open its doors."""
    running = await service("onboarding", **{"passwords": Argon2Passwords(QUICK), **ports})
    verifier: TokenVerifier = running.given.tokens
    of_tests = verifier.fetch

    async def fetch() -> dict[str, Any]:
        own = await signing_keys.published_keys(running.ports)
        return {"keys": [*(await of_tests())["keys"], *own]}

    verifier.fetch = fetch
    await ensure_operator(running.ports, OPERATOR_ID, OPERATOR_SECRET)
    grant = {"grant_type": "client_credentials", "client_id": OPERATOR_ID, "client_secret": OPERATOR_SECRET}
    answer = await running.client_for().post("/tokens", json=grant)
    assert answer.status_code == 200, answer.text
    return Onboarded(running, answer.json()["access_token"])


def refused(answer: httpx.Response, reason: str, status: int) -> dict[str, Any]:
    """The problem document, which must be this one."""
    problem: dict[str, Any] = answer.json()
    assert (problem["type"], answer.status_code) == (f"/problems/{reason}", status), answer.text
    return problem
