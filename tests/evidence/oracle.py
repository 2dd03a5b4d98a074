"""RFC 6962 word for word, recursively: slow, and what the fast tree is compared with."""

from hashlib import sha256


def root_of(leaves: list[bytes]) -> bytes:
    """MTH(D) over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def path_of(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D)."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path_of(m, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), root_of(leaves[:k])]


def proof_of(m: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    """PROOF(m, D) as SUBPROOF(m, D, known)."""
    if m == len(leaves):
        return [] if known else [root_of(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*proof_of(m, leaves[:k], known=known), root_of(leaves[k:])]
    return [*proof_of(m - k, leaves[k:], known=False), root_of(leaves[:k])]


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k
