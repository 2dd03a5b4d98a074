"""Proofs: that some bytes stand in the log, and that the log only grew."""

from dataclasses import dataclass
from datetime import datetime

from evidence.domain.proof_file import proof_file
from evidence.domain.refusals import DepositNotCoveredYet, SizesOutOfOrder, TreeSmaller
from evidence.domain.tree import Span, consistency_path, hash_of, inclusion_path, nodes_of
from evidence.ports import Recording, Work
from evidence.use_cases.logs import newest_checkpoint


@dataclass(frozen=True)
class Inclusion:
    """Where some bytes stand, and the whole proof file."""

    index: int
    deposited_at: datetime
    text: str


@dataclass(frozen=True)
class Consistency:
    """Two sizes of the log, their roots, and the hashes that lead from one to the other."""

    from_size: int
    to_size: int
    from_root: bytes
    to_root: bytes
    path: list[bytes]


async def prove_inclusion(app: Recording, sha256: str, extra_data: bytes = b"") -> Inclusion:
    """The proof against the newest checkpoint."""
    async with app.work(None) as work:
        deposit = await work.deposits.get(sha256)
        if deposit.index is None or deposit.deposited_at is None:
            raise DepositNotCoveredYet(sha256=sha256)
        checkpoint = await newest_checkpoint(work)
        path = await _hashes(work, inclusion_path(deposit.index, checkpoint.size))
    return Inclusion(deposit.index, deposit.deposited_at, proof_file(deposit.index, path, checkpoint.note, extra_data))


async def prove_consistency(app: Recording, from_size: int, to_size: int) -> Consistency:
    """The proof that the log of one size is the beginning of the log of another."""
    if not 0 <= from_size <= to_size:
        raise SizesOutOfOrder(from_size=from_size, to_size=to_size)
    async with app.work(None) as work:
        size = (await newest_checkpoint(work)).size
        if to_size > size:
            raise TreeSmaller(to_size=to_size, size=size)
        from_root, to_root = await _hashes(work, [Span(0, from_size), Span(0, to_size)])
        path = await _hashes(work, consistency_path(from_size, to_size))
    return Consistency(from_size, to_size, from_root, to_root, path)


async def _hashes(work: Work, spans: list[Span]) -> list[bytes]:
    nodes = await work.nodes.get(nodes_of(spans))
    return [hash_of(span, nodes) for span in spans]
