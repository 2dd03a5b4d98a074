"""Orders placed over HTTP beside pgbench writing the same rows: a commit each, and commits shared."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from kernel.callers import Caller
from kernel.gathering import COMMITS_TOGETHER_MAX
from kernel.signatures import new_key, public_jwk
from kernel.tokens import market_token
from market.postgres import start_postgres
from tests.bench import load, pgbench
from tests.bench.figures import Figure
from tests.bench.services import databases, processes
from tests.bench.sizes import Sizes
from tests.market.process import free_port
from tests.trading.fakes import BUYER, PROVIDER, opening

PROCESSES = 2
TARGETS = {1: 0.15, COMMITS_TOGETHER_MAX: 0.35}
TARGET_CLIENTS = 16
TURNS = 3
WARM_UP_SECONDS = 2.0
PATH = "/trading/v1/orders"


def measure(folder: Path, sizes: Sizes) -> list[Figure]:
    """A server of its own that waits for the disk, as in production; pgbench and orders take turns on it."""
    return asyncio.run(_measure(folder, sizes))


async def _measure(folder: Path, sizes: Sizes) -> list[Figure]:
    server = await start_postgres(folder / "postgres", b"bench")
    try:
        url = (await databases(server, ["trading"]))["trading"]
        figures: list[Figure] = []
        script = folder / "order.sql"
        for commits in TARGETS:
            async with serving(folder, url, commits) as (ports, token, body):
                orders = load.repeated(PATH, token, body)
                await load.send(ports, orders, clients=TARGET_CLIENTS, seconds=WARM_UP_SECONDS)
                script.write_text(await pgbench.script_of(url))
                for clients in sizes.clients:
                    bare, ours = await _in_turns(url, script, ports, orders, clients, sizes)
                    figures += _told(commits, clients, bare, ours)
        return figures
    finally:
        server.close()


@asynccontextmanager
async def serving(folder: Path, url: str, commits: int) -> AsyncIterator[tuple[list[int], str, bytes]]:
    """Several api processes on one database, as production runs them: their ports, a buyer's token, an order's body."""
    key, ports = new_key(), [free_port() for _ in range(PROCESSES)]
    known = {**public_jwk(key), "kid": "bench"}
    asked = {"folder": str(folder), "url": url, "commits_together": commits, "key": known}
    with processes("tests.bench.order_server", [{**asked, "port": port} for port in ports]):
        body = await _listed(ports[0], key)
        yield ports, market_token(Caller(BUYER, "buyer", frozenset({"buyer"})), key, "bench"), body


async def _in_turns(
    url: str, script: Path, ports: Sequence[int], orders: Iterator[bytes], clients: int, sizes: Sizes
) -> tuple[float, list[load.Load]]:
    """Take turns, so that a machine that is slow for a while is slow for both; the median of pgbench, and all loads."""
    seconds = max(int(sizes.load_seconds / TURNS), 1)
    bare, ours = list[float](), list[load.Load]()
    for turn in range(TURNS + 1):
        bare.append(await asyncio.to_thread(pgbench.rate, url, script, clients=clients, seconds=seconds))
        if turn < TURNS:
            ours.append(await load.send(ports, orders, clients=clients, seconds=seconds))
    return median(bare), ours


async def _listed(port: int, key: Any) -> bytes:
    """A listing to order from, once the processes answer; the order's body."""
    token = market_token(Caller(PROVIDER, "provider", frozenset({"provider", "authorised_operator"})), key, "bench")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"listing-{port}"}
    transport = httpx.AsyncHTTPTransport(retries=0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=30) as http:
        for _ in range(600):
            try:
                answer = await http.post("/trading/v1/listings", json=opening(), headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            listing_id = answer.raise_for_status().json()["listing_id"]
            await asyncio.sleep(1)  # the other process is up by then
            return json.dumps({"listing_id": listing_id, "purpose": "underwriting"}).encode()
    message = "no api process came up"
    raise TimeoutError(message)


def _told(commits: int, clients: int, bare: float, loads: Sequence[load.Load]) -> list[Figure]:
    way = "a commit each" if commits == 1 else f"up to {commits} a commit"
    what = f"{clients} client{'s' if clients > 1 else ''}, {way}"
    name = f"orders_{'one' if commits == 1 else 'group'}_{clients}"
    target = TARGETS[commits] if clients == TARGET_CLIENTS else None
    rate, p95_ms = median(each.rate for each in loads), median(each.p95_ms for each in loads)
    return [
        Figure(f"{name}_pgbench_per_second", f"pgbench, the same four statements, {clients} clients", bare, "/s"),
        Figure(f"{name}_per_second", f"orders over HTTP, {what}", rate, "/s"),
        Figure(f"{name}_p95_ms", f"orders over HTTP, {what}, p95", p95_ms, "ms"),
        Figure(f"{name}_to_pgbench", f"orders / pgbench, {what}", rate / bare, "×", target=target, at_least=True),
    ]
