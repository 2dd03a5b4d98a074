"""What breaks a market of many processes: theirs and their servers' deaths, and every link between them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from market.roster import SERVICES
from tests.promises.nemesis import COMMON_POINTS, Nemesis
from tests.promises.proxy import Faults
from tests.promises.stack_world import KINDS, StackWorld

AT_ONCE = 3


@dataclass
class StackNemesis(Nemesis):
    """Faults on a market in production's shape."""

    world: StackWorld

    def faults(self) -> list[Callable[[], Awaitable[None]]]:
        """All that can go wrong here."""
        return [
            self.kill_some_apis, self.kill_some_workers, self.die_at_a_point, self.kill_postgres, self.kill_kafka,
            self.wipe_kafka, self.reset_database_link, self.cut_database_link, self.half_open_database_link,
            self.reset_broker_link, self.cut_broker_link, self.half_open_broker_link, self.slow_broker_link,
            self.kill_seaweed, self.reset_store_link, self.cut_store_link, self.half_open_store_link,
            self.slow_store_link, self.cut_off_in_mid_request, self.cut_off_in_mid_reply, self.deliver_all_again,
            self.poison,
        ]  # fmt: skip

    async def kill_some_apis(self) -> None:
        """Kill -9 of a few services' APIs, one after the other."""
        await self._kill_some("api")

    async def kill_some_workers(self) -> None:
        """Kill -9 of a few services' workers, one after the other."""
        await self._kill_some("worker")

    async def _kill_some(self, kind: str) -> None:
        assert kind in KINDS
        for name in self._chance.sample(SERVICES, AT_ONCE):
            await self.world.kill_part(f"{name} {kind}")

    async def die_at_a_point(self) -> None:
        """Everything is killed; then each process that comes to the point dies there, again and again, for a while."""
        point = self._chance.choice(COMMON_POINTS)
        self.schedule[-1] = f"die at {point}"
        await self.world.kill_market()
        await self.world.start_market(crash_at=f"{point}:{self._chance.randrange(5, 40)}")
        await self.world.some_part_died()
        await self.world.heal()

    async def kill_kafka(self) -> None:
        """Kill -9 of the broker."""
        await self.world.kill_kafka()

    async def wipe_kafka(self) -> None:
        """The broker's disk is lost."""
        await self.world.wipe_kafka()

    async def reset_broker_link(self) -> None:
        """Every connection to Kafka breaks at once."""
        self.world.broker.reset()

    async def cut_broker_link(self) -> None:
        """Kafka cannot be reached for a while."""
        self.world.broker.cut()
        await self._while(self.world.broker)

    async def half_open_broker_link(self) -> None:
        """What is sent to Kafka arrives, and nothing comes back."""
        self.world.broker.to_client = Faults(swallow=True)
        await self._while(self.world.broker)

    async def slow_broker_link(self) -> None:
        """Each piece takes a while to and from Kafka."""
        self.world.broker.to_server = self.world.broker.to_client = Faults(latency_seconds=0.1, jitter_seconds=0.1)
        await self._while(self.world.broker)

    async def kill_seaweed(self) -> None:
        """Kill -9 of the object store."""
        await self.world.kill_seaweed()

    async def reset_store_link(self) -> None:
        """Every connection to the object store breaks at once."""
        self.world.store.reset()

    async def cut_store_link(self) -> None:
        """The object store cannot be reached for a while."""
        self.world.store.cut()
        await self._while(self.world.store)

    async def half_open_store_link(self) -> None:
        """What is sent to the object store arrives, and nothing comes back."""
        self.world.store.to_client = Faults(swallow=True)
        await self._while(self.world.store)

    async def slow_store_link(self) -> None:
        """Each piece takes a while to and from the object store."""
        self.world.store.to_server = self.world.store.to_client = Faults(latency_seconds=0.1, jitter_seconds=0.1)
        await self._while(self.world.store)

    async def deliver_all_again(self) -> None:
        """Every consumer hears everything again from the first event on, however old."""
        await self.world.hear_all_again()
