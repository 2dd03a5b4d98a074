"""Checking a consistency proof as anybody would who holds two checkpoints (RFC 9162 2.1.4.2)."""

from collections.abc import Sequence

from evidence.domain.tree import EMPTY_ROOT, node_hash


def is_consistent(from_size: int, to_size: int, from_root: bytes, to_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the hashes lead from the smaller tree's root to the larger one's."""
    if from_size == to_size:
        return from_root == to_root and not path
    if from_size == 0:
        return from_root == EMPTY_ROOT and not path
    hashes = list(path)
    if from_size & (from_size - 1) == 0:
        hashes.insert(0, from_root)
    if not hashes:
        return False
    old_place, new_place = from_size - 1, to_size - 1
    while old_place & 1:
        old_place, new_place = old_place >> 1, new_place >> 1
    old = new = hashes[0]
    for value in hashes[1:]:
        if new_place == 0:
            return False
        if old_place & 1 or old_place == new_place:
            old, new = node_hash(value, old), node_hash(value, new)
            while not old_place & 1 and old_place:
                old_place, new_place = old_place >> 1, new_place >> 1
        else:
            new = node_hash(new, value)
        old_place, new_place = old_place >> 1, new_place >> 1
    return new_place == 0 and old == from_root and new == to_root
