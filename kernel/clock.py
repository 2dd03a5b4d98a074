"""Business time: machine time of the service's own database plus an offset that only grows after it was first set."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from kernel.database import Database
from kernel.refusals import Forbidden
from yaosu.kernel.v1.clock_service_pb2 import SetClockRequest, SetClockResponse


class ClockNotMovable(Forbidden):
    """Business time follows the real clock here. Only a demonstration or a test market may move it."""

    zh = "此市场的业务时间与真实时间一致，不可调整。只有演示或测试市场可以调整。"


async def set_clock(database: Database, business_at: datetime, machine_at: datetime, *, movable: bool) -> datetime:
    """Take the pair over when it is the first or moves time forward; an older pair changes nothing.

    Returns business time as it is then.
    """
    if not movable:
        raise ClockNotMovable
    async with database.transaction() as conn:
        await conn.execute(_SET, {"business_at": business_at, "machine_at": machine_at})
        now: datetime = await conn.scalar(_NOW)
        return now


async def business_now(database: Database) -> datetime:
    """Business time."""
    async with database.transaction() as conn:
        now: datetime = await conn.scalar(_NOW)
        return now


class ClockServicer:
    """``yaosu.kernel.v1.ClockService`` over one service's database."""

    def __init__(self, database: Database, *, movable: bool) -> None:
        self._database, self._movable = database, movable

    async def SetClock(self, request: SetClockRequest, _context: object) -> SetClockResponse:  # noqa: N802 - the contract's name
        """See the contract."""
        business_at = request.business_at.ToDatetime(tzinfo=UTC)
        machine_at = request.machine_at.ToDatetime(tzinfo=UTC)
        now = await set_clock(self._database, business_at, machine_at, movable=self._movable)
        at = Timestamp()
        at.FromDatetime(now)
        return SetClockResponse(now_at=at)


_NOW = text("SELECT now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0')")
_SET = text("""
    INSERT INTO clock (business_at, machine_at) VALUES (:business_at, :machine_at)
    ON CONFLICT (only_row) DO UPDATE SET business_at = excluded.business_at, machine_at = excluded.machine_at
    WHERE excluded.business_at - excluded.machine_at > clock.business_at - clock.machine_at""")
