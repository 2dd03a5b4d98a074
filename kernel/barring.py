"""How every service hears that a party is suspended or reinstated, and keeps to it at once."""

from collections.abc import Mapping
from typing import Any

from kernel.reactions import Reaction
from kernel.told import Told
from yaosu.onboarding.v1.events_pb2 import PartyReinstated, PartySuspended


async def when_party_suspended_bar_it(app: Any, event: PartySuspended, told: Told) -> None:  # Any: any service's ports
    """Whatever its members ask for from now on is refused."""
    async with app.work(told) as work:
        await work.bar(event.party_id)


async def when_party_reinstated_unbar_it(app: Any, event: PartyReinstated, told: Told) -> None:  # Any: as above
    """It may act again."""
    async with app.work(told) as work:
        await work.unbar(event.party_id)


BARRING: Mapping[Any, Reaction] = {  # Any: a generated class has no common typed form
    PartySuspended: when_party_suspended_bar_it,
    PartyReinstated: when_party_reinstated_unbar_it,
}
