"""Every point at which a test may let the process die, and what the clients do so that it comes to it."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from kernel.crash_points import POINTS as KERNEL_POINTS
from market.demo.client import Refused
from tests.promises.workload import Workload

SERVICE_POINTS = {
    "catalog.after_look": "the bytes of a version are examined, it is not published",
    "evidence.after_append": "deposits have their places in the tree, the checkpoint is not kept",
    "evidence.after_sign": "a checkpoint is signed, not kept",
    "top_up.after_bank_call": "the payer was told to collect, the top-up does not know it",
    "settlement.after_bank_call": "the payer was told to pay a share out, the settlement does not know it",
    "contract.after_reserve": "the registry holds an exclusive right, the contract does not know it",
    "contract.after_confirm": "the registry has granted an exclusive right, the contract does not stand yet",
    "use.after_hold": "the price of a use is held, nothing is answered",
    "use.after_answer": "the answer is worked out, the use is not metered",
    "pledge.after_call": "another service has done a pledge's step, the pledge does not know it",
    "pledge.mid_cancel": "a pledge is half taken back: the reservation still stands",
}
POINTS = {**KERNEL_POINTS, **SERVICE_POINTS}
APART = {"migration.between_steps"}  # it has a test of its own
Step = Callable[[Workload, random.Random], Awaitable[object]]


async def publish(workload: Workload, chance: random.Random) -> None:
    """Bytes, a version, a certificate, a listing."""
    await workload.publish("designer", chance)


async def buy(workload: Workload, chance: random.Random, *, exclusive: bool = False) -> None:
    """A fresh asset, sold and settled."""
    asset = await workload.publish("designer", chance)
    await workload.offer(asset, chance, exclusive=exclusive)
    await workload.buy("insurer", chance, only=(asset, asset.listings[-1]))


async def buy_exclusively(workload: Workload, chance: random.Random) -> None:
    """A fresh asset, sold to one buyer alone."""
    await buy(workload, chance, exclusive=True)


async def borrow(workload: Workload, chance: random.Random) -> None:
    """A loan from application to release."""
    await workload.borrow(await workload.publish("co_designer", chance), chance)


async def give_up(workload: Workload, chance: random.Random) -> None:
    """A pledge that is taken back."""
    await workload.give_up_pledge(await workload.publish("co_designer", chance), chance)


async def ask(workload: Workload, chance: random.Random) -> None:
    """A question about a person who consented."""
    await workload.underwriting.ask(chance)


DRIVERS: dict[str, Step] = {
    "objects": publish, "catalog": publish, "evidence": publish, "top_up": buy, "settlement": buy,
    "use": ask, "contract": buy_exclusively, "pledge.after_call": borrow, "pledge.mid_cancel": give_up,
}  # fmt: skip


async def drive(point: str, workload: Workload, chance: random.Random) -> None:
    """Do what leads to the point, over and over, until this is cancelled."""
    step = DRIVERS.get(point) or DRIVERS.get(point.partition(".")[0], buy)
    while True:
        try:
            await step(workload, chance)
        except Refused as refused:
            workload.refused[refused.type] += 1
        await asyncio.sleep(0)
