"""Asks a world everything that may be asked, and says what came of it."""

from collections.abc import Mapping
from contextlib import suppress

import grpc
import httpx
from sqlalchemy import text

from kernel.callers import Caller
from kernel.tokens import ServiceKeys
from tests.authorisation.callers import ROLES, STRANGER
from tests.authorisation.operations import Operation
from tests.authorisation.table import PUBLIC, REST, Row
from tests.authorisation.world import World

GUESSES = {"letter_id": "999999", "size": "999999", "sha256": "f" * 64, "number": "YS-2026-999999",
           "from_size": "1", "to_size": "1", "debtor_credit_code": "91370214MA3C0000XX"}  # fmt: skip


def outcome(answer: httpx.Response) -> str:
    """A status, and the last word of the problem's type where it is refused."""
    if answer.status_code < httpx.codes.BAD_REQUEST:
        return str(answer.status_code)
    return f"{answer.status_code} {answer.json()['type'].rpartition('/')[2]}"


def guessed(operation: Operation) -> dict[str, str]:
    """Identifiers of nothing."""
    return {name: GUESSES.get(name, "dat_00000000000000000000000000") for name in operation.parameters}


def owned(world: World, operation: Operation) -> tuple[dict[str, str], str]:
    """An object that is there, and the party whose it is; nothing where the story has none."""
    values, owner = dict[str, str](), ""
    for name in operation.parameters:
        value, holder = world.objects.get((operation.service, name), ("", ""))
        if not value:
            return {}, ""
        values[name], owner = value, owner or holder
    return values, owner


async def of_each_role(world: World, operation: Operation, row: Row, values: Mapping[str, str]) -> dict[str, str]:
    """What a stranger with each of the roles that may gets; what is public does not ask who comes."""
    if row.may == PUBLIC:
        return {REST: outcome(await world.ask(operation, values, ""))}
    strangers = world.callers.strangers()
    return {role: outcome(await world.ask(operation, values, strangers[role])) for role in row.roles(ROLES)}


async def own(world: World, operation: Operation, row: Row) -> str:
    """What the owner gets by reading, with all roles that may."""
    values, owner = owned(world, operation)
    if not operation.is_read or not values:
        return ""
    return outcome(await world.ask(operation, values, world.callers.member(owner or STRANGER, *row.roles(ROLES))))


async def events_told(world: World, service: str) -> int:
    """How many events the service ever told."""
    async with world.hosts[service].given.database.transaction() as conn:
        return int(await conn.scalar(text("SELECT count(*) FROM outbox")) or 0)


async def called(world: World, service: str, method: str, token: str) -> str:
    """What a call with an empty request comes to."""
    channel = grpc.aio.insecure_channel(world.ground.address_of(service))
    ask = channel.unary_stream(f"/{method}", None, None)  # bytes both ways; one answer is a stream of one
    metadata = (("authorization", token),) if token else ()
    answered = "OK"
    try:
        with suppress(StopAsyncIteration):
            async for _ in ask(b"", metadata=metadata, timeout=20):
                pass
    except grpc.aio.AioRpcError as error:
        answered = f"{error.code().name} {error.details()}"
    finally:
        await channel.close(None)
    return answered


def call_token(keys: ServiceKeys, callee: str, method: str, request_sha256: str) -> str:
    """As the caller's own client makes it."""
    return keys.call_token(callee, f"/{method}", request_sha256, Caller(STRANGER, "somebody", frozenset()))
