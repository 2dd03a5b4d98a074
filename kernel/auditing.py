"""The continuous auditor: a service's own checkers over its live data, again and again, by the one worker."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from sqlalchemy import text

from kernel.audit import Checker
from kernel.database import Database
from kernel.metrics import AUDIT_FAILURES, PROMISE_CHECKED_AT, PROMISE_VIOLATIONS

CHECKER_SECONDS_MAX = 60
log = structlog.get_logger()


class Auditor:
    """Finds, tells and mends nothing: a broken promise is for people."""

    def __init__(self, service: str, database: Database, checkers: Sequence[Checker]) -> None:
        self._service, self._database, self._checkers = service, database, checkers

    async def keep_looking(self, every_seconds: float) -> None:
        """For ever; not at once, since a service that starts has better to do."""
        try:
            while True:
                await asyncio.sleep(every_seconds)
                await self.look()
        finally:  # whoever holds the lease next shows what it finds
            for checker in self._checkers:
                _forget(self._service, checker.promise)

    async def look(self) -> dict[str, list[str]]:
        """Each promise with what speaks against it; a checker that fails is counted and says nothing."""
        found: dict[str, list[str]] = {}
        for checker in self._checkers:
            try:
                found[checker.promise] = await self._ask(checker)
            except Exception:
                AUDIT_FAILURES.labels(self._service, checker.promise).inc()
                log.exception("checker failed", service=self._service, promise=checker.promise)
                continue
            PROMISE_VIOLATIONS.labels(self._service, checker.promise).set(len(found[checker.promise]))
            PROMISE_CHECKED_AT.labels(self._service, checker.promise).set(time.time())
            for violation in found[checker.promise]:
                log.error("promise broken", service=self._service, promise=checker.promise, violation=violation)
        return found

    async def _ask(self, checker: Checker) -> list[str]:
        """In one picture of the data, and with nothing that could change it."""
        async with self._database.transaction() as conn:
            await conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            await conn.execute(text(f"SET LOCAL statement_timeout = '{CHECKER_SECONDS_MAX}s'"))
            return await checker.find(conn)


def _forget(service: str, promise: str) -> None:
    for gauge in (PROMISE_VIOLATIONS, PROMISE_CHECKED_AT):
        try:
            gauge.remove(service, promise)
        except KeyError:
            continue
