"""Underwriting calls with consent, record and meter, on many persons, beside a bare indexed read."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from sqlalchemy import column, select, table
from sqlalchemy.engine import make_url

from kernel.database import Database
from market.demo.client import Door
from market.demo.medical import PRICE_FEN, MedicalCase
from market.demo.persons import CONTRACT_PURPOSE, Applicant, pseudonym
from market.demo.story import Story
from market.demo.trade_steps import top_up
from market.demo.world import STARTS_AT, World
from market.files import OPERATOR_FILE, SERVERS_FILE
from tests.bench import load, persons
from tests.bench.figures import Figure
from tests.bench.sizes import Sizes
from tests.market.process import Process, free_port

PERSONS = 64
CONNECTIONS = 40
PREPARED_AT_ONCE = 8
PATIENCE_SECONDS = 1200.0
P95_MS = 150.0
TARGET_CLIENTS = 32
PATH = "/delivery/v1/underwriting-queries"
ROOM_MEBIBYTES = "4096"
Call = Callable[[], Awaitable[Any]]  # Any: an answer that is only timed


def measure(data: Path, sizes: Sizes) -> list[Figure]:
    """The stack, each service's API and worker a process of its own, up to a contract in force; then calls are timed.

    Consents are given beforehand. The events go by PostgreSQL: a broker would have a core of the machine to itself.
    """
    files = persons.generate(data.with_name("inputs"), sizes.persons)
    port = free_port()
    arguments = ["stack", "--data", str(data), "--port", str(port), "--without", "kafka", "--without", "s3"]
    stack = Process(arguments, data.with_name("home"), port, {"YAOSU_DELIVERY_ROOM_MEMORY_MEBIBYTES": ROOM_MEBIBYTES})
    stack.start()
    try:
        stack.says("The market is open")
        return asyncio.run(_measure(stack.url, data, files, sizes))
    finally:
        stack.stop()


async def _measure(url: str, data: Path, files: tuple[Path, Path], sizes: Sizes) -> list[Figure]:
    figures: list[Figure] = []
    async with _contracted(url, data, files) as case:
        bodies = iter(await _prepared(case, files[0], sizes.warm_calls + sum(number for _, number in sizes.calls)))
        health = await case.world.door.ask("GET", "/health")
        ports = [health["parts"]["delivery api"]["port"]]  # as a load balancer in front of the service would
        began = time.perf_counter()
        await _called(case, ports, [next(bodies)], 1)
        opened = time.perf_counter() - began
        figures.append(
            Figure("room_seconds", f"the first call, its room of {sizes.persons:,} persons being warmed", opened, "s")
        )
        await _called(case, ports, [next(bodies) for _ in range(sizes.warm_calls - 1)], TARGET_CLIENTS)
        for clients, number in sizes.calls:
            calling = await _called(case, ports, [next(bodies) for _ in range(number)], clients)
            reading = await _bare_reads(data, case.contract["contract_id"], clients, sizes.reads)
            figures += _told(clients, sizes.persons, calling, reading)
    return figures


@asynccontextmanager
async def _contracted(url: str, data: Path, files: tuple[Path, Path]) -> AsyncIterator[MedicalCase]:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    operator = json.loads((data / OPERATOR_FILE).read_text())
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, limits=limits) as http:
        with Story(Console(file=io.StringIO())) as story:
            world = World(Door(http), story, data, operator)
            await world.go_to(STARTS_AT)
            await world.gather_cast()
            for actor in world.actors.values():
                actor.patience_seconds = PATIENCE_SECONDS
            case = MedicalCase(world, *files)
            for step in (case.authorise, case.supply, case.govern, case.register, case.list_and_contract):
                await step()
            yield case


async def _prepared(case: MedicalCase, patients: Path, number: int) -> list[bytes]:
    """The bodies of so many calls, each under a consent of its own, and enough on account to pay for them."""
    await top_up(case.world["insurer"], PRICE_FEN * (number + 100))
    case.today = await case.world.now()
    gate = asyncio.Semaphore(PREPARED_AT_ONCE)
    people = persons.some(patients, PERSONS)

    async def admit(applicant: Applicant) -> None:
        async with gate:
            await case._admit(applicant)

    async def consent(turn: int) -> bytes:
        applicant = people[turn % len(people)]
        async with gate:
            person = await case._admit(applicant)
            given = await case._consent(person, applicant, f"bench-{turn}", use="single")
        return json.dumps({
            "contract_id": case.contract["contract_id"], "purpose": CONTRACT_PURPOSE, "consent_id": given,
            "policy_case": f"case-bench-{turn}",
            "subject_token": pseudonym(case.contract_key, applicant.identity_number),
        }).encode()  # fmt: skip

    await asyncio.gather(*map(admit, people))
    return await asyncio.gather(*(consent(turn) for turn in range(number)))


async def _called(case: MedicalCase, ports: Sequence[int], bodies: Sequence[bytes], clients: int) -> load.Load:
    token = await case.world["insurer"].token()
    requests = (load.request(PATH, token, json.loads(body)["policy_case"], body) for body in bodies)
    return await load.send(ports, iter(list(requests)), clients=clients, status=200)


@asynccontextmanager
async def _rows(data: Path) -> AsyncIterator[Database]:
    """Delivery's database, on the server that the stack runs."""
    told = json.loads((data / SERVERS_FILE).read_text())["for_migrations"]
    url = make_url(told["YAOSU_DATABASE_URL"]).set(database="yaosu_delivery")
    database = Database(url.render_as_string(hide_password=False), name="delivery", pool_connections=CONNECTIONS)
    try:
        yield database
    finally:
        await database.close()


async def _bare_reads(data: Path, contract_id: str, clients: int, number: int) -> load.Load:
    """One row by its primary key, one round trip: the least that any answer costs."""
    entitlements = table("entitlements", column("contract_id"), column("buyer_party_id"))
    by_key = select(entitlements.c.buyer_party_id).where(entitlements.c.contract_id == contract_id)
    async with _rows(data) as database:

        async def read() -> None:
            async with database.statement() as conn:
                assert await conn.scalar(by_key)

        await asyncio.gather(*(read() for _ in range(clients)))  # connections are made before they are timed
        return await _timed([read] * number, clients)


async def _timed(calls: Iterable[Call], clients: int) -> load.Load:
    seconds: list[float] = []
    waiting = iter(calls)

    async def client() -> None:
        for call in waiting:
            began = time.perf_counter()
            await call()
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return load.Load(seconds, time.perf_counter() - began)


def _told(clients: int, number: int, calling: load.Load, reading: load.Load) -> list[Figure]:
    by = f"{clients} client{'s' if clients > 1 else ''}"
    figures = []
    named = (("call", f"underwriting call, {number:,} persons", calling), ("read", "bare indexed read", reading))
    for name, what, timed in named:
        target = P95_MS if name == "call" and clients == TARGET_CLIENTS else None
        figures += [
            Figure(f"{name}_{clients}_p50_ms", f"{what}, {by}, p50", timed.p50_ms, "ms"),
            Figure(f"{name}_{clients}_p95_ms", f"{what}, {by}, p95", timed.p95_ms, "ms", target=target),
            Figure(f"{name}_{clients}_per_second", f"{what}, {by}", timed.rate, "/s"),
        ]
    ratio = calling.p50_ms / reading.p50_ms
    return [*figures, Figure(f"call_to_read_{clients}", f"call / read at p50, {by}", ratio, "×")]
