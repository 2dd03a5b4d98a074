"""Writes ``expected.toml`` anew: ``python -m tests.authorisation``; read the difference before you keep it."""

import asyncio

from tests.authorisation import asking, table
from tests.authorisation.callers import ROLES
from tests.authorisation.operations import Operation
from tests.authorisation.table import ANYONE, PUBLIC, Row
from tests.authorisation.world import World, told_and_opened
from tests.market.process import folder_for_a_market


async def _may(world: World, operation: Operation) -> str | tuple[str, ...]:
    values = asking.guessed(operation)
    if not asking.outcome(await world.ask(operation, values, "")).startswith("401 token"):
        return PUBLIC
    strangers = world.callers.strangers()
    let_in = [
        role for role in sorted(ROLES)
        if asking.outcome(await world.ask(operation, values, strangers[role])) != "403 role-missing"
    ]  # fmt: skip
    return ANYONE if set(let_in) == ROLES else tuple(let_in)


async def observed(world: World) -> dict[str, Row]:
    """What every operation does now; others' objects come last, since some of those who may then change them."""
    rows = {str(operation): Row(await _may(world, operation)) for operation in world.operations}
    in_turn = sorted(world.operations, key=lambda one: not one.is_read)
    for operation in in_turn:
        row = rows[str(operation)]
        row.own = await asking.own(world, operation, row)
        row.guessed = table.grouped(await asking.of_each_role(world, operation, row, asking.guessed(operation)))
    for operation in in_turn:
        values, _ = asking.owned(world, operation)
        row = rows[str(operation)]
        if operation.parameters and values:
            row.other = table.grouped(await asking.of_each_role(world, operation, row, values))
    return rows


async def _write() -> None:
    with folder_for_a_market() as data:
        async with told_and_opened(data) as world:
            calls = {name: callers for host in world.hosts.values() for name, callers in world.calls_of(host).items()}
            table.PATH.write_text(table.written(await observed(world), calls))


if __name__ == "__main__":
    asyncio.run(_write())
