"""Orders placed over HTTP beside pgbench writing the same rows: a commit each, and commits shared."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import trading
from kernel.bus import PostgresBus
from kernel.callers import Caller
from kernel.gathering import COMMITS_TOGETHER_MAX
from kernel.grants import apply_grants, whole
from kernel.migrations import migrate
from kernel.signatures import new_key, public_jwk
from kernel.tokens import market_token
from market.postgres import Server, start_postgres
from tests.bench import load, pgbench
from tests.bench.figures import Figure
from tests.bench.sizes import Sizes
from tests.market.process import SOURCES, free_port
from tests.trading.fakes import BUYER, PROVIDER, opening
from tools.survey import ROOT
from trading.outbound.tables import GRANTS

PROCESSES = 2
TARGETS = {1: 0.15, COMMITS_TOGETHER_MAX: 0.35}
TARGET_CLIENTS = 16
PATH = "/trading/v1/orders"


def measure(folder: Path, sizes: Sizes) -> list[Figure]:
    """A server of its own that waits for the disk, as in production; pgbench and orders take turns on it."""
    return asyncio.run(_measure(folder, sizes))


async def _measure(folder: Path, sizes: Sizes) -> list[Figure]:
    server = await start_postgres(folder / "postgres", b"bench")
    try:
        url = await _database(server)
        figures: list[Figure] = []
        script = folder / "order.sql"
        for commits in TARGETS:
            with _processes(folder, url, commits) as (ports, key):
                body = await _listed(ports[0], key)
                token = market_token(Caller(BUYER, "buyer", frozenset({"buyer"})), key, "bench")
                await load.post(ports, PATH, token, body, clients=4, seconds=1)
                script.write_text(await pgbench.script_of(url))
                for clients in sizes.clients:
                    bare = await asyncio.to_thread(
                        pgbench.rate, url, script, clients=clients, seconds=int(sizes.load_seconds)
                    )
                    ours = await load.post(ports, PATH, token, body, clients=clients, seconds=sizes.load_seconds)
                    figures += _told(commits, clients, bare, ours)
        return figures
    finally:
        server.close()


async def _database(server: Server) -> str:
    await server.create(["trading"])
    owner = server.as_owner("trading")
    try:
        await migrate(owner.engine, Path(trading.__path__[0]) / "migrations")
        await apply_grants(owner.engine, "yaosu_trading", whole(GRANTS))
        await PostgresBus(owner).create()
    finally:
        await owner.close()
    return server.url_of("trading")


@contextmanager
def _processes(folder: Path, url: str, commits: int) -> Iterator[tuple[list[int], Any]]:
    """Several api processes on one database, as production runs them."""
    key = new_key()
    asked = {"folder": str(folder), "url": url, "commits_together": commits, "key": {**public_jwk(key), "kid": "bench"}}
    running = []
    ports = [free_port() for _ in range(PROCESSES)]
    try:
        for port in ports:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.order_server"], stdin=subprocess.PIPE, cwd=ROOT, text=True,
                env={"PYTHONPATH": ":".join(map(str, SOURCES)), "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
            running.append(process)
            assert process.stdin is not None
            process.stdin.write(json.dumps({**asked, "port": port}) + "\n")
            process.stdin.close()
        yield ports, key
    finally:
        for process in running:
            process.terminate()
            process.wait()


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


def _told(commits: int, clients: int, bare: float, ours: load.Load) -> list[Figure]:
    way = "a commit each" if commits == 1 else f"up to {commits} a commit"
    what = f"{clients} client{'s' if clients > 1 else ''}, {way}"
    name = f"orders_{'one' if commits == 1 else 'group'}_{clients}"
    target = TARGETS[commits] if clients == TARGET_CLIENTS else None
    return [
        Figure(f"{name}_pgbench_per_second", f"pgbench, the same four statements, {clients} clients", bare, "/s"),
        Figure(f"{name}_per_second", f"orders over HTTP, {what}", ours.rate, "/s"),
        Figure(f"{name}_p95_ms", f"orders over HTTP, {what}, p95", ours.p95_ms, "ms"),
        Figure(f"{name}_to_pgbench", f"orders / pgbench, {what}", ours.rate / bare, "×", target=target, at_least=True),
    ]
