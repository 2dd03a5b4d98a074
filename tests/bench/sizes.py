"""How much is measured: all of it, or little and quickly."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Repetitions and amounts."""

    starts: int = 3
    calls: tuple[tuple[int, int], ...] = ((1, 200), (32, 2000))
    warm_calls: int = 500
    reads: int = 4000
    rows: int = 1_000_000
    rounds: int = 3
    real_inputs: bool = True
    clients: tuple[int, ...] = (1, 16, 64)
    load_seconds: float = 10
    persons: int = 1_000_000
    lag_seconds: float = 20
    relay_events: int = 20_000
    races: int = 200
    settled: int = 40


WHOLE = Sizes()
QUICK = Sizes(
    starts=1,
    calls=((1, 30), (32, 160)),
    warm_calls=64,
    reads=400,
    rows=100_000,
    rounds=1,
    real_inputs=False,
    clients=(16,),
    load_seconds=3,
    persons=20_000,
    lag_seconds=5,
    relay_events=5_000,
    races=20,
    settled=8,
)
