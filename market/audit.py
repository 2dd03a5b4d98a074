"""Every promise's checker over the live data of a market, and the few that need two services to tell."""

import importlib
import importlib.util
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from kernel.audit import VIOLATIONS_SHOWN_MAX, Checker
from kernel.checkers import KERNEL_CHECKERS
from kernel.database import Database
from kernel.objects import ObjectStore
from kernel.reactions import AnyDeposit, Reaction, Reactions, Together
from market.bus_content import events_on_bus
from market.postgres import Server
from market.roster import SERVICES
from pledge.outbound.audit import LIVE_PLEDGES
from rights.outbound.audit import ACTIVE_PLEDGE_ENCUMBRANCES

SETTLING_SECONDS = 30


@dataclass(frozen=True)
class Finding:
    """One promise of one service, and what speaks against it."""

    service: str
    promise: str
    statement: str
    planted_by: str
    violations: list[str]


@dataclass(frozen=True)
class Across:
    """A promise that one database alone cannot tell, how it is checked, and the test that plants a violation."""

    promise: str
    statement: str
    planted_by: str
    find: Callable[[Server], Awaitable[list[str]]]


async def audit(server: Server, objects_of: Callable[[str], ObjectStore]) -> list[Finding]:
    """Run every checker of every service, each in a read-only transaction of its own database."""
    findings = []
    for name in SERVICES:
        database = Database(server.url_of(name), name=name, pool_connections=1)
        try:
            async with database.transaction() as conn:
                await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                for checker in (*_checkers_of(name, objects_of), *KERNEL_CHECKERS):
                    violations = await checker.find(conn)
                    findings.append(Finding(name, checker.promise, checker.statement, checker.planted_by, violations))
        finally:
            await database.close()
    for across in ACROSS:
        violations = (await across.find(server))[:VIOLATIONS_SHOWN_MAX]
        findings.append(Finding("market", across.promise, across.statement, across.planted_by, violations))
    return findings


def _checkers_of(name: str, objects_of: Callable[[str], ObjectStore]) -> Sequence[Checker]:
    """A service's checkers; one that keeps files looks into the object store too."""
    module = importlib.import_module(f"{name}.outbound.audit")
    checkers: Sequence[Checker] = module.checkers(objects_of(name)) if hasattr(module, "checkers") else module.CHECKERS
    return checkers


async def _column(server: Server, name: str, query: str) -> list[tuple[object, ...]]:
    database = Database(server.url_of(name), name=name, pool_connections=1)
    try:
        async with database.transaction() as conn:
            return [tuple(row) for row in (await conn.execute(text(query))).all()]
    finally:
        await database.close()


async def _sent(server: Server) -> dict[str, set[object]]:
    query = "SELECT event_id FROM outbox WHERE sent_at IS NOT NULL"
    return {name: {row[0] for row in await _column(server, name, query)} for name in SERVICES}


async def _events_arrive(server: Server) -> list[str]:
    """What is sent while the bus is read is on neither side's account: the outboxes are read before it and after it."""
    before = await _sent(server)
    on_bus = {name: set(events) for name, events in (await events_on_bus(server)).items()}
    after = await _sent(server)
    return [
        f"{name}: event {event} is marked as sent and not on the bus"
        for name in SERVICES for event in sorted(map(str, before[name] - on_bus[name]))
    ] + [
        f"{name}: event {event} is on the bus and not marked as sent"
        for name in SERVICES for event in sorted(map(str, on_bus[name] - after[name]))
    ]  # fmt: skip


async def _events_have_their_effect(server: Server) -> list[str]:
    """For each service and topic it reacts to: what was told long enough ago stands in its inbox, or is parked."""
    missing = []
    for name in SERVICES:
        heard = {(str(topic), event) for topic, event in await _column(server, name, _HEARD)}
        for topic, reactions in _reactions_of(name).items():
            told = await _column(server, topic.split(".")[1], _told_to(reactions))
            missing += [
                f"{name}: {kind} {event} of {topic} had no effect"
                for event, kind in told
                if (topic, event) not in heard
            ]
    return missing


