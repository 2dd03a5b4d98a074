"""How much is measured: all of it, or little and quickly."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Repetitions and amounts."""

    starts: int = 3
    calls: tuple[tuple[int, int], ...] = ((1, 200), (16, 800))
    reads: int = 4000
    rows: int = 1_000_000
    rounds: int = 3
    real_inputs: bool = True
    clients: tuple[int, ...] = (1, 16, 64)
    load_seconds: float = 10


WHOLE = Sizes()
QUICK = Sizes(
    starts=1,
    calls=((1, 30), (16, 96)),
    reads=400,
    rows=100_000,
    rounds=1,
    real_inputs=False,
    clients=(16,),
    load_seconds=3,
)
