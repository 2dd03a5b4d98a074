"""A pytest plugin that plants one bug before anything of ours is imported: ``YAOSU_PLANT=name pytest -p …``.

Each bug is one that others shipped, or nearly. ``controls.CONTROLS`` says which test has to fail then.
"""

# long: one bug after the other, each a few lines

import asyncio
import importlib
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

SETTING = "YAOSU_PLANT"
SQL = {
    "no index on live encumbrances": ("rights", ["DROP INDEX one_live_encumbrance"]),
    "no guard on deposits": ("trading", ["ALTER TABLE accounts DROP CONSTRAINT guarded_account_covers"]),
    "holds do not count": ("trading", [
        "ALTER TABLE accounts DROP CONSTRAINT guarded_account_covers",
        "ALTER TABLE accounts ADD CONSTRAINT guarded_account_covers CHECK (NOT guarded OR posted_fen >= 0)",
    ]),
    "a step may be posted twice": ("trading", ["ALTER TABLE ledger_transactions DROP CONSTRAINT one_effect"]),
    "postings may be changed": ("trading", ["DROP TRIGGER postings_stay ON postings"]),
    "keys are not unique": ("notes", ["ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_pkey"]),
    "events are heard twice": ("notes", ["ALTER TABLE inbox DROP CONSTRAINT inbox_pkey"]),
}  # fmt: skip


def _module(name: str) -> Any:  # Any: what is planted into is not what it says it is
    return importlib.import_module(name)


def check_then_insert() -> None:
    """Look whether the right is free, then take it, with neither lock nor index."""
    SQL["check, then insert"] = SQL["no index on live encumbrances"]
    registry = _module("rights.outbound.storage.registry")

    for name in ("_LOCK_LINEAGE", "_LOCK_UNITS"):
        setattr(registry, name, text(getattr(registry, name).text.replace("FOR UPDATE", "")))


def relay_by_position() -> None:
    """Send what has a higher number than what was sent last: numbers are not given in the order of commits."""
    outbox = _module("kernel.outbox")

    outbox._UNSENT = text("""
        SELECT id, event_id, aggregate_id, aggregate_version, type, payload, deposit, occurred_at FROM outbox
        WHERE id > COALESCE((SELECT max(id) FROM outbox WHERE sent_at IS NOT NULL), 0) ORDER BY id LIMIT :limit""")


def mark_before_sending() -> None:
    """Mark events as sent, then send them."""
    outbox = _module("kernel.outbox")

    async def relay(database: Any, bus: Any, topic: str) -> int:
        async with database.statement() as conn:
            rows = (await conn.execute(outbox._UNSENT, {"limit": 500, "besides": []})).all()
            if rows:
                await conn.execute(outbox._MARK, {"ids": [row.id for row in rows]})
        if rows:
            await bus.publish(topic, [
                outbox.Told(topic, row.event_id, row.aggregate_id, row.aggregate_version, row.type, row.payload,
                            row.occurred_at, row.deposit) for row in rows
            ])  # fmt: skip
        return len(rows)

    outbox.relay = relay


def forget_events() -> None:
    """Tell after the commit, from memory: the outbox stays empty."""
    said = _module("kernel.statements").Said
    _module("kernel.outbox").kept = lambda *_: said("SELECT 1", (), touches=False)


def place_before_effect() -> None:
    """Move the consumer's place on before the events are handled."""
    batch = _module("kernel.reactions").READ_BATCH_EVENTS
    listening = _module("kernel.reactions").Listening

    original = listening.hear

    async def hear(self: Any) -> int:
        _, place = await self._bus.read(self.consumer, self.topic, batch)
        kept = self._bus
        read = await kept.read(self.consumer, self.topic, batch)
        if place:
            await kept.commit(self.consumer, self.topic, place)

        class _Ahead:
            async def read(self, *_: object) -> object:
                return read

            async def commit(self, *_: object) -> None:
                return

        self._bus = _Ahead()
        try:
            return int(await original(self))
        finally:
            self._bus = kept

    listening.hear = hear


def inbox_apart() -> None:
    """Mark an event as heard in a transaction of its own, before its effect."""
    listening, told = _module("kernel.reactions").Listening, _module("kernel.told").Told
    original = listening.react
    heard = text("SELECT EXISTS (SELECT FROM inbox WHERE event_id = :it)")
    mark = text("INSERT INTO inbox (topic, event_id) VALUES (:topic, :it)")

    async def react(self: Any, event: Any) -> None:
        async with self._database.transaction() as conn:
            if await conn.scalar(heard, {"it": event.event_id}):
                return
            await conn.execute(mark, {"topic": event.topic, "it": event.event_id})
        await original(self, event)

    async def was_heard(*_: object) -> bool:
        return False

    told.kept, told.was_heard, listening.react = (lambda _: []), was_heard, react