def _reactions_of(name: str) -> Reactions:
    if importlib.util.find_spec(f"{name}.inbound.events") is None:
        return {}
    reactions: Reactions = importlib.import_module(f"{name}.inbound.events").REACTIONS
    return reactions


def _told_to(reactions: Mapping[Any, Reaction | Together]) -> str:
    types = [message.DESCRIPTOR.full_name for message in reactions if message is not AnyDeposit]
    named = " OR ".join([*(f"type = '{one}'" for one in types), *["deposit IS NOT NULL"] * (AnyDeposit in reactions)])
    return f"SELECT event_id, type FROM outbox WHERE sent_at < now() - {_SETTLING} AND ({named})"  # noqa: S608 - names of ours


async def _collateral_agrees(server: Server) -> list[str]:
    """Each confirmed, unreleased pledge has its active encumbrance, and each active pledge encumbrance its pledge."""
    pledges = {row[0] for row in await _column(server, "pledge", LIVE_PLEDGES)}
    encumbrances = {row[0] for row in await _column(server, "rights", ACTIVE_PLEDGE_ENCUMBRANCES)}
    violations = [f"pledge of encumbrance {one} stands without it" for one in sorted(map(str, pledges - encumbrances))]
    return violations + [
        f"encumbrance {one} stands without its pledge" for one in sorted(map(str, encumbrances - pledges))
    ]


async def _deposits_stand_in_the_log(server: Server) -> list[str]:
    """All bytes to be deposited that were sent longer ago than the settling time have their place in the log."""
    stand = {row[0] for row in await _column(server, "evidence", _DEPOSITS_MADE)}
    told = {name: await _column(server, name, _DEPOSITS_TOLD) for name in SERVICES}
    return [
        f"{name}: deposit {digest} is not in the log"
        for name in SERVICES for (digest,) in told[name] if digest not in stand
    ]  # fmt: skip


_SETTLING = f"interval '{SETTLING_SECONDS} seconds'"
_HEARD = "SELECT topic, event_id FROM inbox UNION SELECT topic, event_id FROM dead_letters"
_DEPOSITS_TOLD = f"""
    SELECT DISTINCT encode(sha256(deposit), 'hex') FROM outbox
    WHERE length(deposit) > 0 AND sent_at < now() - {_SETTLING}"""  # noqa: S608 - a constant
_DEPOSITS_MADE = "SELECT sha256 FROM deposits WHERE state = 'DEPOSITED'"


_TESTS = "tests/market/test_audit.py::"
ACROSS = (
    Across("E1", "What the outboxes sent and what the bus holds is the same set of events",
           _TESTS + "test_an_event_lost_on_the_bus_is_found", _events_arrive),
    Across("E2", f"What was told {SETTLING_SECONDS} s ago had its effect in every service that reacts to it",
           _TESTS + "test_an_event_that_a_service_never_heard_is_found", _events_have_their_effect),
    Across("R2", "Pledges that stand and the encumbrances that hold their rights are the same",
           _TESTS + "test_a_pledge_without_its_encumbrance_is_found", _collateral_agrees),
    Across("A1.log", f"What was told with bytes to deposit {SETTLING_SECONDS} s ago stands in the log",
           _TESTS + "test_a_deposit_that_never_reached_the_log_is_found", _deposits_stand_in_the_log),
)  # fmt: skip


def show(findings: list[Finding], console: Console) -> int:
    """Print the table; returns the number of violations."""
    table = Table(title="Audit 承诺核查", show_lines=False)
    for heading in ("service", "promise", "statement", "violations"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        count = len(finding.violations)
        shown = "[green]0[/green]" if not count else f"[red]{count}[/red]"
        table.add_row(finding.service, finding.promise, finding.statement, shown)
    console.print(table)
    for finding in findings:
        for violation in finding.violations:
            console.print(f"[red]{finding.service} {finding.promise}[/red] {violation}")
    total = sum(len(finding.violations) for finding in findings)
    console.print(f"{len(findings)} promises checked, {total} violations 项承诺已核查，{total} 处违反")
    return total
