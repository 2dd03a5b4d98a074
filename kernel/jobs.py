"""Jobs: what a service does by itself, again and again, such as resuming what was left half-way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """``run`` gets the service's ports and returns how many things it moved; it must bear being run again."""

    name: str
    every_seconds: float
    run: Callable[[Any], Awaitable[int]]  # Any: each service's own ports
