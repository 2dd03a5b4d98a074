"""Replays: a repeated request is answered from what it led to, before anybody else is asked anything."""

from kernel.once import Once
from kernel.work import Ticket
from rights.ports import Registering


async def recall(app: Registering, once: Ticket) -> None:
    """Leave with what the key led to before; what the others say by now must not change it."""
    if isinstance(once, Once):
        async with app.work() as work:
            await work.recall(once)
