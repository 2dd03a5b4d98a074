"""Callers that start together, and the count of who won."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    """How many rounds each side won, and what was wrong with any.

    Over a network one way is longer than another, and its side would never win. So with ``handicap_seconds`` each side
    starts up to so much late, and one that wins is held back a little more each time: ``holds_back`` names another
    side to hold back, where whoever comes late wins. ``groups`` counts several sides as one.
    """

    seed: int
    handicap_seconds: float = 0.0
    groups: Mapping[str, str] = field(default_factory=dict)
    holds_back: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 0
    won: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _back_seconds: dict[str, float] = field(default_factory=dict)
    _counted: Counter[str] = field(default_factory=Counter)

    async def race(self, callers: Sequence[Caller]) -> list[tuple[str, str]]:
        """All at once, in an order drawn by the seed; (side, what it won) of the winners."""
        order = list(callers)
        chance = random.Random(self.seed * 1_000_003 + self.rounds)  # noqa: S311 - a schedule, not a secret
        chance.shuffle(order)
        late = self._late({self._group(caller.side) for caller in order}, chance)
        barrier = asyncio.Barrier(len(order))

        async def one(caller: Caller) -> tuple[str, str]:
            await barrier.wait()
            if seconds := late[self._group(caller.side)]:
                await asyncio.sleep(seconds)  # the handicap; nothing is waited for
            try:
                return caller.side, await caller.call()
            except (Refusal, Refused):
                return caller.side, LOST

        winners = [outcome for outcome in await asyncio.gather(*map(one, order)) if outcome[1] != LOST]
        self.rounds += 1
        return winners

    def _group(self, side: str) -> str:
        return self.groups.get(side, side)

    def _late(self, groups: set[str], chance: random.Random) -> dict[str, float]:
        """By how much each side starts late now, after who won the last round."""
        winners = {self.holds_back.get(group, group) for group in self.won - self._counted}
        self._counted, step = self.won.copy(), self.handicap_seconds / 4
        for group in groups if winners else ():
            now = self._back_seconds.get(group, 0.0)
            self._back_seconds[group] = now + step if group in winners else max(0.0, now - step)
        return {
            group: self._back_seconds.get(group, 0.0) + chance.uniform(0, self.handicap_seconds)
            for group in sorted(groups)
        }

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
