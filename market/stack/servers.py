"""The real servers under a stack, in a process that holds them: they end when it does, and it ends with the stack."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import URL
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kernel.secret_files import made_once, replaced
from market.backends.chosen import start_kafka, start_postgres, start_seaweed
from market.complaints import FolderInUse
from market.doors import lock_folder, quiet_server, told_to_stop
from market.files import SERVERS_FILE, STACK_FILE
from market.health import Ask, answer_health, ask_all
from market.postgres import Server
from market.settings import MarketSettings
from market.stack.asking import NotWellError

DATABASE = "YAOSU_DATABASE_URL"
KAFKA, S3 = "kafka", "s3"


@dataclass
class Servers:
    """What others are told of the servers (only migrations know an administrator), and how each is asked."""

    for_migrations: dict[str, str]
    for_services: dict[str, str]
    asks: dict[str, Ask]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``/health``, asked of the servers themselves."""
        if scope["type"] != "http":
            return
        answer = Response(status_code=404)
        if scope["path"] == "/health":
            answer = answer_health([], await ask_all(self.asks))
        await answer(scope, receive, send)


async def start_servers(data: Path, without: Sequence[str], stack: AsyncExitStack) -> Servers:
    """Start what no address in the environment names; instead of Kafka PostgreSQL, instead of S3 the folder."""
    servers = await _postgres(data, stack)
    if KAFKA not in without:
        environment, is_alive = await _kafka(data / KAFKA, stack)
        servers.for_migrations |= environment
        servers.for_services |= environment
        servers.asks["events"] = _asks_alive(is_alive)
    if S3 not in without:
        environment, is_alive = await _s3(data / S3, stack)
        servers.for_migrations |= environment
        servers.for_services |= environment
        servers.asks["objects"] = _asks_alive(is_alive)
    return servers


async def _kafka(folder: Path, stack: AsyncExitStack) -> tuple[dict[str, str], Callable[[], Awaitable[bool]]]:
    brokers = MarketSettings().kafka
    if brokers:
        return {"YAOSU_KAFKA": brokers}, partial(_takes_connections, brokers)
    kafka = await stack.enter_async_context(start_kafka(folder))
    return kafka.environment(), kafka.is_alive


async def _s3(folder: Path, stack: AsyncExitStack) -> tuple[dict[str, str], Callable[[], Awaitable[bool]]]:
    given = MarketSettings().s3
    if given:
        parts = urlsplit(given)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return {"YAOSU_S3": given}, partial(_takes_connections, f"{parts.hostname}:{port}")
    seaweed = await stack.enter_async_context(start_seaweed(folder))
    return seaweed.environment(), seaweed.is_alive


async def _takes_connections(brokers: str) -> bool:
    host, _, port = brokers.split(",", maxsplit=1)[0].rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


async def _postgres(data: Path, stack: AsyncExitStack) -> Servers:
    secret = made_once(data / "keys" / "databases.key", lambda: secrets.token_bytes(32))
    postgres = await start_postgres(data / "postgres", secret)
    stack.callback(postgres.close)
    admin = postgres.admin
    nobody = URL.create(admin.drivername, host=admin.host, port=admin.port, database=admin.database, query=admin.query)
    return Servers(
        for_migrations={DATABASE: admin.render_as_string(hide_password=False)},
        for_services={DATABASE: nobody.render_as_string()},
        asks={"database": _asks_postgres(postgres)},
    )


def _asks_postgres(postgres: Server) -> Ask:
    async def ask() -> Mapping[str, Any]:  # Any: JSON values
        connection = await postgres.connect()
        try:
            return {"version": await connection.fetchval("SHOW server_version")}
        finally:
            await connection.close()

    return ask


def _asks_alive(is_alive: Callable[[], Awaitable[bool]]) -> Ask:
    async def ask() -> Mapping[str, Any]:  # Any: JSON values
        if not await is_alive():
            message = "does not answer"
            raise NotWellError(message)
        return {}

    return ask


async def hold_servers(data: Path, without: Sequence[str], port: int) -> None:
    """Hold the servers until the process is told to stop; on the port, how they are."""
    stopped = told_to_stop()
    async with AsyncExitStack() as stack:
        servers = await start_servers(data, without, stack)
        told = {"for_migrations": servers.for_migrations, "for_services": servers.for_services}
        replaced(data / SERVERS_FILE, json.dumps(told).encode())
        view = quiet_server(servers, port)
        showing = asyncio.create_task(view.serve())
        await stopped.wait()
        view.should_exit = True
        await showing


@asynccontextmanager
async def within_reach(data: Path) -> AsyncIterator[None]:
    """The servers of the stack on the folder, for whoever looks into its data; nothing to do for other markets.

    While the stack runs, they are its own; else they run for the time of the block.
    """
    if not (data / STACK_FILE).exists():
        yield
        return
    async with AsyncExitStack() as stack:
        try:
            stack.callback(lock_folder(data).close)
        except FolderInUse:
            addresses = json.loads((data / SERVERS_FILE).read_bytes())["for_migrations"]
        else:
            without = json.loads((data / STACK_FILE).read_bytes())["without"]
            addresses = (await start_servers(data, without, stack)).for_migrations
        before = {name: os.environ.get(name) for name in addresses}
        os.environ.update(addresses)
        stack.callback(_restore, before)
        yield


def _restore(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
