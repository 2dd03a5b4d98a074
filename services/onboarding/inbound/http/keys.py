"""Keys of parties and people, and the market's signing keys, over HTTP."""

from datetime import datetime
from typing import Self

from kernel.web import PUBLIC, CallerOf, Code, Jws, OnceKey, PageOf, Router, Shape, View, allow
from onboarding.domain.keys import PartyKey
from onboarding.domain.person import PersonRegistered
from onboarding.domain.signing import Rotated
from onboarding.inbound.http.given import Id, Jwk, Listing, Ports, listing
from onboarding.use_cases import keys, people, signing_keys

router = Router(tags=["keys"])


class KeyRegistration(Shape):
    """A public key and the proof that its private half is at hand."""

    jwk: Jwk
    proof: Jws
    replaces: Code | None = None


class PersonRegistration(Shape):
    """A person's key, the proof, and a verifier's word on whose it is."""

    jwk: Jwk
    proof: Jws
    identity_statement: Jws


class KeyView(View):
    """A public key and when it stood for its party."""

    key_id: str
    jwk: dict[str, str]
    thumbprint: str
    valid_from_at: datetime
    valid_until_at: datetime | None

    @classmethod
    def of(cls, key: PartyKey) -> Self:
        """From the key."""
        return cls(
            key_id=key.id, jwk=key.jwk, thumbprint=key.thumbprint, valid_from_at=key.valid_from_at,
            valid_until_at=key.valid_until_at,
        )  # fmt: skip


class PersonView(View):
    """A person as the market knows one."""

    party_id: str
    key_id: str
    thumbprint: str
    replaced_key_id: str | None

    @classmethod
    def of(cls, registered: PersonRegistered) -> Self:
        """From the registration."""
        return cls.model_validate(registered)


class RotatedView(View):
    """Which signing key took over, and from which."""

    kid: str
    active_from_at: datetime
    retired_kid: str | None

    @classmethod
    def of(cls, rotated: Rotated) -> Self:
        """From the rotation."""
        return cls.model_validate(rotated)


class JwkSetView(View):
    """RFC 7517."""

    keys: list[dict[str, str]]


@router.post("/parties/mine/keys", status_code=201, dependencies=[allow("admin")])
async def register_key(registration: KeyRegistration, onboarding: Ports, caller: CallerOf, once: OnceKey) -> KeyView:
    """A key stands for the party from now on, in place of another if one is named."""
    key = await keys.register_key(onboarding, caller, once, registration.jwk, registration.proof, registration.replaces)
    return KeyView.of(key)


@router.get("/parties/{party_id}/keys", dependencies=[allow()])
async def read_keys(party_id: Id, onboarding: Ports, page: PageOf) -> Listing[KeyView]:
    """A party's keys, the replaced ones too."""
    found = await keys.keys_of_party(onboarding, party_id, page.limit, page.after)
    return listing([KeyView.of(key) for key in found], page.limit, found[-1].id if found else "")


@router.post("/people", status_code=201, dependencies=[PUBLIC])
async def register_person(registration: PersonRegistration, onboarding: Ports, once: OnceKey) -> PersonView:
    """A person takes part under a pseudonym; a known one gets the new key."""
    registered = await people.register_person(
        onboarding, once, registration.jwk, registration.proof, registration.identity_statement
    )
    return PersonView.of(registered)


@router.post("/signing-keys:rotate", dependencies=[allow("operator")])
async def rotate_signing_key(onboarding: Ports, once: OnceKey) -> RotatedView:
    """A new key signs market tokens from now on."""
    return RotatedView.of(await signing_keys.rotate(onboarding, once))


@router.get("/jwks", dependencies=[PUBLIC])
async def read_signing_keys(onboarding: Ports) -> JwkSetView:
    """The public keys of the tokens in force."""
    return JwkSetView(keys=list(await signing_keys.published_keys(onboarding)))
