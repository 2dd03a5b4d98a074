"""Identifiers: ordered by time, not to be guessed."""

import os
import time
from itertools import product

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = ["".join(pair) for pair in product(_ALPHABET, repeat=2)]
_RANDOM_BYTES = 10


def new_id(prefix: str) -> str:
    """A new name such as ``lst_06a3…``: 48 bits of milliseconds, then 80 random bits, in Crockford base 32."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(_RANDOM_BYTES))
    digits = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(digits)}"
