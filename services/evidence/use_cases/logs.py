"""The log itself: opening it, and the one sequencer that gives positions and signs."""

from datetime import datetime

from evidence.domain.checkpoint import Checkpoint, LogKey
from evidence.domain.deposit import Deposit
from evidence.domain.log import Log
from evidence.domain.refusals import CheckpointNotFound, NothingDepositedYet
from evidence.domain.tree import Frontier, Node, Span, nodes_of
from evidence.ports import Recording, Work
from kernel.crash_points import reached

BATCH_DEPOSITS = 1000


async def open_log(app: Recording) -> Log:
    """The log; at the first start it is made, with a key that exists nowhere else in the clear."""
    async with app.work(None) as work:
        log = await work.logs.find()
        if log is None:
            await work.logs.add(_new_log(app, work.now))
            log = await work.logs.hold()
    return log


async def place_waiting_deposits(app: Recording) -> int:
    """Give the deposits that wait their positions and sign the tree that results, all in one transaction."""
    async with app.work(None) as work:
        if not await work.deposits.wait():
            return 0
    await open_log(app)
    async with app.work(None) as work:
        log = await work.logs.hold()
        return await _append(work, log, LogKey.from_seed(log.origin, app.sealer.unseal(log.sealed_seed)))


async def _append(work: Work, log: Log, key: LogKey) -> int:
    frontier = Frontier.of(log.size, await work.nodes.get(nodes_of([Span(0, log.size)])))
    placed: list[Deposit] = []
    completed: dict[Node, bytes] = {}
    last = await work.checkpoints.newest()
    # A transaction that began before its predecessor ended has the earlier time; the log's own never goes back.
    at = max(work.now, last.signed_at) if last else work.now
    for waiting in await work.deposits.waiting(BATCH_DEPOSITS):
        deposit, deposited = waiting.place(frontier.size, at)
        completed.update(frontier.append(deposit.leaf_hash))
        placed.append(deposit)
        work.tell(deposited, about=deposit.sha256)
    if not placed:
        return 0
    checkpoint, signed = Checkpoint.sign(key, frontier.size, frontier.root, at)
    reached("evidence.after_sign")
    await work.deposits.place(placed)
    await work.nodes.add(completed)
    reached("evidence.after_append")
    await work.checkpoints.add(checkpoint)
    await work.logs.grow(log, log.grown(len(placed)))
    work.tell(signed, about=log.origin)
    return len(placed)


async def read_newest_checkpoint(app: Recording) -> Checkpoint:
    """What was signed last."""
    async with app.work(None) as work:
        return await newest_checkpoint(work)


async def read_checkpoint(app: Recording, size: int) -> Checkpoint:
    """What was signed at one size."""
    async with app.work(None) as work:
        checkpoint = await work.checkpoints.at(size)
        if checkpoint is None:
            raise CheckpointNotFound(size=size)
        return checkpoint


async def newest_checkpoint(work: Work) -> Checkpoint:
    """What was signed last, as this transaction sees it."""
    checkpoint = await work.checkpoints.newest()
    if checkpoint is None:
        raise NothingDepositedYet
    return checkpoint


def _new_log(app: Recording, at: datetime) -> Log:
    key = LogKey.new(app.origin)
    return Log(key.origin, key.vkey, app.sealer.seal(key.seed), at)
