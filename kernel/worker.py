"""A service's worker: relay, reactions and jobs, held by one process at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import asyncpg
import structlog
from sqlalchemy import text

from kernel import outbox
from kernel.bus import Bus
from kernel.crash_points import reached
from kernel.database import Bell, Database, listen
from kernel.jobs import Job
from kernel.metrics import JOB_FAILURES, JOB_RAN_AT, LEASE_HELD, OUTBOX_UNSENT
from kernel.reactions import READ_BATCH_EVENTS, Listening

IDLE_SECONDS = 1.0
GATHER_SECONDS = 0.03
FULL_EVENTS = min(outbox.RELAY_BATCH_EVENTS, READ_BATCH_EVENTS)
LEASE_RETRY_SECONDS = 0.5
FAILURE_DELAY_SECONDS = 0.5
log = structlog.get_logger()


class Worker:
    """Runs while it holds the service's lease, an advisory lock that dies with its connection."""

    def __init__(
        self, name: str, app: object, database: Database, bus: Bus, ears: list[Listening], jobs: list[Job],
        beside: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:  # fmt: skip
        self.name, self._app = name, app
        self._database, self._bus = database, bus
        self._ears, self._jobs, self._beside = ears, jobs, beside
        self.holds_lease, self.beat_at = False, time.monotonic()
        self._topic = f"yaosu.{name}.v1"
        self._outbox_bell = Bell()

    async def run(self) -> None:
        """For ever: take the lease, work, and start over when the lease is lost."""
        while True:
            self.beat_at = time.monotonic()
            try:
                await self._hold_lease()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("worker starts over", service=self.name, error=str(error))
            finally:
                self._says_lease(held=False)
            await asyncio.sleep(LEASE_RETRY_SECONDS)

    def _says_lease(self, *, held: bool) -> None:
        self.holds_lease = held
        LEASE_HELD.labels(self.name).set(held)

    async def _hold_lease(self) -> None:
        connection = await listen(self._database, outbox.CHANNEL, self._outbox_bell.ring)
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('worker'))"):
                return
            self._says_lease(held=True)
            await self._bus.begin(self.name)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(connection))
                tasks.create_task(self._for_ever(self.relay, self._outbox_bell.wait))
                for ear in self._ears:
                    tasks.create_task(self._for_ever(ear.hear, partial(self._bus.wait, self.name, ear.topic)))
                for job in self._jobs:
                    tasks.create_task(self._repeat(job))
                for run in self._beside:
                    tasks.create_task(_run(run))
        except* _LeaseLostError:
            log.warning("lease lost", service=self.name)
        finally:
            await connection.close()

    async def _watch(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        while True:
            await asyncio.sleep(IDLE_SECONDS)
            self.beat_at = time.monotonic()
            if connection.is_closed():
                raise _LeaseLostError

    async def _for_ever(self, step: Callable[[], Awaitable[int]], wait: Callable[[float], Awaitable[None]]) -> None:
        while True:
            try:
                moved = await step()
            except Exception:
                log.exception("worker step failed", service=self.name)
                await asyncio.sleep(FAILURE_DELAY_SECONDS)
                continue
            if not moved:
                await wait(IDLE_SECONDS)
            if moved < FULL_EVENTS:
                # A trickle of events is taken in handfuls, not one by one: each look costs the same.
                await asyncio.sleep(GATHER_SECONDS)

    async def _repeat(self, job: Job) -> None:
        while True:
            await self.run_job(job)
            await asyncio.sleep(job.every_seconds)

    async def run_job(self, job: Job) -> int:
        """One run; a failure is logged and counted, and the next run tries again."""
        reached("job.after_lease")
        try:
            moved = await job.run(self._app)
        except Exception:
            JOB_FAILURES.labels(self.name, job.name).inc()
            log.exception("job failed", service=self.name, job=job.name)
            return 0
        JOB_RAN_AT.labels(self.name, job.name).set_to_current_time()
        return moved

    async def relay(self) -> int:
        """Send one batch of the outbox."""
        moved = await outbox.relay(self._database, self._bus, self._topic)
        OUTBOX_UNSENT.labels(self.name).set(moved)
        return moved

    async def drain(self) -> int:
        """One round of everything, for tests and for a market that is asked to settle; returns what moved."""
        moved = await self.relay()
        for ear in self._ears:
            moved += await ear.hear()
        for job in self._jobs:
            moved += await self.run_job(job)
        return moved

    async def is_quiet(self) -> bool:
        """Whether nothing waits in the outbox."""
        async with self._database.transaction() as conn:
            return not await conn.scalar(text("SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL)"))


async def _run(run: Callable[[], Awaitable[None]]) -> None:
    await run()


class _LeaseLostError(Exception):
    """The connection that held the lease is gone."""
