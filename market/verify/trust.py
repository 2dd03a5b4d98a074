"""The trust file: the only place from which public keys are taken."""

import os
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785

from market.verify.checkpoint import VerifierKey
from market.verify.encoding import MalformedError, exact_base64url, strict_json
from market.verify.refusals import TrustUnusable

FORMAT = 1
TRUST_BYTES_MAX = 1024 * 1024
VARIABLE = "YAOSU_TRUST"
KEY_BYTES = 32
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class IssuerKey:
    """One key of one issuer, and when it signed: from a moment on, up to another or still."""

    issuer: str
    kid: str
    public: bytes
    valid_from: datetime
    valid_until: datetime | None

    def was_valid_at(self, moment: datetime) -> bool:
        """Whether the key was the issuer's at the moment."""
        return self.valid_from <= moment and (self.valid_until is None or moment < self.valid_until)


@dataclass(frozen=True)
class Trust:
    """The log's name and key, the issuers' keys past and present, and the file's fingerprint."""

    origin: str
    log_key: VerifierKey
    issuers: tuple[IssuerKey, ...]
    fingerprint: str

    @classmethod
    def from_file(cls, path: Path) -> "Trust":
        """Read a trust file."""
        try:
            with path.open("rb") as file:
                data = file.read(TRUST_BYTES_MAX + 1)
        except OSError as error:
            raise TrustUnusable(particular=str(path)) from error
        if len(data) > TRUST_BYTES_MAX:
            raise TrustUnusable(particular=str(path))
        return cls.from_json(data)

    @classmethod
    def from_json(cls, data: bytes) -> "Trust":
        """Read the JSON of a trust file; members that format 1 does not know are refused."""
        try:
            document = strict_json(data)
            _members(document, {"format", "log", "issuers"})
            _members(document["log"], {"origin", "vkey"})
            if type(document["format"]) is not int or document["format"] != FORMAT:
                raise MalformedError
            origin = _text(document["log"]["origin"])
            key = VerifierKey.read(_text(document["log"]["vkey"]))
            issuers = tuple(_issuer(entry) for entry in _list(document["issuers"]))
            names = [(entry.issuer, entry.kid) for entry in issuers]
            if len(set(names)) != len(names):
                raise MalformedError
            return cls(origin, key, issuers, fingerprint_of(document))
        except (ValueError, KeyError, TypeError, rfc8785.CanonicalizationError) as error:
            raise TrustUnusable from error

    def issuer_keys(self, kid: str) -> tuple[IssuerKey, ...]:
        """The keys of this id."""
        return tuple(key for key in self.issuers if key.kid == kid)


def fingerprint_of(document: dict[str, Any]) -> str:
    """SHA-256 of the document's RFC 8785 form, lower-case hex."""
    return sha256(rfc8785.dumps(document)).hexdigest()


def trust_path(flag: Path | None = None) -> Path:
    """Where trust comes from: the flag, else YAOSU_TRUST, else the user's own pinned file."""
    if flag is not None:
        return flag
    named = os.environ.get(VARIABLE)
    return Path(named) if named else pinned_path()


def pinned_path() -> Path:
    """The user's own pinned file: ``~/.config/yaosu/trust.json``, or beneath ``XDG_CONFIG_HOME`` where that is set."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "yaosu" / "trust.json"


def moment(text: object) -> datetime:
    """An RFC 3339 moment with its offset."""
    if not _MOMENT.fullmatch(_text(text)):
        raise MalformedError
    return datetime.fromisoformat(str(text))


def _issuer(entry: dict[str, Any]) -> IssuerKey:
    _members(entry, {"issuer", "jwk", "kid", "valid_from", "valid_until"}, may_lack={"valid_until"})
    jwk = entry["jwk"]
    _members(jwk, {"kty", "crv", "x", "kid", "alg", "use"}, may_lack={"kid", "alg", "use"})
    public = exact_base64url(_text(jwk["x"]))
    if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519" or len(public) != KEY_BYTES:
        raise MalformedError
    until = entry.get("valid_until")
    return IssuerKey(
        _text(entry["issuer"]), _text(entry["kid"]), public, moment(entry["valid_from"]),
        None if until is None else moment(until),
    )  # fmt: skip


def _members(value: object, names: set[str], may_lack: AbstractSet[str] = frozenset()) -> None:
    if not isinstance(value, dict) or not names - may_lack <= set(value) <= names:
        raise MalformedError


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise MalformedError
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise MalformedError
    return value
