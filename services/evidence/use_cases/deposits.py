"""Deposits: taking them in, and reading them."""

from collections.abc import Sequence

from evidence.domain.deposit import Deposit
from evidence.ports import Recording
from kernel.told import Told, ToldTogether


async def record_deposits(app: Recording, together: ToldTogether, events: Sequence[Told]) -> None:
    """Keep the digests of the events' bytes; the sequencer gives them their places."""
    taken = [
        Deposit.of(
            told.deposit, topic=told.topic, event_id=told.event_id, aggregate_id=told.aggregate_id,
            recorded_at=told.occurred_at,
        )
        for told in events if told.deposit is not None
    ]  # fmt: skip
    async with app.work(together) as work:
        await work.deposits.add(taken)


async def read_deposit(app: Recording, sha256: str) -> Deposit:
    """A deposit and where it stands."""
    async with app.work(None) as work:
        return await work.deposits.get(sha256)


async def read_entries(app: Recording, after: int, limit: int) -> list[Deposit]:
    """The log's entries behind a position, so that anybody can recompute the tree."""
    async with app.work(None) as work:
        return await work.deposits.entries(after, limit)
