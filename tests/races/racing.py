"""Callers that start together, and the count of who won."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from kernel.refusals import Refusal
from market.demo.client import Refused
from tests.promises.counts import keep_race

CALLERS = 8
LOST = ""
Call = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Caller:
    """One caller: which side it is on, and what it does; the answer names what it won."""

    side: str
    call: Call


@dataclass
class Tally:
    """How many rounds each side won, and what was wrong with any."""

    seed: int
    handicap_seconds: float = 0.0  # each starts up to so much late: over a network one side is else always the faster
    rounds: int = 0
    won: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    async def race(self, callers: Sequence[Caller]) -> list[tuple[str, str]]:
        """All at once, in an order drawn by the seed; (side, what it won) of the winners."""
        order = list(callers)
        chance = random.Random(self.seed * 1_000_003 + self.rounds)  # noqa: S311 - a schedule, not a secret
        chance.shuffle(order)
        late = {side: chance.uniform(0, self.handicap_seconds) for side in sorted({caller.side for caller in order})}
        barrier = asyncio.Barrier(len(order))

        async def one(caller: Caller) -> tuple[str, str]:
            await barrier.wait()
            if late[caller.side]:
                await asyncio.sleep(late[caller.side])  # the handicap; nothing is waited for
            try:
                return caller.side, await caller.call()
            except (Refusal, Refused):
                return caller.side, LOST

        winners = [outcome for outcome in await asyncio.gather(*map(one, order)) if outcome[1] != LOST]
        self.rounds += 1
        return winners

    async def one_winner(self, callers: Sequence[Caller]) -> tuple[str, str]:
        """A race that exactly one wins; several winners of one thing, e.g. under one key, are one."""
        winners = await self.race(callers)
        things = {thing for _, thing in winners}
        if len(things) != 1:
            self.faults.append(f"round {self.rounds} of seed {self.seed}: {len(things)} winners: {winners}")
        for side in {side for side, _ in winners}:
            self.won[side] += 1
        return winners[0] if winners else ("", LOST)

    def must_be_sound(self, *sides: str) -> None:
        """No fault, and where there were rounds enough, every side won some."""
        if self.rounds >= ROUNDS_FOR_SIDES:
            keep_race(os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0], self.rounds, self.won, self.faults)
        assert not self.faults, "\n".join(self.faults[:10])
        if self.rounds >= ROUNDS_FOR_SIDES:
            assert set(sides) <= set(self.won), f"seed {self.seed}: {dict(self.won)} in {self.rounds} rounds"


# With fewer, one side may win them all by chance: 2 to the minus 39 for even sides, 1 % where the odds are 1 to 8.
ROUNDS_FOR_SIDES = 40
