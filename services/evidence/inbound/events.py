"""What evidence does when another service tells something that carries bytes to deposit."""

from collections.abc import Sequence

from evidence.ports import Recording
from evidence.use_cases import deposits
from kernel.reactions import AnyDeposit, Reactions, Together
from kernel.told import Told, ToldTogether

TOPICS = (
    "yaosu.onboarding.v1",
    "yaosu.catalog.v1",
    "yaosu.rights.v1",
    "yaosu.trading.v1",
    "yaosu.delivery.v1",
    "yaosu.pledge.v1",
)


async def when_bytes_told_deposit_them(
    app: Recording, events: Sequence[tuple[bytes, Told]], together: ToldTogether
) -> None:
    """Whatever the events say, the bytes they carry get a place in the log."""
    await deposits.record_deposits(app, together, [told for _, told in events])


REACTIONS: Reactions = {topic: {AnyDeposit: Together(when_bytes_told_deposit_them)} for topic in TOPICS}
