"""Compact JWS by Ed25519 keys: the only form of signature the market takes from parties."""

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from kernel.refusals import Malformed

ALGORITHM = "Ed25519"  # the fully specified name of RFC 9864; "EdDSA" is deprecated by it
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])
_TEXT_MAX = 256 * 1024


class SignatureInvalid(Malformed):
    """The signature does not belong to these words and this key. Sign the exact bytes shown with a registered key."""

    zh = "签名与内容或密钥不符。请用已登记的密钥对所示的原文签名。"


class KeyUnusable(Malformed):
    """The key is not a public Ed25519 key (RFC 8037: kty OKP, crv Ed25519, x). Send only its public members."""

    zh = "该密钥不是 Ed25519 公钥（RFC 8037：kty OKP、crv Ed25519、x）。请只提交公钥部分。"


def new_key() -> OKPKey:
    """A new Ed25519 key."""
    return OKPKey.generate_key("Ed25519", private=True, auto_kid=False)


def private_bytes(key: OKPKey) -> bytes:
    """The key as JSON text, to be sealed."""
    return json.dumps(key.as_dict(private=True)).encode()


def key_from(data: bytes | dict[str, Any]) -> OKPKey:
    """A key from its JWK; refused when it is none."""
    try:
        members = data if isinstance(data, dict) else json.loads(data)
        if members.get("kty") != "OKP" or members.get("crv") != "Ed25519":
            raise KeyUnusable
        return OKPKey.import_key({name: members[name] for name in ("kty", "crv", "x", "d") if name in members})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyUnusable from error


def public_jwk(key: OKPKey) -> dict[str, str]:
    """The public members: kty, crv, x."""
    members = key.as_dict(private=False)
    return {name: str(members[name]) for name in ("kty", "crv", "x")}


def sign_compact(payload: bytes, key: OKPKey, kid: str, typ: str) -> str:
    """A compact JWS of the bytes."""
    signed = b"%b.%b" % (_header_written(kid, typ), _encoded(payload))
    signer: Any = key.get_op_key("sign")  # Any: joserfc says no more of its keys
    return (b"%b.%b" % (signed, _encoded(signer.sign(signed)))).decode("ascii")


@lru_cache(maxsize=256)
def _header_written(kid: str, typ: str) -> bytes:
    return _encoded(json.dumps({"alg": ALGORITHM, "typ": typ, "kid": kid}, separators=(",", ":")).encode())


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(part: bytes) -> bytes:
    data = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    if _encoded(data) != part:  # Python's decoder passes over what is no base64url, and over unused bits
        raise SignatureInvalid
    return data


@dataclass(frozen=True, slots=True)
class Opened:
    """A compact JWS taken apart; nothing of it is verified yet."""

    header: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes

    @classmethod
    def read(cls, text: str) -> "Opened":
        """Refused when it is none."""
        try:
            if len(text) > _TEXT_MAX:
                raise SignatureInvalid
            signed, _, signature = text.encode("ascii").rpartition(b".")
            header, payload = signed.split(b".")
            members = json.loads(_decoded(header))
            if not isinstance(members, dict):
                raise SignatureInvalid
            return cls(members, _decoded(payload), signed, _decoded(signature))
        except ValueError as error:  # of base64, of JSON, of text that is not ASCII
            raise SignatureInvalid from error

    def verified(self, key: OKPKey, typ: str) -> bytes:
        """The signed bytes; refused unless signed by this key, with this type and our one algorithm.

        The same rules as ``verify_compact``, at a third of its price: every call between services is signed.
        """
        header = self.header
        if header.get("typ") != typ or header.get("alg") != ALGORITHM or not set(header) <= {"alg", "typ", "kid"}:
            raise SignatureInvalid
        verifier: Any = key.get_op_key("verify")  # Any: joserfc says no more of its keys
        try:
            verifier.verify(self.signature, self.signed)
        except InvalidSignature as error:
            raise SignatureInvalid from error
        return self.payload


def header_of(text: str) -> dict[str, Any]:
    """The header, unverified: to learn which key to look for."""
    try:
        if len(text) > _TEXT_MAX:
            raise SignatureInvalid
        return dict(jws.extract_compact(text.encode("ascii")).headers())
    except (JoseError, ValueError, UnicodeError) as error:
        raise SignatureInvalid from error


def verify_compact(text: str, jwk: dict[str, Any], typ: str) -> bytes:
    """The signed bytes; refused unless signed by this key, with this type and our one algorithm."""
    header = header_of(text)
    if header.get("typ") != typ or header.get("alg") != ALGORITHM or not set(header) <= {"alg", "typ", "kid"}:
        raise SignatureInvalid
    try:
        return jws.deserialize_compact(text.encode("ascii"), key_from(jwk), registry=_REGISTRY).payload or b""
    except (JoseError, ValueError) as error:
        raise SignatureInvalid from error
