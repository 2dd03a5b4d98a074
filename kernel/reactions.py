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
from kernel.standing import Standing, standing_of
from kernel.told import WITHOUT_ENVELOPE, AlreadyHeard, Told, ToldTogether

READ_BATCH_EVENTS = 200
TRIES = 3
RETRY_DELAY_SECONDS = 0.2
log = structlog.get_logger()


class AnyDeposit:
    """Stands in a reaction table for every event that carries bytes to deposit, whatever its type."""


Reaction = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Together:
    """A reaction that takes many events in one transaction: it is given them as pairs (event, told), and their ticket.

    When they fail together, each is tried by itself, so that one bad event stops only its own key.
    """

    reaction: Reaction

    @property
    def __name__(self) -> str:
        """The reaction's own."""
        return self.reaction.__name__


# Per topic heard: message class (or AnyDeposit) → what to do. Any: a generated class has no common typed form.
Reactions = Mapping[str, Mapping[Any, Reaction | Together]]
Outcome = TypeVar("Outcome")


class Listening:
    """One service's ear on one topic."""

    def __init__(
        self,
        consumer: str,
        topic: str,
        reactions: Mapping[Any, Reaction | Together],
        app: object,
        database: Database,
        bus: Bus,
    ) -> None:  # fmt: skip
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
        standing = await standing_of([event for event in events if self._concerns_us(event)], self._database)
        passing: dict[str, int] = {}
        waiting: list[Told] = []
        for event in events:
            if not self._concerns_us(event):
                passing[event.aggregate_id] = event.version
            elif self._is_due(event, standing):
                if waiting and self._reaction(event) is not self._reaction(waiting[-1]):
                    await self._handle(waiting, standing)
                    waiting = []
                waiting.append(event)
            if event.event_id not in standing.gaps:  # what is missing may still come: it is not old then
                reached_by_key = standing.versions.get(event.aggregate_id, 0)
                standing.versions[event.aggregate_id] = max(event.version, reached_by_key)
        await self._handle(waiting, standing)
        await self._advance(passing)
        reached("consumer.before_place")
        await self._bus.commit(self.consumer, self.topic, place)
        return len(events)

    def _concerns_us(self, event: Told) -> bool:
        if event.type in self._by_type:
            return True
        if self._for_deposits is not None and event.deposit is not None:
            return True
        return bool(self._by_type) and not event.type.startswith(self._package)

    async def _advance(self, versions: Mapping[str, int]) -> None:
        """Known types without a reaction only move the versions on; after whatever came before them in the batch."""
        if not versions:
            return
        async with self._database.statement() as conn:
            values = {"topic": self.topic, "keys": list(versions), "versions": list(versions.values())}
            await conn.execute(_ADVANCE, values)

    def _is_due(self, event: Told, standing: Standing) -> bool:
        reached = standing.versions.get(event.aggregate_id, 0)
        if event.version == WITHOUT_ENVELOPE and event.event_id not in standing.known:
            standing.gaps[event.event_id] = "no event: the envelope is not whole"
            return True
        if event.event_id in standing.known or event.version <= reached:
            return False
        if event.version > reached + 1:
            standing.gaps[event.event_id] = f"gap: version {event.version} came after {reached}"
        return True

    async def _handle(self, events: Sequence[Told], standing: Standing) -> None:
        """Events of one reaction, in their order: together where it takes many, else one by one."""
        sound = [event for event in events if event.aggregate_id not in standing.parked]
        if len(sound) == len(events) > 1 and not standing.gaps and await self._at_once(events):
            return
        for event in events:
            if event.aggregate_id in standing.parked:
                await self._park(event, "waits behind a parked event of the same key")
            elif event.event_id in standing.gaps:
                await self._park(event, standing.gaps[event.event_id])
                standing.parked.add(event.aggregate_id)
            elif not await self._try(event):
                standing.parked.add(event.aggregate_id)

    async def _at_once(self, events: Sequence[Told]) -> bool:
        """Whether they had their effect together; if not, nothing of it stands."""
        reaction = self._reaction(events[0])
        if not isinstance(reaction, Together):
            return False
        told = ToldTogether([replace(event, recorded=False) for event in events])
        try:
            await reaction.reaction(self._app, [(self._decoded(event), event) for event in told.events], told)
        except Exception as error:  # noqa: BLE001 - each is tried by itself now, and what is wrong comes out there
            log.info("events tried one by one", topic=self.topic, consumer=self.consumer, error=str(error))
            return False
        EVENTS_HEARD.labels(self.consumer, self.topic).inc(len(events))
        return True

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
        told: Told | ToldTogether = replace(event, recorded=False)
        reaction = self._reaction(event)
        try:
            if reaction is None:
                message = f"unknown type {event.type}"
                raise LookupError(message)
            if isinstance(reaction, Together):
                told = ToldTogether([event])
                await reaction.reaction(self._app, [(self._decoded(event), event)], told)
            else:
                await reaction(self._app, self._decoded(event), told)
            if not told.recorded:
                async with self._database.transaction() as conn:
                    await event.record(conn)
        except AlreadyHeard:
            return

    def _reaction(self, event: Told) -> Reaction | Together | None:
        if event.type in self._by_type:
            return self._by_type[event.type][1]
        return self._for_deposits if event.deposit is not None else None

    def _decoded(self, event: Told) -> Message | bytes:
        return _decoded(self._by_type[event.type][0], event.payload) if event.type in self._by_type else event.payload

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
_PARK = text("""
    INSERT INTO dead_letters (topic, key, event_id, type, version, payload, deposit, occurred_at, cause)
    VALUES (:topic, :key, :event_id, :type, :version, :payload, :deposit, :occurred_at, :cause)
    ON CONFLICT (topic, event_id) DO NOTHING""")
