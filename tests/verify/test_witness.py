"""A witness finds a log that shrank or forked since it last looked, also after a restart."""

import pytest
import rfc8785

from evidence.domain.tree import consistency_path, hash_of, leaf_hash, nodes_of
from market.verify import Trust, Witness
from market.verify.refusals import CheckpointMalformed, CheckpointNotSigned, LogForked, LogShrank, NotConsistent
from tests.verify.issuing import SmallMarket


@pytest.fixture
def market() -> SmallMarket:
    market = SmallMarket()
    market.deposit(*(f"record {number}".encode() for number in range(5)))
    return market


@pytest.fixture
def witness(market, tmp_path):
    """Each call is a witness that was just started."""
    trust = Trust.from_json(rfc8785.dumps(market.trust()))
    return lambda: Witness(tmp_path / "kept" / "checkpoint", trust)


def proof(market: SmallMarket, from_size: int) -> list[bytes]:
    _, nodes = market.tree()
    spans = consistency_path(from_size, len(market.leaves))
    return [hash_of(span, {node: nodes[node] for node in nodes_of([span])}) for span in spans]


def test_a_log_that_grows_is_followed(market, witness):
    assert witness().seen() is None
    witness().observe(market.checkpoint().note)
    for number in range(12):
        size = len(market.leaves)
        market.deposit(f"more {number}".encode())
        assert witness().observe(market.checkpoint().note, proof(market, size)).size == size + 1
    assert witness().observe(market.checkpoint().note).size == 17


def test_a_log_that_shrank_is_refused(market, witness):
    witness().observe(market.checkpoint().note)
    market.leaves.pop()
    with pytest.raises(LogShrank):
        witness().observe(market.checkpoint().note)
    assert witness().seen().size == 5


def test_another_history_of_the_same_size_is_refused(market, witness):
    witness().observe(market.checkpoint().note)
    market.leaves[2] = leaf_hash(b"another")
    with pytest.raises(LogForked):
        witness().observe(market.checkpoint().note)


def test_another_history_that_has_grown_is_refused(market, witness):
    witness().observe(market.checkpoint().note)
    market.leaves[2] = leaf_hash(b"another")
    market.deposit(b"more")
    for path in (proof(market, 5), [], [bytes(32)]):
        with pytest.raises(NotConsistent):
            witness().observe(market.checkpoint().note, path)
    assert witness().seen().size == 5


def test_a_checkpoint_of_another_key_or_form_is_refused(market, witness):
    with pytest.raises(CheckpointNotSigned):
        witness().observe(SmallMarket(leaves=market.leaves).checkpoint().note)
    with pytest.raises(CheckpointMalformed):
        witness().observe(market.checkpoint().note + "\n")
    assert witness().seen() is None
