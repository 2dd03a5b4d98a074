"""The tree: published vectors, and every proof against the recursive definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.domain.consistency import is_consistent
from evidence.domain.tree import (
    Frontier,
    Node,
    Span,
    SpanOutsideTreeError,
    consistency_path,
    hash_of,
    inclusion_path,
    leaf_hash,
    nodes_of,
)  # fmt: skip
from market.verify import merkle
from tests.evidence.oracle import path_of, proof_of, root_of

# The leaves and roots that Certificate Transparency's own implementations test with.
PUBLISHED_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_PATHS = {
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (6, 7): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
}  # fmt: skip
PUBLISHED_PROOFS = {
    (1, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (6, 8): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 5): ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
    (3, 7): ["0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
             "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
             "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
             "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e"],
    (4, 7): ["837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e"],
}  # fmt: skip
LEAVES = [leaf_hash(str(number).encode()) for number in range(201)]


def grown(leaves: list[bytes]) -> tuple[Frontier, dict[Node, bytes]]:
    """A tree grown leaf by leaf, and all that it completed."""
    nodes: dict[Node, bytes] = {}
    frontier = Frontier(0, [])
    for leaf in leaves:
        nodes.update(frontier.append(leaf))
    return frontier, nodes


GROWN, NODES = grown(LEAVES)


def hashes(spans: list[Span], nodes: dict[Node, bytes]) -> list[bytes]:
    return [hash_of(span, {node: nodes[node] for node in nodes_of([span])}) for span in spans]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_were_published(size):
    assert grown([leaf_hash(data) for data in PUBLISHED_LEAVES[:size]])[0].root.hex() == PUBLISHED_ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PUBLISHED_PATHS)
def test_inclusion_proofs_are_those_that_were_published(index, size):
    _, nodes = grown([leaf_hash(data) for data in PUBLISHED_LEAVES])
    assert [value.hex() for value in hashes(inclusion_path(index, size), nodes)] == PUBLISHED_PATHS[index, size]


@pytest.mark.parametrize(("from_size", "to_size"), PUBLISHED_PROOFS)
def test_consistency_proofs_are_those_that_were_published(from_size, to_size):
    _, nodes = grown([leaf_hash(data) for data in PUBLISHED_LEAVES])
    found = [value.hex() for value in hashes(consistency_path(from_size, to_size), nodes)]
    assert found == PUBLISHED_PROOFS[from_size, to_size]


@pytest.mark.parametrize("size", range(1, 201))
def test_every_size_has_the_root_of_the_definition_and_proves_its_edges(size):
    root = root_of(LEAVES[:size])
    assert hash_of(Span(0, size), NODES) == root
    assert Frontier.of(size, NODES).root == root
    for index in {0, size // 3, size // 2, size - 1}:
        path = hashes(inclusion_path(index, size), NODES)
        assert merkle.is_included(LEAVES[index], index, size, path, root)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_inclusion_proofs_follow_the_definition_and_verify_only_as_they_are(data):
    size = data.draw(st.integers(1, 200))
    index = data.draw(st.integers(0, size - 1))
    path, root = hashes(inclusion_path(index, size), NODES), hash_of(Span(0, size), NODES)
    assert path == path_of(index, LEAVES[:size])
    assert merkle.is_included(LEAVES[index], index, size, path, root)
    other = data.draw(st.integers(0, 200).filter(lambda value: value != index))
    assert not merkle.is_included(LEAVES[index], other, size, path, root)
    assert not merkle.is_included(LEAVES[other], index, size, path, root)
    assert not merkle.is_included(LEAVES[index], index, size, [*path, root], root)
    for place in range(len(path)):
        assert not merkle.is_included(LEAVES[index], index, size, path[:place] + path[place + 1 :], root)
        changed = [*path[:place], LEAVES[200], *path[place + 1 :]]
        assert not merkle.is_included(LEAVES[index], index, size, changed, root)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_consistency_proofs_follow_the_definition_and_verify_only_as_they_are(data):
    to_size = data.draw(st.integers(1, 200))
    from_size = data.draw(st.integers(1, to_size))
    path = hashes(consistency_path(from_size, to_size), NODES)
    old, new = hash_of(Span(0, from_size), NODES), hash_of(Span(0, to_size), NODES)
    assert path == proof_of(from_size, LEAVES[:to_size])
    for check in (merkle.is_consistent, is_consistent):
        assert check(from_size, to_size, old, new, path)
        assert not check(from_size, to_size, LEAVES[200], new, path)
        assert not check(from_size, to_size, old, LEAVES[200], path)
        assert not check(from_size, to_size, old, new, [*path, LEAVES[200]])
        for place in range(len(path)):
            assert not check(from_size, to_size, old, new, path[:place] + path[place + 1 :])
            assert not check(from_size, to_size, old, new, [*path[:place], LEAVES[200], *path[place + 1 :]])


def test_every_pair_of_small_sizes_is_consistent():
    for to_size in range(34):
        for from_size in range(to_size + 1):
            path = hashes(consistency_path(from_size, to_size), NODES)
            roots = hash_of(Span(0, from_size), NODES), hash_of(Span(0, to_size), NODES)
            assert merkle.is_consistent(from_size, to_size, *roots, path), (from_size, to_size)
            assert is_consistent(from_size, to_size, *roots, path), (from_size, to_size)


def test_a_proof_reads_few_nodes_of_a_large_tree():
    size = 10**9 + 7
    assert len(nodes_of(inclusion_path(12345, size))) < 64
    assert len(nodes_of(consistency_path(size // 3, size))) < 64


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0)])
def test_a_position_outside_the_tree_has_no_proof(index, size):
    with pytest.raises(SpanOutsideTreeError):
        inclusion_path(index, size)


def test_sizes_out_of_order_have_no_proof():
    with pytest.raises(SpanOutsideTreeError):
        consistency_path(3, 2)
