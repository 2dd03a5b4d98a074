"""What breaks things: a schedule of faults from a seed, one at a time, each healed before the next."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from kernel.crash_points import POINTS
from tests.promises.proxy import Faults, Proxy
from tests.promises.world import World

PAUSE_SECONDS = (0.5, 3.0)
FAULT_SECONDS = (0.5, 3.0)
DEATH_SECONDS_MAX = 30.0
POISONED_TOPIC_OF = "rights"
# Those that any work comes past.
COMMON_POINTS = [point for point in POINTS if point.partition(".")[0] in {"request", "step", "relay", "consumer"}]


@dataclass
class Nemesis:
    """Faults on one world until told to stop; ``schedule`` is what it did."""

    world: World
    seed: int
    schedule: list[str] = field(default_factory=list)
    poisoned: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - the same schedule at each run

    async def rage(self, faults: int) -> None:
        """So many: every kind once in a random order, then again."""
        order: list[Callable[[], Awaitable[None]]] = []
        while len(self.schedule) < faults:
            if not order:
                order = self._chance.sample(self.faults(), len(self.faults()))
            fault = order.pop()
            self.schedule.append(fault.__name__)
            await fault()
            await asyncio.sleep(self._chance.uniform(*PAUSE_SECONDS))  # work without faults; nothing is waited for

    def faults(self) -> list[Callable[[], Awaitable[None]]]:
        """All that can go wrong here."""
        return [
            self.kill_market, self.kill_postgres, self.die_at_a_point, self.reset_database_link, self.cut_database_link,
            self.half_open_database_link, self.slow_database_link, self.reset_clients, self.cut_off_in_mid_request,
            self.cut_off_in_mid_reply, self.slow_clients, self.deliver_all_again, self.poison,
        ]  # fmt: skip

    async def kill_market(self) -> None:
        """Kill -9, at whatever it is doing."""
        await self.world.kill_market()
        await self.world.start_market()
        await self.world.answers()

    async def die_at_a_point(self) -> None:
        """The market dies by itself, exactly between two things that belong together."""
        point = self._chance.choice(COMMON_POINTS)
        self.schedule[-1] = f"die at {point}"
        await self.world.kill_market()
        await self.world.start_market(crash_at=f"{point}:{self._chance.randrange(1, 12)}")
        await self.world.dies_within(DEATH_SECONDS_MAX)
        await self.world.heal()

    async def kill_postgres(self) -> None:
        """Kill -9 of the whole server."""
        await self.world.kill_postgres()

    async def reset_database_link(self) -> None:
        """Every connection to PostgreSQL breaks at once."""
        self.world.database.reset()

    async def cut_database_link(self) -> None:
        """PostgreSQL cannot be reached for a while."""
        self.world.database.cut()
        await self._while(self.world.database)

    async def half_open_database_link(self) -> None:
        """What is sent to PostgreSQL arrives, and nothing comes back."""
        self.world.database.to_client = Faults(swallow=True)
        await self._while(self.world.database)

    async def slow_database_link(self) -> None:
        """Each piece takes a while to and from PostgreSQL."""
        late = Faults(latency_seconds=0.02, jitter_seconds=0.02)
        self.world.database.to_server = self.world.database.to_client = late
        await self._while(self.world.database)

    async def reset_clients(self) -> None:
        """Every client loses its connection."""
        self.world.front.reset()

    async def cut_off_in_mid_request(self) -> None:
        """Clients vanish before their request is whole."""
        self.world.front.to_server = Faults(limit_bytes=self._chance.randrange(50, 2000))
        await self._while(self.world.front)

    async def cut_off_in_mid_reply(self) -> None:
        """The market has done it, and the client never hears so."""
        self.world.front.to_client = Faults(limit_bytes=self._chance.randrange(1, 600))
        await self._while(self.world.front)

    async def slow_clients(self) -> None:
        """A thin line with a long delay."""
        thin = Faults(latency_seconds=0.2, jitter_seconds=0.15, bytes_per_second=64_000)
        self.world.front.to_server = self.world.front.to_client = thin
        await self._while(self.world.front)

    async def _while(self, link: Proxy) -> None:
        await asyncio.sleep(self._chance.uniform(*FAULT_SECONDS))  # how long the fault lasts; nothing is waited for
        link.heal()

    async def deliver_all_again(self) -> None:
        """Every consumer hears everything again from the first event on, however old."""
        await self.world.change("bus", "UPDATE bus_places SET place = 0")

    async def poison(self) -> None:
        """An event that nobody can decode is told, under a key of its own."""
        key = f"poison_{secrets.token_hex(6)}"
        await self.world.change(POISONED_TOPIC_OF, _POISON, key=key, event=f"evt_{key}")
        self.poisoned.append(key)


_POISON = """
    INSERT INTO outbox (event_id, aggregate_id, aggregate_version, type, payload, occurred_at)
    VALUES (:event, :key, 1, 'yaosu.rights.v1.CertificateIssued', '\\x0aff'::bytea, now())"""
