"""Every promise's checker over the live data of a market, and the few that need two services to tell."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from kernel.audit import Checker
from kernel.database import Database
from kernel.objects import ObjectStore
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


async def audit(server: Server, objects: ObjectStore) -> list[Finding]:
    """Run every checker of every service, each in a read-only transaction of its own database."""
    findings = []
    for name in SERVICES:
        database = Database(server.url_of(name), name=name, pool_connections=1)
        try:
            checkers = _checkers_of(name, objects)
            async with database.transaction() as conn:
                await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                for checker in checkers:
                    violations = await checker.find(conn)
                    findings.append(Finding(name, checker.promise, checker.statement, checker.planted_by, violations))
        finally:
            await database.close()
    return [*findings, *await _between_services(server)]


def _checkers_of(name: str, objects: ObjectStore) -> Sequence[Checker]:
    """A service's checkers; one that keeps files looks into the object store too."""
    module = importlib.import_module(f"{name}.outbound.audit")
    checkers: Sequence[Checker] = module.checkers(objects) if hasattr(module, "checkers") else module.CHECKERS
    return checkers


async def _between_services(server: Server) -> list[Finding]:
    """What one database alone cannot tell."""
    outboxes = await _sent(server)
    return [
        _events_arrive(outboxes, await _logged(server)),
        await _collateral_agrees(server),
        await _deposits_stand_in_the_log(server),
    ]


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


async def _logged(server: Server) -> dict[str, set[object]]:
    rows = await _column(server, "bus", "SELECT topic, event_id FROM bus_log")
    logged: dict[str, set[object]] = {name: set() for name in SERVICES}
    for topic, event_id in rows:
        logged[str(topic).split(".")[1]].add(event_id)
    return logged


def _events_arrive(sent: dict[str, set[object]], logged: dict[str, set[object]]) -> Finding:
    violations = [
        f"{name}: event {event} is marked as sent and not on the bus"
        for name in SERVICES for event in sorted(map(str, sent[name] - logged[name]))[:20]
    ]  # fmt: skip
    violations += [
        f"{name}: event {event} is on the bus and not marked as sent"
        for name in SERVICES for event in sorted(map(str, logged[name] - sent[name]))[:20]
    ]  # fmt: skip
    return Finding(
        "market", "E1", "What the outboxes sent and what the bus holds is the same set of events",
        "tests/market/test_audit.py::test_an_event_lost_on_the_bus_is_found", violations,
    )  # fmt: skip


async def _collateral_agrees(server: Server) -> Finding:
    """Each confirmed, unreleased pledge has its active encumbrance, and each active pledge encumbrance its pledge."""
    pledges = {row[0] for row in await _column(server, "pledge", LIVE_PLEDGES)}
    encumbrances = {row[0] for row in await _column(server, "rights", ACTIVE_PLEDGE_ENCUMBRANCES)}
    violations = [f"pledge of encumbrance {one} stands without it" for one in sorted(map(str, pledges - encumbrances))]
    violations += [f"encumbrance {one} stands without its pledge" for one in sorted(map(str, encumbrances - pledges))]
    return Finding(
        "market", "R2", "Pledges that stand and the encumbrances that hold their rights are the same",
        "tests/market/test_audit.py::test_a_pledge_without_its_encumbrance_is_found", violations,
    )  # fmt: skip


async def _deposits_stand_in_the_log(server: Server) -> Finding:
    """All bytes to be deposited that are on the bus for longer than the settling time have their place in the log."""
    wanted = await _column(server, "bus", _DEPOSITS_TOLD)
    stand = {row[0] for row in await _column(server, "evidence", _DEPOSITS_MADE)}
    violations = [f"{topic}: deposit {digest} is not in the log" for topic, digest in wanted if digest not in stand]
    return Finding(
        "market",
        "A6",
        f"What was told with bytes to deposit {SETTLING_SECONDS} s ago stands in the log",
        "tests/market/test_audit.py::test_a_deposit_that_never_reached_the_log_is_found",
        violations[:20],
    )


_DEPOSITS_TOLD = f"""
    SELECT DISTINCT topic, encode(sha256(deposit), 'hex') FROM bus_log
    WHERE length(deposit) > 0 AND published_at < now() - interval '{SETTLING_SECONDS} seconds'"""  # noqa: S608 - a constant
_DEPOSITS_MADE = "SELECT sha256 FROM deposits WHERE state = 'DEPOSITED'"


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
