"""An underwriting call with consent, record and meter, by one client and by sixteen, beside a bare indexed read."""

import asyncio
import csv
import io
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from rich.console import Console

from market.demo.client import Door
from market.demo.medical import PRICE_FEN, MedicalCase
from market.demo.persons import applicants_of
from market.demo.story import Story
from market.demo.trade_steps import top_up
from market.demo.world import STARTS_AT, World
from market.ground import Ground
from tests.bench.figures import Figure, spread

CALLS = {1: 200, 16: 800}
READS = 4000
CONNECTIONS = 40


async def measure(url: str, data: Path, patients: Path, conditions: Path) -> list[Figure]:
    """Prepare the medical case up to the contract, then ask for living persons, each call under its own consent."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    operator = json.loads((data / "operator.json").read_text())
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as http:
        with Story(Console(file=io.StringIO())) as story:
            world = World(Door(http), story, data, operator)
            case = await _contracted(world, patients, conditions)
            await top_up(world["insurer"], PRICE_FEN * (sum(CALLS.values()) + 100))
            calls = await _prepared(case, patients, sum(CALLS.values()))
            figures = []
            for clients, number in CALLS.items():
                batch, calls = calls[:number], calls[number:]
                figures.append(await _timed(f"underwriting call, {clients} client(s)", batch, clients))
    return figures + await _bare_reads(data, case.contract["contract_id"])


async def _contracted(world: World, patients: Path, conditions: Path) -> MedicalCase:
    await world.go_to(STARTS_AT)
    await world.gather_cast()
    case = MedicalCase(world, patients, conditions)
    for step in (case.authorise, case.supply, case.govern, case.register, case.list_and_contract):
        await step()
    return case


async def _prepared(case: MedicalCase, patients: Path, number: int) -> list[Callable[[], Awaitable[Any]]]:
    """So many calls, each with a consent of its own that was given beforehand."""
    living = [
        (applicant, person)
        for applicant, row in zip(applicants_of(patients), _rows(patients), strict=True)
        if not row["DEATHDATE"]
        for person in [await case._admit(applicant)]
    ][:100]
    calls: list[Callable[[], Awaitable[Any]]] = []
    for turn in range(number):
        applicant, person = living[turn % len(living)]
        consent = await case._consent(person, applicant, f"bench-{turn}", use="single")
        calls.append(partial(case._call, applicant, f"case-bench-{turn}", consent))
    return calls


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


async def _timed(what: str, calls: list[Callable[[], Awaitable[Any]]], clients: int) -> Figure:
    seconds: list[float] = []
    waiting = iter(calls)

    async def client() -> None:
        for call in waiting:
            began = time.perf_counter()
            await call()
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return spread(what, seconds, time.perf_counter() - began)


async def _bare_reads(data: Path, contract_id: str) -> list[Figure]:
    """The same database, one row by its key over a plain connection: the least that any answer costs."""
    ground = await Ground.open(data, movable_clock=True)
    address = ground.server.url_of("delivery").replace("postgresql+asyncpg", "postgresql")
    figures = []
    for clients in CALLS:
        connections = [await asyncpg.connect(address) for _ in range(clients)]
        pool = asyncio.Queue[Any]()
        for connection in connections:
            pool.put_nowait(connection)

        async def read(pool: "asyncio.Queue[Any]" = pool) -> None:
            connection = await pool.get()
            await connection.fetchrow("SELECT contract_id FROM entitlements WHERE contract_id = $1", contract_id)
            pool.put_nowait(connection)

        figures.append(await _timed(f"bare indexed read, {clients} client(s)", [read] * READS, clients))
        for connection in connections:
            await connection.close()
    await ground.close()
    return figures
