"""One way to write a JSON value down (RFC 8785), and digests of what was written."""

import hashlib
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:  # Any: a JSON value
    """The RFC 8785 bytes of a JSON value; integers beyond 2^53 are refused by the rule itself."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    """SHA-256, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sm3_hex(data: bytes) -> str:
    """SM3 (GB/T 32905), lower-case hex."""
    return hashlib.new("sm3", data).hexdigest()
