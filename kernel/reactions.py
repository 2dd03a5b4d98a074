"""How a service hears: each event once, in the order of its key; what fails parks its key."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from google.protobuf.message import DecodeError, Message
from sqlalchemy import text

from kernel.bus import Bus
from kernel.crash_points import reached
from kernel.database import Database, is_away
from kernel.metrics import DEAD_LETTERS, EVENTS_HEARD
from kernel.refusals import Unavailable
from kernel.told import AlreadyHeard, Told

READ_BATCH_EVENTS = 200
TRIES = 3
RETRY_DELAY_SECONDS = 0.2
log = structlog.get_logger()


class AnyDeposit:
    """Stands in a reaction table for every event that carries bytes to deposit, whatever its type."""


Reaction = Callable[..., Awaitable[None]]
# Per topic heard: message class (or AnyDeposit) → what to do. Any: a generated class has no common typed form.
Reactions = Mapping[str, Mapping[Any, Reaction]]
Outcome = TypeVar("Outcome")


@dataclass
class _Standing:
    """Where a consumer stands with the keys of one batch."""

    versions: dict[str, int]
    known: set[str]
    parked: set[str]


class Listening:
    """One service's ear on one topic."""

    def __init__(
        self, consumer: str, topic: str, reactions: Mapping[Any, Reaction], app: object, database: Database, bus: Bus
    ) -> None:
        self.consumer, self.topic = consumer, topic
        self._app, self._database, self._bus = app, database, bus
        self._for_deposits = reactions.get(AnyDeposit)
        self._by_type = {
            message.DESCRIPTOR.full_name: (message, reaction)
            for message, reaction in reactions.items()
            if message is not AnyDeposit
        }
        self._package = f"{topic}."

    async def hear(self) -> int:
        """Handle one batch; the place moves only behind what is handled."""
        events, place = await self._bus.read(self.consumer, self.topic, READ_BATCH_EVENTS)
        if not events:
            return 0
        reached("consumer.after_poll")
        standing = await self._standing([event for event in events if self._concerns_us(event)])
        passing: list[Told] = []
        for event in events:
            if self._concerns_us(event):
                await self._advance(passing)
                passing = []
                await self._handle(event, standing)
            else:
                passing.append(event)
            standing.versions[event.aggregate_id] = max(event.version, standing.versions.get(event.aggregate_id, 0))
        await self._advance(passing)
        reached("consumer.before_place")
        await self._bus.commit(self.consumer, self.topic, place)
        return len(events)

    async def _standing(self, events: Sequence[Told]) -> "_Standing":
        """What is known of these events, asked once for the whole batch."""
        if not events:
            return _Standing({}, set(), set())
        values = {
            "topic": self.topic,
            "keys": list({event.aggregate_id for event in events}),
            "ids": [event.event_id for event in events],
        }
        async with self._database.statement() as conn:
            versions = (await conn.execute(_VERSIONS, values)).all()
            known = (await conn.scalars(_KNOWN, values)).all()
            parked = (await conn.scalars(_PARKED_KEYS, values)).all()
        return _Standing({row.key: row.version for row in versions}, set(known), set(parked))

    def _concerns_us(self, event: Told) -> bool:
        if event.type in self._by_type:
            return True
        if self._for_deposits is not None and event.deposit is not None:
            return True
        return bool(self._by_type) and not event.type.startswith(self._package)

    async def _advance(self, events: Sequence[Told]) -> None:
        """Known types without a reaction only move the versions on."""
        if not events:
            return
        newest = {event.aggregate_id: event.version for event in events}
        async with self._database.statement() as conn:
            values = {"topic": self.topic, "keys": list(newest), "versions": list(newest.values())}
            await conn.execute(_ADVANCE, values)

    async def _handle(self, event: Told, standing: "_Standing") -> None:
        key, reached = event.aggregate_id, standing.versions.get(event.aggregate_id, 0)
        if event.event_id in standing.known or event.version <= reached:
            return
        if key in standing.parked:
            await self._park(event, "waits behind a parked event of the same key")
        elif event.version > reached + 1:
            await self._park(event, f"gap: version {event.version} came after {reached}")
            standing.parked.add(key)
        elif not await self._try(event):
            standing.parked.add(key)

    async def _try(self, event: Told) -> bool:
        """Whether it had its effect; if not, it is parked."""
        tries = 0
        while True:
            tries += 1
            try:
                await self.react(event)
            except Exception as error:
                if _passes(error):
                    log.warning(
                        "event waits", topic=self.topic, type=event.type, consumer=self.consumer, error=str(error)
                    )
                    await asyncio.sleep(min(RETRY_DELAY_SECONDS * 2 ** min(tries, 6), 10))
                    continue
                if tries >= TRIES:
                    log.exception("event parked", topic=self.topic, type=event.type, consumer=self.consumer)
                    await self._park(event, f"{type(error).__name__}: {error}")
                    return False
                await asyncio.sleep(RETRY_DELAY_SECONDS)
            else:
                EVENTS_HEARD.labels(self.consumer, self.topic).inc()
                return True

    async def react(self, event: Told) -> None:
        """Call the reaction; if it opened no unit of work, mark the event as heard here."""
        told = replace(event, recorded=False)
        try:
            if event.type in self._by_type:
                message, reaction = self._by_type[event.type]
                await reaction(self._app, _decoded(message, event.payload), told)
            elif self._for_deposits is not None and event.deposit is not None:
                await self._for_deposits(self._app, event.payload, told)
            else:
                message = f"unknown type {event.type}"
                raise LookupError(message)
            if not told.recorded:
                async with self._database.transaction() as conn:
                    await told.record(conn)
        except AlreadyHeard:
            return

    async def _park(self, event: Told, cause: str) -> None:
        DEAD_LETTERS.labels(self.consumer, self.topic).inc()
        async with self._database.transaction() as conn:
            await conn.execute(_PARK, {
                "topic": self.topic, "key": event.aggregate_id, "event_id": event.event_id, "type": event.type,
                "version": event.version, "payload": event.payload, "deposit": event.deposit,
                "occurred_at": event.occurred_at, "cause": cause[:2000],
            })  # fmt: skip


