"""The RFC 6962 tree over stored complete subtrees: appending and proving touch a logarithmic number of nodes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """A complete subtree: it covers the leaves from ``place * 2**level`` on, ``2**level`` of them."""

    level: int
    place: int


class Span(NamedTuple):
    """A run of leaves, from the first up to and not including the last, that is one subtree of RFC 6962."""

    start: int
    end: int


class SpanOutsideTreeError(ValueError):
    """The position or size asked for lies outside the tree."""


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def complete_subtrees(span: Span) -> list[Node]:
    """The complete subtrees, left to right and largest first, that make up a subtree's leaves."""
    nodes, start = [], span.start
    while start < span.end:
        level = (span.end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def hash_of(span: Span, nodes: Mapping[Node, bytes]) -> bytes:
    """The hash of a subtree, put together from the complete subtrees in it."""
    return joined([nodes[node] for node in complete_subtrees(span)])


def joined(hashes: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees that stand side by side, largest first; of none, the empty tree's."""
    if not hashes:
        return EMPTY_ROOT
    whole = hashes[-1]
    for left in reversed(hashes[:-1]):
        whole = node_hash(left, whole)
    return whole


def inclusion_path(index: int, size: int) -> list[Span]:
    """The subtrees whose hashes prove a leaf, from the leaf's sibling to the root's child (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise SpanOutsideTreeError
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if index < middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(start, middle))
            start = middle
    return path[::-1]


def consistency_path(from_size: int, to_size: int) -> list[Span]:
    """The subtrees whose hashes prove the smaller tree to be the larger one's beginning (RFC 6962 2.1.2)."""
    if not 0 <= from_size <= to_size:
        raise SpanOutsideTreeError
    if from_size in (0, to_size):
        return []
    path, start, end = [], 0, to_size
    while end != from_size:
        middle = start + _largest_power_below(end - start)
        if from_size <= middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(start, middle))
            start = middle
    # The old root itself is known to whoever asks; any smaller subtree that ends it is not.
    if start > 0:
        path.append(Span(start, end))
    return path[::-1]


def nodes_of(spans: Iterable[Span]) -> set[Node]:
    """Every complete subtree that is needed to hash these subtrees."""
    return {node for span in spans for node in complete_subtrees(span)}


@dataclass
class Frontier:
    """The right edge of a tree: its size and the complete subtrees that make it up, largest first."""

    size: int
    peaks: list[bytes]

    @classmethod
    def of(cls, size: int, nodes: Mapping[Node, bytes]) -> "Frontier":
        """The edge of a stored tree."""
        return cls(size, [nodes[node] for node in complete_subtrees(Span(0, size))])

    @property
    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return joined(self.peaks)

    def append(self, leaf: bytes) -> Iterator[tuple[Node, bytes]]:
        """Take one more leaf hash; gives each subtree that it completes, the leaf first."""
        node, value = Node(0, self.size), leaf
        yield node, value
        while node.place & 1:
            node, value = Node(node.level + 1, node.place >> 1), node_hash(self.peaks.pop(), value)
            yield node, value
        self.peaks.append(value)
        self.size += 1


def _largest_power_below(width: int) -> int:
    """The largest power of two smaller than the width, which is at least two."""
    return 1 << (width - 1).bit_length() - 1
