"""One way to write a JSON value down (RFC 8785), and digests of what was written."""

import hashlib
import json
from typing import Any

import rfc8785

INTEGER_MAX = 2**53 - 1
_plainly = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:  # Any: a JSON value
    """The RFC 8785 bytes of a JSON value; integers beyond 2^53 are refused by the rule itself."""
    if _is_plain(value):
        try:
            return _plainly(value).encode()
        except UnicodeEncodeError:  # half a character; the rule has its own word for that
            return rfc8785.dumps(value)
    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:  # Any: a JSON value
    """Whether Python's own encoder, which is ten times as fast, writes it as the rule does.

    They differ in numbers with a fraction, in members' names beyond ASCII (whose order is that of UTF-16), and in what
    is no JSON value.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-INTEGER_MAX <= value <= INTEGER_MAX)
    if kind is dict:
        for name, member in value.items():
            if type(name) is not str or not name.isascii() or not _is_plain(member):
                return False
        return True
    if kind in {list, tuple}:
        return all(map(_is_plain, value))
    return False


def sha256_hex(data: bytes) -> str:
    """SHA-256, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sm3_hex(data: bytes) -> str:
    """SM3 (GB/T 32905), lower-case hex."""
    return hashlib.new("sm3", data).hexdigest()
