"""Near copies: how alike two sketches are, as the catalog's page defines it, in parts per million."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel.money import ppm_of

SKETCH_SIZE = 1024
MARKS_EACH = 32


def similarity_ppm(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:  # Any: the JSON of a sketch
    """0 for unrelated, 1,000,000 for the same content; the best over the pairs of files."""
    if not one or not other or one["kind"] != other["kind"]:
        return 0
    return max((_alike(a, b) for a in one["parts"] for b in other["parts"]), default=0)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:  # Any: one file's part of a sketch
    if one["size"] == other["size"] > 0 and one["multiset"] == other["multiset"]:
        return 1_000_000
    return max(_jaccard(one["minhash"], other["minhash"]), _jaccard(one["cells"], other["cells"]))


def _jaccard(one: Sequence[str], other: Sequence[str]) -> int:
    ones, others = set(one), set(other)
    union = sorted(ones | others)[:SKETCH_SIZE]
    if not union:
        return 0
    return ppm_of(sum(1 for digest in union if digest in ones and digest in others), len(union))


def marks(sketch: Mapping[str, Any]) -> list[str]:  # Any: the JSON of a sketch
    """A few of its hashes, by which copies find each other in an index: the least ones, which copies share."""
    return sorted(set(_marks(sketch)))


def _marks(sketch: Mapping[str, Any]) -> Iterator[str]:
    for part in sketch.get("parts", ()):
        if part["size"]:
            yield f"all:{part['multiset']}"
        yield from (f"row:{digest}" for digest in part["minhash"][:MARKS_EACH])
        yield from (f"cell:{digest}" for digest in part["cells"][:MARKS_EACH])
