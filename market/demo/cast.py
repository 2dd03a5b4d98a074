"""Who takes part in the two cases: invented parties, approved by the operator, each with a registered key."""

import base64
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from joserfc.jwk import OKPKey

from kernel.signatures import new_key, public_jwk, sign_compact
from market.demo.client import Actor, Door

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
PASSWORD = secrets.token_urlsafe(18)


@dataclass(frozen=True)
class Part:
    """A party of the story."""

    handle: str
    name: str
    name_en: str
    entity_kind: str
    code_stem: str
    roles: tuple[str, ...]


CAST = (
    Part("bureau", "城阳区大数据发展管理局", "Chengyang Big Data Bureau", "public_institution", "11370214MB1000001",
         ("implementing_body",)),
    Part("hospital", "城阳区人民医院", "Chengyang People's Hospital", "public_institution", "12370214MB2000002",
         ("supplier", "provider")),
    Part("operator", "城阳数据运营有限公司", "Chengyang Data Operation Co.", "state_owned_enterprise",
         "91370214MA3D00003", ("authorised_operator", "provider")),
    Part("insurer", "海岳人寿保险股份有限公司", "Haiyue Life Insurance", "private_enterprise", "91370200MA3D00004",
         ("buyer",)),
    Part("designer", "城阳建筑设计研究院有限公司", "Chengyang Architecture & Design", "state_owned_enterprise",
         "91370214MA3D00005", ("provider",)),
    Part("co_designer", "青岛结构设计有限公司", "Qingdao Structural Design", "private_enterprise", "91370214MA3D00006",
         ("provider", "buyer")),
    Part("bank", "城阳农村商业银行", "Chengyang Rural Commercial Bank", "private_enterprise", "91370214MA3D00007",
         ("bank",)),
    Part("second_bank", "即墨商业银行", "Jimo Commercial Bank", "private_enterprise", "91370215MA3D00008", ("bank",)),
    Part("facility", "青岛物业管理有限公司", "Qingdao Facility Management", "private_enterprise", "91370214MA3D00009",
         ("buyer", "provider")),
    Part("registrar", "数据资产登记评价中心", "Registration and Evaluation Centre", "state_owned_enterprise",
         "91370214MA3D00010", ("reviewer",)),
    Part("law_firm", "岱宗律师事务所", "Daizong Law Firm", "private_enterprise", "31370000MD0000011", ("law_firm",)),
    Part("appraiser", "齐鲁资产评估有限公司", "Qilu Asset Appraisal", "private_enterprise", "91370000MA3D00012",
         ("appraiser",)),
    Part("identity", "公民网络身份认证平台", "Network Identity Platform", "public_institution", "12100000MB3000013",
         ("identity_verifier",)),
)  # fmt: skip


def credit_code(stem: str) -> str:
    """The stem with its check character (GB 32100-2015)."""
    total = sum(_ALPHABET.index(character) * weight for character, weight in zip(stem, _WEIGHTS, strict=True))
    return stem + _ALPHABET[-total % len(_ALPHABET)]


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638, base64url without padding."""
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(sha256(members.encode()).digest()).decode().rstrip("=")


def operator_of(door: Door, credential: dict[str, str]) -> Actor:
    """The market operator, by its client credential."""

    async def log_in() -> str:
        answer = await door.ask(
            "POST", "/onboarding/v1/tokens", json={"grant_type": "client_credentials", **credential}
        )
        return str(answer["access_token"])

    return Actor(door, "市场运营方 market operator", log_in)


def session_of(door: Door, username: str, password: str) -> Callable[[], Awaitable[str]]:
    """Log in as a person."""

    async def log_in() -> str:
        answer = await door.ask("POST", "/onboarding/v1/sessions", json={"username": username, "password": password})
        return str(answer["access_token"])

    return log_in


async def admit(door: Door, market_operator: Actor, part: Part) -> Actor:
    """Apply, be approved, log in, register a key."""
    username = f"{part.handle}-{secrets.token_hex(3)}"
    application = {
        "name": part.name, "name_en": part.name_en, "entity_kind": part.entity_kind,
        "credit_code": credit_code(part.code_stem), "roles_wanted": list(part.roles),
        "contact": {"name": "数据管理员", "phone": "053287868786", "email": f"{part.handle}@example.cn"},
        "administrator": {"username": username, "password": PASSWORD},
    }  # fmt: skip
    applied = await door.ask("POST", "/onboarding/v1/parties", key=secrets.token_hex(16), json=application)
    party_id = applied["party_id"]
    await market_operator.post(f"/onboarding/v1/parties/{party_id}:approve", {"roles": list(part.roles)})
    actor = Actor(door, part.name, session_of(door, username, PASSWORD))
    actor.party_id = party_id
    await register_key(actor)
    return actor


async def register_key(actor: Actor) -> None:
    """Register the actor's key, with proof that it holds the private half."""
    kid = thumbprint(actor.jwk)
    proof = sign_compact(actor.party_id.encode(), actor.key, kid, "key-proof+jws")
    registered = await actor.post("/onboarding/v1/parties/mine/keys", {"jwk": actor.jwk, "proof": proof})
    actor.key_id = registered["key_id"]


async def second_person(door: Door, of: Actor, display_name: str, roles: list[str]) -> Actor:
    """Another member of the same party."""
    username = f"second-{secrets.token_hex(3)}"
    body = {"username": username, "password": PASSWORD, "display_name": display_name, "roles": roles}
    await of.post("/onboarding/v1/parties/mine/members", body)
    actor = Actor(door, f"{of.name}（{display_name}）", session_of(door, username, PASSWORD))
    actor.party_id, actor.key, actor.key_id, actor.jwk = of.party_id, of.key, of.key_id, of.jwk
    return actor


@dataclass
class Person:
    """An insured person: a key of their own, and nothing else that the market would know them by."""

    key: OKPKey
    party_id: str
    key_id: str
    actor: Actor


async def admit_person(door: Door, verifier: Actor, pseudonym: str, stated_at: tuple[str, str]) -> Person:
    """The identity verifier vouches for the key; the person registers it. Nobody tells the market who it is."""
    key = new_key()
    jwk = public_jwk(key)
    kid = thumbprint(jwk)
    statement = {
        "jwk_thumbprint": kid, "identity_pseudonym": pseudonym, "issued_at": stated_at[0], "expires_at": stated_at[1],
    }  # fmt: skip
    body = {
        "jwk": jwk,
        "proof": sign_compact(kid.encode(), key, kid, "key-proof+jws"),
        "identity_statement": verifier.sign(json.dumps(statement).encode(), "identity-statement+jws"),
    }
    registered: dict[str, Any] = await door.ask("POST", "/onboarding/v1/people", key=secrets.token_hex(16), json=body)

    async def log_in() -> str:
        claims = {
            "party_id": registered["party_id"], "aud": "yaosu", "exp": int(time.time()) + 50,
            "jti": secrets.token_hex(16),
        }  # fmt: skip
        assertion = sign_compact(json.dumps(claims).encode(), key, registered["key_id"], "client-assertion+jws")
        grant = {"grant_type": "key", "party_id": registered["party_id"], "assertion": assertion}
        return str((await door.ask("POST", "/onboarding/v1/tokens", json=grant))["access_token"])

    actor = Actor(door, "被保险人 insured person", log_in)
    actor.party_id, actor.key, actor.key_id = registered["party_id"], key, registered["key_id"]
    return Person(key, registered["party_id"], registered["key_id"], actor)
