"""Races over HTTP: eight callers send one order under one key at once, to several processes; one order stands."""

import asyncio
import json
import time
from pathlib import Path

from market.postgres import start_postgres
from tests.bench import load
from tests.bench.figures import Figure
from tests.bench.orders import PATH, serving
from tests.bench.services import databases
from tests.bench.sizes import Sizes

CALLERS = 8
WARM_UP_RACES = 5
OUTCOMES = (201, 409)  # the order, or: another attempt under the key is not finished


def measure(folder: Path, sizes: Sizes) -> list[Figure]:
    """So many, one after the other; a race with two winners, or with none, ends the measurement."""
    return asyncio.run(_measure(folder, sizes.races))


async def _measure(folder: Path, number: int) -> list[Figure]:
    server = await start_postgres(folder / "postgres", b"bench")
    try:
        url = (await databases(server, ["trading"]))["trading"]
        async with serving(folder, url, 1) as (ports, token, body):
            lines = [await asyncio.open_connection("127.0.0.1", ports[turn % len(ports)]) for turn in range(CALLERS)]
            await _race_all(lines, [load.request(PATH, token, f"warm-{turn}", body) for turn in range(WARM_UP_RACES)])
            races = [load.request(PATH, token, f"race-{turn}", body) for turn in range(number)]
            began = time.perf_counter()
            await _race_all(lines, races)
            rate = number / (time.perf_counter() - began)
            for _, writer in lines:
                writer.close()
    finally:
        server.close()
    return [Figure("races_per_second", "races of eight callers for one key over HTTP, two processes", rate, "/s")]


async def _race_all(lines: list[load.Line], races: list[bytes]) -> None:
    for race in races:
        for _, writer in lines:
            writer.write(race)
        answers = [await load.answer(reader) for reader, _ in lines]
        placed = {json.loads(body)["order_id"] for status, body in answers if status == OUTCOMES[0]}
        if len(placed) != 1 or not {status for status, _ in answers} <= set(OUTCOMES):
            message = f"a race had {len(placed)} winners: {answers}"
            raise RuntimeError(message)
