"""The pair last set, on this service at once, and who else does not hold it yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, text

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from onboarding.domain.clock import ClockSetting
from onboarding.outbound.tables import clock_setting


class SqlMarketClock:
    """Settings are kept; who must still hear of the newest is a row for each service."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def take_turn(self) -> datetime:
        """Nobody else moves the clock until this transaction ends; business time at its machine time, as set now."""
        await self._conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('market_clock'))"))
        at: datetime = await self._conn.scalar(_NOW)
        return at.astimezone(SHANGHAI)

    async def set(self, business_at: datetime, machine_at: datetime, services: Sequence[str]) -> ClockSetting:
        """Keep the pair, on this service's own clock too, with the services that are to hear of it."""
        values = {"business_at": business_at, "machine_at": machine_at}
        statement = insert(clock_setting).values(values).returning(clock_setting.c.revision)
        revision = (await self._conn.execute(statement)).scalar_one()
        await self._conn.execute(_OWN, values)
        await self._conn.execute(_PENDING, {"services": list(services), "revision": revision})
        return ClockSetting(revision, business_at, machine_at)

    async def newest(self) -> ClockSetting | None:
        """The pair set last, if ever one was."""
        statement = select(clock_setting).order_by(clock_setting.c.revision.desc()).limit(1)
        row = (await self._conn.execute(statement)).one_or_none()
        return ClockSetting(row.revision, row.business_at, row.machine_at) if row else None

    async def pending(self) -> Sequence[str]:
        """The services that do not hold it yet."""
        return (await self._conn.scalars(text("SELECT service_name FROM clock_pending ORDER BY 1"))).all()

    async def held(self, service: str, revision: int) -> None:
        """A service holds this setting; a newer one it has still to hear of stays."""
        await self._conn.execute(_HELD, {"service": service, "revision": revision})


_NOW = text("SELECT now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0')")
_OWN = text("""
    INSERT INTO clock (business_at, machine_at) VALUES (:business_at, :machine_at)
    ON CONFLICT (only_row) DO UPDATE SET business_at = excluded.business_at, machine_at = excluded.machine_at""")
_PENDING = text("""
    INSERT INTO clock_pending (service_name, revision)
    SELECT name, :revision FROM unnest(CAST(:services AS text[])) AS name
    ON CONFLICT (service_name) DO UPDATE SET revision = excluded.revision""")
_HELD = text("DELETE FROM clock_pending WHERE service_name = :service AND revision = :revision")
