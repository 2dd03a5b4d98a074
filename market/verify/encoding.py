"""Reading only what has exactly one way of being written: base64, numbers, JSON."""

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NoReturn

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
SIZE_MAX = 2**63 - 1


class MalformedError(ValueError):
    """What was read is not in its one form."""


def exact_base64(text: str) -> bytes:
    """Standard base64 with padding, no stray bits."""
    return _exact(text, b64encode, lambda value: b64decode(value, validate=True))


def exact_base64url(text: str) -> bytes:
    """URL-safe base64 without padding, no stray bits."""
    return _exact(
        text,
        lambda data: urlsafe_b64encode(data).rstrip(b"="),
        lambda value: urlsafe_b64decode(value + "=" * (-len(value) % 4)),
    )


def _exact(text: str, encode: Any, decode: Any) -> bytes:  # Any: the two halves of one codec
    try:
        data: bytes = decode(text)
    except ValueError as error:
        raise MalformedError from error
    if encode(data) != text.encode():
        raise MalformedError
    return data


def exact_number(text: str) -> int:
    """A decimal number in ASCII without leading zeroes, below 2^63."""
    if not _NUMBER.fullmatch(text) or int(text) > SIZE_MAX:
        raise MalformedError
    return int(text)


def strict_json(data: bytes) -> Any:  # Any: a JSON value
    """A JSON value in UTF-8: each member once, no NaN, no lone surrogates."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise MalformedError from error
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError
    return members


def _no_constant(_name: str) -> NoReturn:
    raise MalformedError
