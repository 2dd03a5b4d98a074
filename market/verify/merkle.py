"""Checking RFC 6962 proofs, written after the algorithms of RFC 9162 2.1.3.2 and 2.1.4.2."""

from collections.abc import Sequence
from hashlib import sha256

from market.verify.refusals import NotConsistent

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def _parent(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf's hash at this index to the root of the tree of this size."""
    if not 0 <= index < size:
        return False
    place, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = _parent(sibling, value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = _parent(value, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and value == root


def is_consistent(from_size: int, to_size: int, from_root: bytes, to_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves the tree of the first size to be the beginning of the second."""
    if not 0 <= from_size <= to_size:
        return False
    if from_size == to_size:
        return from_root == to_root and not path
    if from_size == 0:
        return from_root == EMPTY_ROOT and not path
    hashes = list(path)
    if from_size & (from_size - 1) == 0:
        hashes.insert(0, from_root)
    return bool(hashes) and _leads(from_size - 1, to_size - 1, hashes) == (from_root, to_root)


def _leads(place: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = hashes[0]
    for value in hashes[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = _parent(value, old), _parent(value, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = _parent(new, value)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def verify_consistency(from_size: int, to_size: int, from_root: bytes, to_root: bytes, path: Sequence[bytes]) -> None:
    """As ``is_consistent``; refuses when it is not proved."""
    if not is_consistent(from_size, to_size, from_root, to_root, path):
        raise NotConsistent(particular=f"{from_size} → {to_size}")
