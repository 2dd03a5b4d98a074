"""Purchases by one client on the stack: from paying in and ordering to the money's having reached everybody."""

import asyncio
import json
import random
import time
from pathlib import Path

import httpx

from market.demo.client import Door
from market.files import OPERATOR_FILE
from tests.bench.figures import Figure, share_of
from tests.bench.sizes import Sizes
from tests.market.process import Process, free_port
from tests.promises.workload import Workload

SEED = 1
SELLER, BUYER = "designer", "facility"
ANSWER_SECONDS_MAX = 120


def measure(data: Path, sizes: Sizes) -> list[Figure]:
    """The stack without broker, as for the calls; each purchase pays in, orders, signs, pays, fetches, accepts."""
    port = free_port()
    arguments = ["stack", "--data", str(data), "--port", str(port), "--without", "kafka", "--without", "s3"]
    stack = Process(arguments, data.with_name("home"), port)
    stack.start()
    try:
        stack.says("The market is open")
        return asyncio.run(_measure(stack.url, data, sizes.settled))
    finally:
        stack.stop()


async def _measure(url: str, data: Path, number: int) -> list[Figure]:
    operator = json.loads((data / OPERATOR_FILE).read_text())
    async with httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS_MAX) as http:
        work = Workload(Door(http), data.with_name("papers"), operator, SEED)
        await work.open(medical=False)
        chance = random.Random(SEED)  # noqa: S311 - the same steps at each run
        asset = await work.publish(SELLER, chance)
        await work.offer(asset, chance, exclusive=False)
        only = (asset, asset.listings[-1])
        took = []
        for turn in range(number + 1):
            began = time.perf_counter()
            outcome = await work.buy(BUYER, chance, only)
            if outcome != "bought":
                raise RuntimeError(outcome)
            if turn:  # the first opens connections
                took.append(time.perf_counter() - began)
    what = "order to settled, with paying in, both signatures, delivery and acceptance"
    return [
        Figure("settled_p50_seconds", f"{what}, p50", share_of(took, 0.5), "s"),
        Figure("settled_p95_seconds", f"{what}, p95", share_of(took, 0.95), "s"),
    ]
