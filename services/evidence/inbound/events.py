"""What evidence does when another service tells something that carries bytes to deposit."""

from evidence.ports import Recording
from evidence.use_cases import deposits
from kernel.reactions import AnyDeposit, Reactions
from kernel.told import Told

TOPICS = (
    "yaosu.onboarding.v1",
    "yaosu.catalog.v1",
    "yaosu.rights.v1",
    "yaosu.trading.v1",
    "yaosu.delivery.v1",
    "yaosu.pledge.v1",
)


async def when_bytes_told_deposit_them(app: Recording, _event: bytes, told: Told) -> None:
    """Whatever the event says, the bytes it carries get a place in the log."""
    if told.deposit:
        await deposits.record_deposit(app, told, told.deposit)


REACTIONS: Reactions = {topic: {AnyDeposit: when_bytes_told_deposit_them} for topic in TOPICS}
