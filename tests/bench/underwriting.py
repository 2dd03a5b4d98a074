"""An underwriting call with consent, record and meter, by one client and by sixteen, beside a bare indexed read."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from sqlalchemy import column, select, table

from kernel.database import Database
from market.demo.cast import Person
from market.demo.client import Door
from market.demo.medical import PRICE_FEN, MedicalCase
from market.demo.persons import Applicant, applicants_of
from market.demo.story import Story
from market.demo.trade_steps import top_up
from market.demo.world import STARTS_AT, World
from market.files import OPERATOR_FILE
from market.postgres import start_postgres
from tests.bench.figures import Figure, share_of
from tests.bench.sizes import Sizes
from tests.journeys.inputs import SAMPLES
from tests.market.process import Process

PERSONS = 64
CONNECTIONS = 40
PREPARED_AT_ONCE = 8
Call = Callable[[], Awaitable[Any]]  # Any: an answer that is only timed


def measure(data: Path, sizes: Sizes) -> list[Figure]:
    """A market of its own, up to a contract in force; consents are given beforehand, then only calls are timed."""
    market = Process.market(data)
    market.start()
    try:
        market.answers("/health")
        return asyncio.run(_measure(market.url, data, sizes))
    finally:
        market.stop()


async def _measure(url: str, data: Path, sizes: Sizes) -> list[Figure]:
    figures: list[Figure] = []
    async with _contracted(url, data) as case:
        calls = iter(await _prepared(case, sum(number for _, number in sizes.calls)))
        for clients, number in sizes.calls:
            batch = [next(calls) for _ in range(number)]
            calling = await _timed(batch, clients)
            reading = await _bare_reads(data, case.contract["contract_id"], clients, sizes.reads)
            figures += _told(clients, calling, reading)
    return figures


@asynccontextmanager
async def _contracted(url: str, data: Path) -> AsyncIterator[MedicalCase]:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    operator = json.loads((data / OPERATOR_FILE).read_text())
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as http:
        with Story(Console(file=io.StringIO())) as story:
            world = World(Door(http), story, data, operator)
            await world.go_to(STARTS_AT)
            await world.gather_cast()
            case = MedicalCase(world, SAMPLES.patients, SAMPLES.conditions)
            for step in (case.authorise, case.supply, case.govern, case.register, case.list_and_contract):
                await step()
            yield case


async def _prepared(case: MedicalCase, number: int) -> list[Call]:
    """So many calls, each under a consent of its own, and enough on account to pay for them."""
    await top_up(case.world["insurer"], PRICE_FEN * (number + 100))
    case.today = await case.world.now()
    gate = asyncio.Semaphore(PREPARED_AT_ONCE)
    living = [applicant for applicant in applicants_of(SAMPLES.patients) if applicant.living][:PERSONS]

    async def admit(applicant: Applicant) -> tuple[Applicant, Person]:
        async with gate:
            return applicant, await case._admit(applicant)

    async def consent(turn: int, applicant: Applicant, person: Person) -> Call:
        async with gate:
            given = await case._consent(person, applicant, f"bench-{turn}", use="single")
            return partial(case._call, applicant, f"case-bench-{turn}", given)

    people = await asyncio.gather(*map(admit, living))
    turns = [(turn, *people[turn % len(people)]) for turn in range(number)]
    return await asyncio.gather(*(consent(*one) for one in turns))


@asynccontextmanager
async def _rows(data: Path) -> AsyncIterator[Database]:
    """Delivery's database, on the server that the market runs."""
    server = await start_postgres(data / "postgres", (data / "keys" / "databases.key").read_bytes())
    database = Database(server.url_of("delivery"), name="delivery", pool_connections=CONNECTIONS)
    try:
        yield database
    finally:
        await database.close()
        server.close()


async def _bare_reads(data: Path, contract_id: str, clients: int, number: int) -> "Timed":
    """One row by its primary key through SQLAlchemy Core, one round trip: the least that any answer costs."""
    entitlements = table("entitlements", column("contract_id"), column("buyer_party_id"))
    by_key = select(entitlements.c.buyer_party_id).where(entitlements.c.contract_id == contract_id)
    async with _rows(data) as database:
        engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")

        async def read() -> None:
            async with engine.connect() as conn:
                assert await conn.scalar(by_key)

        await asyncio.gather(*(read() for _ in range(clients)))  # connections are made before they are timed
        return await _timed([read] * number, clients)


class Timed:
    """How long each of many took, and all together."""

    def __init__(self, seconds: list[float], elapsed: float) -> None:
        self.p50_ms, self.p95_ms = share_of(seconds, 0.5) * 1000, share_of(seconds, 0.95) * 1000
        self.rate = len(seconds) / elapsed


async def _timed(calls: Iterable[Call], clients: int) -> Timed:
    seconds: list[float] = []
    waiting = iter(calls)

    async def client() -> None:
        for call in waiting:
            began = time.perf_counter()
            await call()
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Timed(seconds, time.perf_counter() - began)


def _told(clients: int, calling: Timed, reading: Timed) -> list[Figure]:
    by = f"{clients} client{'s' if clients > 1 else ''}"
    figures = []
    for name, what, timed in (("call", "underwriting call", calling), ("read", "bare indexed read", reading)):
        figures += [
            Figure(f"{name}_{clients}_p50_ms", f"{what}, {by}, p50", timed.p50_ms, "ms"),
            Figure(f"{name}_{clients}_p95_ms", f"{what}, {by}, p95", timed.p95_ms, "ms"),
            Figure(f"{name}_{clients}_per_second", f"{what}, {by}", timed.rate, "/s"),
        ]
    ratio = calling.p50_ms / reading.p50_ms
    return [*figures, Figure(f"call_to_read_{clients}", f"call / read at p50, {by}", ratio, "×")]
