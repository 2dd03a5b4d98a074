"""Deposits: taking them in, and reading them."""

from evidence.domain.deposit import Deposit
from evidence.ports import Recording
from kernel.told import Told


async def record_deposit(app: Recording, told: Told, data: bytes) -> None:
    """Keep the digests of an event's bytes; the sequencer gives them their place."""
    deposit = Deposit.of(
        data,
        topic=told.topic,
        event_id=told.event_id,
        aggregate_id=told.aggregate_id,
        recorded_at=told.occurred_at,
    )
    async with app.work(told) as work:
        await work.deposits.add(deposit)


async def read_deposit(app: Recording, sha256: str) -> Deposit:
    """A deposit and where it stands."""
    async with app.work(None) as work:
        return await work.deposits.get(sha256)


async def read_entries(app: Recording, after: int, limit: int) -> list[Deposit]:
    """The log's entries behind a position, so that anybody can recompute the tree."""
    async with app.work(None) as work:
        return await work.deposits.entries(after, limit)