def _passes(error: Exception) -> bool:
    """Whether the cause lies outside and goes by: then the event waits for it, however long, and is not parked."""
    return isinstance(error, Unavailable) or is_away(error)


def _decoded(message: type[Message], payload: bytes) -> Message:
    event = message()
    try:
        event.ParseFromString(payload)
    except DecodeError as error:
        reason = f"undecodable {message.DESCRIPTOR.full_name}"
        raise ValueError(reason) from error
    return event


_ADVANCE = text("""
    INSERT INTO heard (topic, key, version)
    SELECT CAST(:topic AS text), e.key, e.version
    FROM unnest(CAST(:keys AS text[]), CAST(:versions AS integer[])) AS e(key, version)
    ON CONFLICT (topic, key) DO UPDATE SET version = GREATEST(heard.version, excluded.version)""")
_VERSIONS = text("SELECT key, version FROM heard WHERE topic = :topic AND key = ANY(CAST(:keys AS text[]))")
_KNOWN = text("""
    SELECT event_id FROM inbox WHERE topic = :topic AND event_id = ANY(CAST(:ids AS text[]))
    UNION SELECT event_id FROM dead_letters WHERE topic = :topic AND event_id = ANY(CAST(:ids AS text[]))""")
_PARKED_KEYS = text("""
    SELECT DISTINCT key FROM dead_letters
    WHERE topic = :topic AND key = ANY(CAST(:keys AS text[])) AND state = 'PARKED'""")
_PARK = text("""
    INSERT INTO dead_letters (topic, key, event_id, type, version, payload, deposit, occurred_at, cause)
    VALUES (:topic, :key, :event_id, :type, :version, :payload, :deposit, :occurred_at, :cause)
    ON CONFLICT (topic, event_id) DO NOTHING""")
