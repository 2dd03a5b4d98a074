"""Near copies: how alike two sketches are. The format is in the README; `rights` computes the same."""

from collections.abc import Mapping, Sequence
from typing import Any

SKETCH_SIZE = 1024


def similarity(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:  # Any: the JSON of a sketch
    """0.0 for unrelated, 1.0 for the same content; the best over the pairs of files."""
    if one["kind"] != other["kind"]:
        return 0.0
    return max((_alike(a, b) for a in one["parts"] for b in other["parts"]), default=0.0)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:  # Any: one file's part of a sketch
    if one["size"] == other["size"] > 0 and one["multiset"] == other["multiset"]:
        return 1.0
    return max(jaccard(one["minhash"], other["minhash"]), jaccard(one["cells"], other["cells"]))


def jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of common members, estimated from the least hashes of the union."""
    ones, others = set(one), set(other)
    union = sorted(ones | others)[:SKETCH_SIZE]
    if not union:
        return 0.0
    return sum(1 for digest in union if digest in ones and digest in others) / len(union)
