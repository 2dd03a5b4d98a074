"""Gauges whose values stand in a service's database: one query each, asked by the worker that holds the lease."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Gauge
from sqlalchemy import text

from kernel.bus import Bus
from kernel.connection import Connection
from kernel.database import Database
from kernel.metrics import BUS_LAG, GAUGE_FAILURES, GAUGES_ASKED_AT

QUERY_SECONDS_MAX = 5
# In a query: the business time of the database, with which moments of business are to be compared.
BUSINESS_NOW = "(now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0'))"
log = structlog.get_logger()


@dataclass(frozen=True)
class Asked:
    """A gauge and the query that answers it: each row has the labels by their names, and ``value``.

    The gauge is made once per process, with the label ``service`` where several services have it.
    """

    gauge: Gauge
    sql: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its labels, in order."""
        return tuple(self.gauge._labelnames)  # noqa: SLF001 - the library offers no public name of it


def asked(name: str, meaning: str, sql: str, labels: Sequence[str] = ()) -> Asked:
    """A gauge of one service alone."""
    return Asked(Gauge(name, meaning, labels), sql)


class Gauges:
    """Sets them again and again, and takes them away when the lease is lost: the next holder shows them then."""

    def __init__(self, service: str, database: Database, bus: Bus, asked_for: Sequence[Asked]) -> None:
        self._service, self._database, self._bus = service, database, bus
        self._asked = (*KERNEL_GAUGES, *asked_for)
        self._shown: dict[Gauge, set[tuple[str, ...]]] = {}

    async def keep_asking(self, every_seconds: float) -> None:
        """For ever."""
        try:
            while True:
                await self.ask()
                await asyncio.sleep(every_seconds)
        finally:
            for gauge in list(self._shown):
                self._show(gauge, {})

    async def ask(self) -> None:
        """Ask every query once; one that fails leaves its gauge as it was, and is counted."""
        for one in self._asked:
            try:
                async with self._database.transaction() as conn:
                    self._show(one.gauge, await self._answers(conn, one))
            except Exception as error:  # noqa: BLE001 - a figure that is not known stops no worker
                self._failed(one.gauge, error)
        try:
            lags = await self._bus.lags()
            mine: dict[tuple[str, ...], float] = {
                (who, topic): lag for (who, topic), lag in lags.items() if who == self._service
            }
            self._show(BUS_LAG, mine)
        except Exception as error:  # noqa: BLE001 - whatever the bus's client raises, the other gauges go on
            self._failed(BUS_LAG, error)
        GAUGES_ASKED_AT.labels(self._service).set_to_current_time()

    async def _answers(self, conn: Connection, one: Asked) -> dict[tuple[str, ...], float]:
        await conn.execute(text(f"SET LOCAL statement_timeout = '{QUERY_SECONDS_MAX}s'"))
        rows = (await conn.execute(text(one.sql))).mappings().all()
        known = {"service": self._service}
        return {tuple(str({**known, **row}[label]) for label in one.labels): float(row["value"] or 0) for row in rows}

    def _show(self, gauge: Gauge, values: Mapping[tuple[str, ...], float]) -> None:
        for gone in self._shown.get(gauge, set()) - set(values):
            if gone:
                gauge.remove(*gone)
        for labels, value in values.items():
            (gauge.labels(*labels) if labels else gauge).set(value)
        self._shown[gauge] = set(values)

    def _failed(self, gauge: Gauge, error: Exception) -> None:
        name = str(gauge._name)  # noqa: SLF001 - the library offers no public name of it
        GAUGE_FAILURES.labels(self._service, name).inc()
        log.warning("gauge not known", service=self._service, gauge=name, error=type(error).__name__)


def waiting(steps: str) -> tuple[Asked, Asked]:
    """How many unfinished steps there are and how old the oldest is; ``steps`` selects their ``kind`` and ``since``."""
    return (
        Asked(_STEPS, f"SELECT kind, count(*) AS value FROM ({steps}) steps GROUP BY kind"),  # noqa: S608 - our queries
        Asked(
            _STEP_SECONDS,
            f"SELECT kind, extract(epoch FROM now() - min(since)) AS value FROM ({steps}) steps GROUP BY kind",  # noqa: S608 - our queries
        ),
    )


_STEPS = Gauge("yaosu_steps_waiting", "Steps begun and not ended, by what they are", ["service", "kind"])
_STEP_SECONDS = Gauge("yaosu_step_oldest_seconds", "How long the oldest such step waits", ["service", "kind"])
KERNEL_GAUGES = (
    Asked(
        Gauge("yaosu_outbox_unsent_events", "Events that wait in the outbox", ["service"]),
        "SELECT count(*) AS value FROM outbox WHERE sent_at IS NULL",
    ),
    Asked(
        Gauge("yaosu_outbox_oldest_seconds", "How long the oldest event has waited in the outbox", ["service"]),
        f"SELECT extract(epoch FROM {BUSINESS_NOW} - min(occurred_at)) AS value FROM outbox WHERE sent_at IS NULL",  # noqa: S608 - a constant
    ),
    Asked(
        Gauge("yaosu_dead_letters_parked", "Events that are parked now, by their topic", ["service", "topic"]),
        "SELECT topic, count(*) AS value FROM dead_letters WHERE state = 'PARKED' GROUP BY topic",
    ),
    Asked(
        Gauge("yaosu_dead_letter_oldest_seconds", "How long the oldest event has been parked", ["service"]),
        "SELECT extract(epoch FROM now() - min(parked_at)) AS value FROM dead_letters WHERE state = 'PARKED'",
    ),
    Asked(
        Gauge("yaosu_barred_parties", "Parties that this service lets do nothing", ["service"]),
        "SELECT count(*) AS value FROM barred_parties",
    ),
    Asked(
        Gauge("yaosu_business_time_offset_seconds", "Business time minus machine time", ["service"]),
        "SELECT COALESCE((SELECT extract(epoch FROM business_at - machine_at) FROM clock), 0) AS value",
    ),
)
