"""Every operation, asked by every kind of caller for own, others' and guessed objects, answers as the table says."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator

import pytest
from fastapi import Request
from sqlalchemy import text

from kernel.asking import Allowed
from kernel.tokens import ServiceKeys
from market.roster import SERVICES
from tests.architecture.test_services import routes_of
from tests.authorisation import asking
from tests.authorisation.callers import ROLES, STRANGER
from tests.authorisation.operations import answered_by
from tests.authorisation.table import ANYONE, PUBLIC, Row, expected_of, read_calls, read_rows
from tests.authorisation.world import World, told_and_opened
from tests.market.process import folder_for_a_market

EMPTY = hashlib.sha256(b"").hexdigest()
REFUSED = "UNAUTHENTICATED"
# Whose office it is to see what others do.
OFFICES = {"operator", "regulator"}
# What changes with every look.
TOLD_BY_THE_MOMENT = ("/metrics", "/health", "/clock")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def world(runner: asyncio.Runner) -> Iterator[World]:
    """One market for all of these, asked in the order of the tests: those that may change something come last."""
    with folder_for_a_market() as data:
        opening = told_and_opened(data)
        try:
            yield runner.run(opening.__aenter__())
        finally:
            runner.run(opening.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return read_rows()


def test_every_operation_has_a_row_and_every_row_an_operation(world: World, rows: dict[str, Row]) -> None:
    assert set(rows) == {str(operation) for operation in world.operations}
    answered = {route for host in world.hosts.values() for route in answered_by(host.service.app)}
    assert answered == set(rows), "a route that answers stands in no document"


def test_whoever_may_not_is_refused_and_changes_nothing_at_all(
    runner: asyncio.Runner, world: World, rows: dict[str, Row]
) -> None:
    assert runner.run(differences_of_those_who_may_not(world, rows)) == []


async def differences_of_those_who_may_not(world: World, rows: dict[str, Row]) -> list[str]:
    """Whoever shows no token of this market, and whoever has none of the roles; on objects that are there."""
    before, found = await world.contents(), list[str]()
    pretenders, strangers = world.callers.pretenders(), world.callers.strangers()
    for operation in world.operations:
        row = rows[str(operation)]
        if row.may == PUBLIC:
            continue
        values = asking.owned(world, operation)[0] or asking.guessed(operation)
        wanted = dict.fromkeys(pretenders, "401 token-invalid") | {"nobody": "401 token-missing"}
        wanted |= dict.fromkeys(ROLES - set(row.roles(ROLES)), "403 role-missing")
        for name, expected in wanted.items():
            came = asking.outcome(await world.ask(operation, values, (pretenders | strangers)[name]))
            if came != expected:
                found.append(f"{operation} asked by {name}: {came} instead of {expected}")
    after = await world.contents()
    return found + [f"{table} was changed" for table in before if before[table] != after[table]]


def test_an_owner_reads_what_is_its_own(runner: asyncio.Runner, world: World, rows: dict[str, Row]) -> None:
    async def differences() -> list[str]:
        came = {one: await asking.own(world, one, rows[str(one)]) for one in world.operations}
        return [f"{one}: {said} instead of {rows[str(one)].own}" for one, said in came.items()
                if said != rows[str(one)].own]  # fmt: skip

    assert runner.run(differences()) == []


def test_an_object_that_is_not_there_is_found_by_nobody(
    runner: asyncio.Runner, world: World, rows: dict[str, Row]
) -> None:
    async def differences() -> list[str]:
        found = list[str]()
        for operation in sorted(world.operations, key=lambda one: not one.is_read):
            row = rows[str(operation)]
            came = await asking.of_each_role(world, operation, row, asking.guessed(operation))
            found += _unlike(str(operation), came, row.guessed)
        return found

    assert runner.run(differences()) == []


def test_what_is_anothers_is_seen_and_changed_only_by_those_whose_office_it_is(
    runner: asyncio.Runner, world: World, rows: dict[str, Row]
) -> None:
    async def differences() -> list[str]:
        found = list[str]()
        for operation in sorted(world.operations, key=lambda one: not one.is_read):
            row, (values, _) = rows[str(operation)], asking.owned(world, operation)
            if not operation.parameters or not values:
                continue
            told = await asking.events_told(world, operation.service)
            came = await asking.of_each_role(world, operation, row, values)
            found += _unlike(str(operation), came, row.other)
            if all(one.startswith("4") for one in came.values()) and told != await asking.events_told(
                world, operation.service
            ):
                found.append(f"{operation} was refused and told something all the same")
        return found

    assert runner.run(differences()) == []


def _unlike(name: str, came: dict[str, str], expected: dict[str, str]) -> list[str]:
    return [
        f"{name} asked by {role}: {said} instead of {expected_of(expected, role)}"
        for role, said in came.items()
        if said != expected_of(expected, role)
    ]


def test_a_suspended_party_gets_nothing_that_needs_a_name(
    runner: asyncio.Runner, world: World, rows: dict[str, Row]
) -> None:
    barred = "pty_0suspended"

    async def served() -> list[str]:
        for name in world.hosts:
            owner = world.ground.server.as_owner(name)
            async with owner.transaction() as conn:
                await conn.execute(text("INSERT INTO barred_parties (party_id) VALUES (:barred)"), {"barred": barred})
            await owner.close()
        token, found = world.callers.member(barred, *ROLES), list[str]()
        for operation in world.operations:
            if rows[str(operation)].may == PUBLIC:
                continue
            came = asking.outcome(await world.ask(operation, asking.guessed(operation), token))
            if came.startswith("2"):
                found.append(f"{operation}: {came}")
        return found

    assert runner.run(served()) == []


def test_each_method_is_called_by_the_services_named_and_by_nobody_else(runner: asyncio.Runner, world: World) -> None:
    assert runner.run(differences_of_calls(world)) == []


async def differences_of_calls(world: World) -> list[str]:
    """Every service, its own key in hand, calls every method of every other; and whoever has no fitting token."""
    expected, found = read_calls(), list[str]()
    offered = {
        method: (name, callers)
        for name, host in world.hosts.items()
        for method, callers in world.calls_of(host).items()
    }
    assert {method: callers for method, (_, callers) in offered.items()} == expected
    keys = {name: ServiceKeys(world.ground.data / "keys" / "calls", name) for name in SERVICES}
    for method, (callee, callers) in offered.items():
        one = next(iter(callers))
        strange = {
            "no token": "",
            "no token at all": "nonsense",
            "a token for another service": asking.call_token(keys[one], "nobody", method, EMPTY),
            "a token for another method": asking.call_token(keys[one], callee, method + "x", EMPTY),
            "a token for another request": asking.call_token(keys[one], callee, method, "0" * 64),
            "a member's token": world.callers.member(STRANGER, *ROLES),
        }
        strange |= {name: asking.call_token(keys[name], callee, method, EMPTY) for name in set(SERVICES) - callers}
        for name, token in strange.items():
            if not (came := await asking.called(world, callee, method, token)).startswith(REFUSED):
                found.append(f"{method} called with {name}: {came}")
        for name in callers:
            token = asking.call_token(keys[name], callee, method, EMPTY)
            if (came := await asking.called(world, callee, method, token)).startswith(REFUSED):
                found.append(f"{method} called by {name}: {came}")
    return found


def test_what_a_party_does_by_itself_is_there_for_nobody_else(
    runner: asyncio.Runner, world: World, rows: dict[str, Row]
) -> None:
    """The world with and without another party's own things: the same questions have the same answers."""

    async def seen() -> dict[str, bytes]:
        strangers = world.callers.strangers()
        return {
            f"{operation} asked by {role}": (await world.ask(operation, {}, strangers[role])).content
            for operation in world.operations
            if operation.is_read and not operation.parameters and not operation.path.endswith(TOLD_BY_THE_MOMENT)
            for role in set(rows[str(operation)].roles(ROLES)) - OFFICES
        }

    async def act() -> dict[str, str]:
        made = dict[str, str]()
        for operation in world.operations:
            row = rows[str(operation)]
            if operation.is_read or operation.parameters or row.may == PUBLIC or "/onboarding/" in operation.path:
                continue
            came = await world.ask(operation, {}, world.callers.member("pty_0another", *row.roles(ROLES)))
            if came.is_success and came.content:
                made |= {name: value for name, value in came.json().items() if name.endswith("_id") and value}
        return made

    async def differences() -> list[str]:
        before, made = await seen(), await act()
        assert {"dataset_id", "top_up_id", "voucher_id"} <= set(made)
        after, found = await seen(), list[str]()
        for operation in world.operations:
            row = rows[str(operation)]
            if operation.is_read and operation.parameters and set(operation.parameters) <= set(made):
                came = await asking.of_each_role(world, operation, row, made)
                found += _unlike(str(operation), {r: s for r, s in came.items() if r not in OFFICES}, row.guessed)
        return found + [name for name in before if before[name] != after[name]]

    assert runner.run(differences()) == []


def test_a_check_that_is_taken_out_is_noticed(
    runner: asyncio.Runner, world: World, rows: dict[str, Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above can fail: with one route's declaration forgotten, that route is named."""
    forgotten = "GET /pledge/v1/portfolio"
    assert rows[forgotten].may not in {PUBLIC, ANYONE}
    (declared,) = [
        asked.dependency
        for route in routes_of(world.hosts["pledge"].service.app)
        for asked in route.dependencies
        if route.path == forgotten.partition(" ")[2] and isinstance(asked.dependency, Allowed)
    ]
    monkeypatch.setattr(Allowed, "__call__", _lets_everybody_in_by(declared, Allowed.__call__))
    found = runner.run(differences_of_those_who_may_not(world, {forgotten: rows[forgotten]} | rows))
    assert found
    assert all(line.startswith(forgotten) or "was changed" in line for line in found)


Check = Callable[[Allowed, Request], Awaitable[None]]


def _lets_everybody_in_by(declared: Allowed, really: Check) -> Check:
    async def check(self: Allowed, request: Request) -> None:
        if self is not declared:
            await really(self, request)

    return check
