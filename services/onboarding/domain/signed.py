"""Reading the JSON inside a signed text: exactly the members agreed, each once, all of the agreed form."""

import json
from typing import Any


def members_of(payload: bytes, names: frozenset[str]) -> dict[str, Any] | None:
    """The members, or nothing when the text is not a JSON object of exactly these names."""
    try:
        pairs = json.loads(payload, object_pairs_hook=tuple)
        members = dict(pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    return members if len(pairs) == len(members) and members.keys() == names else None
