"""The credential in a certificate: a W3C VC 2.0 as ``vc+jwt``, read strictly and checked with pinned keys."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from market.verify.encoding import exact_base64url, strict_json
from market.verify.refusals import CredentialMalformed, IssuerNotTrusted, SignatureInvalid
from market.verify.trust import IssuerKey, Trust, moment

CONTEXT = "https://www.w3.org/ns/credentials/v2"
CREDENTIAL = "VerifiableCredential"
REGISTRATION = "DataPropertyRegistrationCertificate"
TRADE = "TradeCertificate"
KINDS = (REGISTRATION, TRADE)
TYP = "vc+jwt"
ALGORITHM = "Ed25519"
_ID = re.compile(r"urn:yaosu:[a-z][a-z-]*:[\w.:/-]{1,200}")


@dataclass(frozen=True)
class Credential:
    """What the credential states, and the parts of its signature."""

    id: str
    kind: str
    issuer: str
    kid: str
    valid_from: datetime
    valid_until: datetime | None
    subject: dict[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def read(cls, jwt: bytes) -> "Credential":
        """From the compact JWS; refused when a claim is missing or of another form."""
        try:
            head, body, tail = jwt.decode("ascii").split(".")
            header = strict_json(exact_base64url(head))
            claims = strict_json(exact_base64url(body))
            signature = exact_base64url(tail)
        except ValueError as error:
            raise CredentialMalformed from error
        _demand(isinstance(header, dict) and set(header) == {"alg", "typ", "kid"}, "header")
        _demand(header["alg"] == ALGORITHM and header["typ"] == TYP and _is_text(header["kid"]), "header")
        _demand(isinstance(claims, dict), "payload")
        return cls(
            id=_id(claims.get("id")),
            kind=_kind(claims.get("@context"), claims.get("type")),
            issuer=_text(claims.get("issuer"), "issuer"),
            kid=header["kid"],
            valid_from=_moment(claims.get("validFrom"), "validFrom"),
            valid_until=_until(claims),
            subject=_subject(claims.get("credentialSubject")),
            signed=f"{head}.{body}".encode(),
            signature=signature,
        )

    def verify(self, trust: Trust) -> IssuerKey:
        """Refuse unless signed by a key that the trust file gives this issuer for the day of issue."""
        keys = [key for key in trust.issuer_keys(self.kid) if key.issuer == self.issuer]
        if not keys:
            raise IssuerNotTrusted(particular=f"{self.issuer}, {self.kid}")
        key = keys[0]
        if not key.was_valid_at(self.valid_from):
            raise IssuerNotTrusted(particular=f"{self.kid}, {self.valid_from.isoformat()}")
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(self.signature, self.signed)
        except (InvalidSignature, ValueError) as error:
            raise SignatureInvalid from error
        return key


def _demand(condition: object, claim: str) -> None:
    if not condition:
        raise CredentialMalformed(particular=claim)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _text(value: object, claim: str) -> str:
    _demand(_is_text(value), claim)
    return str(value)


def _id(value: object) -> str:
    _demand(isinstance(value, str) and _ID.fullmatch(value), "id")
    return str(value)


def _kind(context: object, types: object) -> str:
    _demand(isinstance(context, list) and context and context[0] == CONTEXT, "@context")
    _demand(isinstance(context, list) and all(isinstance(entry, str) for entry in context), "@context")
    if not isinstance(types, list) or len(types) != 2 or types[0] != CREDENTIAL or types[1] not in KINDS:  # noqa: PLR2004 - the general type and ours
        raise CredentialMalformed(particular="type")
    return str(types[1])


def _moment(value: object, claim: str) -> datetime:
    try:
        return moment(value)
    except ValueError as error:
        raise CredentialMalformed(particular=claim) from error


def _until(claims: dict[str, Any]) -> datetime | None:
    if "validUntil" not in claims:
        _demand(claims["type"][1] == TRADE, "validUntil")
        return None
    until = _moment(claims["validUntil"], "validUntil")
    _demand(until > _moment(claims["validFrom"], "validFrom"), "validUntil")
    return until


def _subject(value: object) -> dict[str, Any]:
    _demand(isinstance(value, dict) and value, "credentialSubject")
    return dict(value) if isinstance(value, dict) else {}