def commit_later() -> None:
    """Answer first, commit a moment later."""
    unit = _module("kernel.work").UnitOfWork

    original, later = unit.__aexit__, set()

    async def leave(self: Any, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            await original(self, kind, error, trace)
            return
        task = asyncio.ensure_future(original(self, kind, error, trace))
        later.add(task)
        task.add_done_callback(lambda done: done.exception())

    unit.__aexit__ = leave


def events_by_another_connection() -> None:
    """Write the outbox through a connection of its own, beside the transaction."""
    unit, outbox = _module("kernel.work").UnitOfWork, _module("kernel.outbox")
    original = unit.__aexit__

    async def leave(self: Any, kind: Any, error: Any, trace: Any) -> None:
        await original(self, kind, error, trace)
        if error is not None and self._tellings:
            async with self._database.transaction() as conn:
                await conn.send(outbox.kept(self._tellings, self.now))

    unit.__aexit__ = leave


def keys_of_nobody() -> None:
    """Look keys up without the party they belong to."""
    _module("kernel.once").Once.place = property(lambda self: ("", self.route, self.key))


def rejected_hold_is_charged() -> None:
    """Charge a hold whatever became of it."""
    uses = _module("trading.outbound.storage.uses")

    uses._CHARGE = text(re.sub(r"AND (holds\.)?state = 'OPEN'", "", uses._CHARGE.text))


def faults_are_poverty() -> None:
    """Whatever the database says, the deposit is exhausted."""
    storage = _module("kernel.storage")

    @asynccontextmanager
    async def refusing(constraints: Any, **facts: Any) -> AsyncIterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise next(iter(constraints.values()))(**facts) from error

    storage.refusing = refusing


def sequencers_do_not_wait() -> None:
    """Read the log's size without holding it."""
    storage = _module("evidence.outbound.storage")
    tables = _module("evidence.outbound.tables")

    async def hold(self: Any) -> Any:
        return storage._log((await self._conn.execute(select(tables.logs))).one())

    storage.SqlLogs.hold = hold


def every_proof_is_good() -> None:
    """Believe what stands in a proof."""
    certificate = _module("market.verify.certificate")

    certificate.is_included = lambda *_: True


def any_audience() -> None:
    """Take a token that was made for somebody else (``verify_aud=False``)."""
    tokens = _module("kernel.tokens")

    class _Anything(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = str.__hash__

    tokens.AUDIENCE = _Anything("yaosu")


def unknown_terms_pass() -> None:
    """Leave out what one does not know from a policy, as if it said nothing."""
    policy = _module("trading.domain.policy")

    policy.check_policy = lambda *_: None


def persons_are_rows() -> None:
    """Show groups of any size."""
    cohort = _module("delivery.domain.cohort")

    cohort.release = lambda groups, k: cohort.Released(tuple(groups), 0)


def forget_to_give_back() -> None:
    """Take a pledge back, and leave its reservation at the registry."""
    steps = _module("pledge.use_cases.steps")

    async def cancel_hold(app: Any, pledge: Any) -> None:
        await steps._end_without_right(app, pledge, lambda now, _: now.cancelled())

    steps.cancel_hold = cancel_hold
    steps.STEPS[steps.PledgeState.CANCELLING] = cancel_hold


def last_writer_wins() -> None:
    """Change a row without looking whether it is still the one that was read."""
    storage = _module("kernel.storage")

    async def change(conn: Any, table: Any, *, key: Any, version: int, values: Any) -> None:
        statement = update(table).values(**values, version=version + 1)
        for column, value in key.items():
            statement = statement.where(table.c[column] == value)
        await conn.execute(statement)

    storage.change = change


PATCHES: dict[str, Callable[[], None]] = {
    "check, then insert": check_then_insert,
    "relay by position": relay_by_position,
    "mark before sending": mark_before_sending,
    "tell from memory": forget_events,
    "place before effect": place_before_effect,
    "inbox apart from the effect": inbox_apart,
    "answer before commit": commit_later,
    "write by another connection": events_by_another_connection,
    "keys of nobody": keys_of_nobody,
    "a rejected hold is charged": rejected_hold_is_charged,
    "faults are poverty": faults_are_poverty,
    "sequencers do not wait": sequencers_do_not_wait,
    "every proof is good": every_proof_is_good,
    "any audience": any_audience,
    "unknown terms pass": unknown_terms_pass,
    "groups of any size": persons_are_rows,
    "compensation forgets": forget_to_give_back,
    "last writer wins": last_writer_wins,
}


def _plant(name: str) -> None:
    migrations = _module("kernel.migrations")

    if name in PATCHES:
        PATCHES[name]()
    original = migrations.migrate
    service, statements = SQL.get(name, ("", []))

    async def migrate(engine: AsyncEngine, folder: Path) -> None:
        await original(engine, folder)
        if folder.parent.name == service:
            async with engine.begin() as conn:
                for statement in statements:
                    await conn.exec_driver_sql(statement)

    migrations.migrate = migrate


if os.environ.get(SETTING):
    _plant(os.environ[SETTING])
