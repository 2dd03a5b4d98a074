"""The world both cases play in: the parties, the clock, and the steps that both have in common."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from kernel.calendar import SHANGHAI, add_working_days
from kernel.canonical import canonical
from market.demo.cast import CAST, admit, operator_of, second_person
from market.demo.client import Actor, Door, Refused
from market.demo.story import Story

PIECE_BYTES = 1024 * 1024
STARTS_AT = datetime(2026, 8, 3, 9, 0, tzinfo=SHANGHAI)


@dataclass
class World:
    """What is known while the story is told."""

    door: Door
    story: Story
    data: Path
    operator_credential: dict[str, str]
    actors: dict[str, Actor] = field(default_factory=dict)
    refused: dict[str, dict[str, str]] = field(default_factory=lambda: {"medical": {}, "bim": {}})

    def __getitem__(self, handle: str) -> Actor:
        return self.actors[handle]

    async def gather_cast(self) -> None:
        """Everybody applies, is approved and registers a key."""
        market_operator = operator_of(self.door, self.operator_credential)
        self.actors["market"] = market_operator
        admitted = await asyncio.gather(*(admit(self.door, market_operator, part) for part in CAST))
        self.actors |= {part.handle: actor for part, actor in zip(CAST, admitted, strict=True)}
        for bank in ("bank", "second_bank"):
            officer = await second_person(self.door, self[bank], "授信复核 second officer", ["bank"])
            self.actors[f"{bank}_2"] = officer

    # The clock.

    async def now(self) -> datetime:
        """Business time."""
        clock = await self.door.ask("GET", "/onboarding/v1/clock")
        return datetime.fromisoformat(clock["business_at"]).astimezone(SHANGHAI)

    async def go_to(self, at: datetime) -> None:
        """Let business time be this moment, on every service."""
        actor = self.actors.get("market") or operator_of(self.door, self.operator_credential)
        try:
            await actor.post("/onboarding/v1/clock:advance", {"business_at": at.isoformat()})
        except Refused as refused:
            # The real clock may have caught up with the story; then the story simply goes on.
            if refused.type != "/problems/clock-would-go-back":
                raise

    async def working_days_later(self, days: int) -> None:
        """Let so many working days end, and a little more."""
        day = add_working_days((await self.now()).date(), days).date
        await self.go_to(datetime(day.year, day.month, day.day, 9, 0, tzinfo=SHANGHAI) + timedelta(days=1))

    # Refusals that have to come.

    async def must_refuse(self, case: str, name: str, what: str, attempt: Any) -> str:  # Any: an awaitable
        """The attempt must be refused; remembers the problem type."""
        try:
            answer = await attempt
        except Refused as refused:
            if refused.type == "/problems/invalid-fields":  # the attempt itself was malformed, and proves nothing
                raise
            self.refused[case][name] = refused.type
            self.story.refused(what, refused.type)
            return refused.type
        message = f"{what} should have been refused, and was answered: {answer}"
        raise AssertionError(message)

    def save(self, name: str, content: bytes) -> str:
        """Keep a document that a party received under the market's folder; returns its path there."""
        path = self.data / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return f"documents/{name}"


def file_stream(path: Path) -> Callable[[], AsyncIterator[bytes]]:
    """A function that gives the file's bytes anew at each call."""

    async def pieces() -> AsyncIterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    return pieces


def bytes_stream(content: bytes) -> Callable[[], AsyncIterator[bytes]]:
    """As ``file_stream``, of bytes at hand."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    return pieces


def paper(title: str, **facts: Any) -> bytes:  # Any: JSON values
    """A title paper as it might be scanned: a short text that names its facts."""
    return f"{title}\n{json.dumps(facts, ensure_ascii=False, indent=1)}\n".encode()


def digest_of(value: Any) -> str:  # Any: a JSON value
    """SHA-256 of the RFC 8785 text."""
    return sha256(canonical(value)).hexdigest()


def years_after(day: date, years: int) -> date:
    """The same day so many years on, less one day."""
    return day.replace(year=day.year + years) - timedelta(days=1)
