"""Sends a service's events again, all and in their order: for a broker that has lost what it held."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text

from market.complaints import Complaint
from market.ground import Ground
from market.stack.servers import within_reach


class WorkerRuns(Complaint):
    """Whoever sends events now would send later ones before the earlier that are to come again."""


class NoAdministrator(Complaint):
    """Only the owner of a database may say that what was sent is to be sent again."""


async def republish_outboxes(services: Sequence[str], data: Path) -> list[tuple[str, int]]:
    """Mark every event as unsent, for one service after the other; how many there are of each.

    The workers that start next send them; consumers know by its id what they have heard before.
    """
    if not (data / "keys").is_dir():
        message = f"{data} holds no market; give its folder with --data"
        raise Complaint(message)
    async with within_reach(data):
        ground = await Ground.open(data, movable_clock=False)
        try:
            return [(service, await republish(ground, service)) for service in services]
        finally:
            await ground.close()


async def republish(ground: Ground, service: str) -> int:
    """The same for one service of a market that is open."""
    if not ground.server.admin.username:
        message = "the address in YAOSU_DATABASE_URL names no administrator; only with one may events be sent again"
        raise NoAdministrator(message)
    as_owner = ground.server.as_owner(service)
    try:
        async with as_owner.transaction() as conn:
            # The worker's lease: nobody begins to work for the service before this is over.
            if not await conn.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('worker'))")):
                message = f"a worker of {service} is running; stop it, then say this again"
                raise WorkerRuns(message)
            return (await conn.execute(text("UPDATE outbox SET sent_at = NULL WHERE sent_at IS NOT NULL"))).rowcount
    finally:
        await as_owner.close()
