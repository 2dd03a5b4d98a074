"""The verdict over a run: the faults are healed, then every checker and the clients' own memory are asked."""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from kernel.database import Database
from market.audit import Finding, audit
from market.demo.client import Actor
from market.postgres import Server
from market.roster import SERVICES
from tests.promises.history import FAIL, OK, UNKNOWN, Asked, History
from tests.promises.underwriting import ROUTE as UNDERWRITING
from tests.promises.world import World

SETTLING_SECONDS_MAX = 180.0
POLL_SECONDS = 0.5
REASKED_MAX = 400
# Links are secrets and kept nowhere: a retry gets a fresh one until the first is used, and then a refusal.
SECRETS = {"/delivery/v1/file-links"}
# What is told of a person is kept nowhere: a retry works it out again, and is refused once the consent is withdrawn.
WORKED_OUT_AGAIN = {UNDERWRITING}


@dataclass(frozen=True)
class Made:
    """What a route makes: where its rows stand, and under which name answers tell their ids."""

    route: str
    service: str
    rows: str
    named: str
    also_when_refused: bool = False


MADE = (
    Made(r"POST /onboarding/v1/parties", "onboarding",
         "SELECT id FROM party WHERE entity_kind <> 'natural_person' AND roles_wanted <> '{operator}'", "party_id"),
    Made(r"POST /catalog/v1/datasets", "catalog",
         "SELECT id FROM datasets WHERE source_dataset_ids = '{}'", "dataset_id"),
    Made(r"POST /catalog/v1/products", "catalog", "SELECT id FROM products", "product_id"),
    Made(r"POST /rights/v1/registrations", "rights", "SELECT registration_id FROM registrations", "registration_id"),
    Made(r"POST /rights/v1/(?:compliance-files|quality-reports|value-reports)", "rights",
         "SELECT report_id FROM reports", "report_id"),
    Made(r"POST /trading/v1/listings", "trading", "SELECT listing_id FROM listings", "listing_id"),
    Made(r"POST /trading/v1/orders", "trading", "SELECT order_id FROM orders", "order_id"),
    Made(r"POST /trading/v1/top-ups", "trading", "SELECT top_up_id FROM top_ups", "top_up_id"),
    Made(r"POST /pledge/v1/vouchers", "pledge", "SELECT voucher_id FROM vouchers", "voucher_id"),
    Made(r"POST /pledge/v1/bookings", "pledge", "SELECT booking_id FROM bookings", "booking_id"),
    Made(r"POST /pledge/v1/loans", "pledge", "SELECT loan_id FROM loans", "loan_id", also_when_refused=True),
    Made(r"POST /pledge/v1/pledges", "pledge", "SELECT pledge_id FROM pledges", "pledge_id", also_when_refused=True),
    Made(r"POST /delivery/v1/consents", "delivery", "SELECT id FROM consents", "consent_id"),
    Made(rf"POST {UNDERWRITING}", "delivery", "SELECT id FROM uses WHERE mode = 'underwriting'", "use_id",
         also_when_refused=True),
)  # fmt: skip
# What has to be empty once the faults are healed and everything has had time to finish.
AT_REST = {
    "E5 outbox": "SELECT count(*) FROM outbox WHERE sent_at IS NULL",
    "E4 parked": "SELECT count(*) FROM dead_letters WHERE state = 'PARKED'",
}
PASSING = {
    "pledge": "SELECT count(*) FROM pledges WHERE state LIKE '%ING'",
    "catalog": "SELECT count(*) FROM versions WHERE state IN ('PROFILING', 'DERIVING')",
    "trading": """
        SELECT (SELECT count(*) FROM contracts WHERE state = 'RESERVING')
             + (SELECT count(*) FROM top_ups WHERE state IN ('INSTRUCTING', 'INSTRUCTED'))
             + (SELECT count(*) FROM settlements WHERE state <> 'SETTLED')
             + (SELECT count(*) FROM holds WHERE state = 'OPEN' AND mode = 'underwriting')
             + (SELECT count(*) FROM certificates WHERE state <> 'CERTIFIED')""",
    "rights": "SELECT count(*) FROM registrations WHERE state IN ('DEPOSITING', 'SIGNED')",
    "delivery": "SELECT count(*) FROM uses WHERE state = 'INTENDED' AND abandon_at < now()",
    "evidence": "SELECT count(*) FROM deposits WHERE state = 'PENDING'",
}


@dataclass
class Verdict:
    """What speaks against the market; nothing, if all is well."""

    violations: list[str]
    findings: list[Finding]
    asked: int = 0
    reasked: int = 0
    once_unknown: int = 0


async def judge(world: World, actors: dict[str, Actor]) -> Verdict:
    """Heal, let the clients learn what became of their requests, wait until all is at rest, look."""
    await world.heal()
    violations = await _learn(world.history, actors)
    findings, restless = await _settled(world)
    violations += restless
    violations += [f"{one.service} {one.promise}: {line}" for one in findings for line in one.violations]
    violations += await _state_is_what_was_told(world.server, world.history)
    violations += await _each_case_was_charged_once(world.server, world.history)
    reasked, changed = await _ask_again(world.history, actors)
    violations += changed + _one_outcome(world.history) + _no_fault_of_ours(world.history)
    return Verdict(violations, findings, len(world.history.asked), reasked, world.history.once_unknown)


async def dismiss_poison(world: World, operator: Actor, poisoned: Sequence[str]) -> None:
    """What nobody can decode is parked where it was heard, under its own key alone; the operator gives it up."""
    ends_at = time.monotonic() + SETTLING_SECONDS_MAX
    for key in poisoned:
        while not (parked := await _parked(world.server, key)):
            assert time.monotonic() < ends_at, f"the poisoned event {key} was parked nowhere"
            await asyncio.sleep(POLL_SECONDS)
        for name, letter in parked:
            await operator.post(f"/{name}/v1/dead-letters/{letter}:dismiss")


async def _parked(server: Server, key: str) -> list[tuple[str, object]]:
    query = f"SELECT id FROM dead_letters WHERE state = 'PARKED' AND key = '{key}'"  # noqa: S608 - a key of ours
    return [(name, letter) for name in SERVICES for letter in await rows_of(server, name, query)]


async def _learn(history: History, actors: dict[str, Actor]) -> list[str]:
    """An unknown outcome is asked for again under its key, until it is known."""
    ends_at = time.monotonic() + SETTLING_SECONDS_MAX
    while time.monotonic() < ends_at:
        dark = [one for one in history.asked.values() if _is_dark(one)]
        if not dark:
            return []
        for one in dark:
            await _ask(one, actors)
        await asyncio.sleep(POLL_SECONDS)
    return [f"M6: nobody can tell what became of {one.method} {one.path} under {one.key}: {one.heard[-1:]}"
            for one in history.asked.values() if _is_dark(one)]  # fmt: skip


def _is_dark(one: Asked) -> bool:
    return one.outcome == UNKNOWN and one.body is not None and not one.continues_at


async def _ask(one: Asked, actors: dict[str, Actor]) -> None:
    """Once more the same request; what is heard is written into the history."""
    actor = actors.get(one.who) or next(iter(actors.values()))
    headers = {**one.headers, "Idempotency-Key": one.key}
    if one.who:
        headers["Authorization"] = f"Bearer {await actor.token()}"
    http = actor.door._http
    try:
        await http.request(one.method, one.path, content=one.body, headers=headers)
    except OSError:
        return


async def _settled(world: World) -> tuple[list[Finding], list[str]]:
    """Look until nothing is found, or time is up."""
    ends_at = time.monotonic() + SETTLING_SECONDS_MAX
    while True:
        restless = await _restless(world.server)
        if not restless or time.monotonic() > ends_at:
            findings = await audit(world.server, world.objects_of)
            if time.monotonic() > ends_at or not any(one.violations for one in findings):
                return findings, restless
        await asyncio.sleep(POLL_SECONDS)


async def _restless(server: Server) -> list[str]:
    found = []
    for name in SERVICES:
        for promise, query in {**AT_REST, "E5 passing": PASSING.get(name, "SELECT 0")}.items():
            count = (await rows_of(server, name, query))[0]
            if count:
                found.append(f"{promise}: {count} in {name}")
    return found


async def rows_of(server: Server, name: str, query: str) -> list[object]:
    """The first column of what a query finds in one service's database."""
    database = Database(server.url_of(name), name=name, pool_connections=1)
    try:
        async with database.transaction() as conn:
            return list((await conn.scalars(text(query))).all())
    finally:
        await database.close()


async def _state_is_what_was_told(server: Server, history: History) -> list[str]:
    """Each row that clients can make was told under one key, and each one told is there."""
    violations = []
    for made in MADE:
        rows = {str(row) for row in await rows_of(server, made.service, made.rows)}
        keys = [one for one in history.asked.values() if re.fullmatch(made.route, f"{one.method} {one.path}")]
        told = {number: _ids_told(one, made.named) for number, one in enumerate(keys)}
        acked = {number: ids for number, ids in told.items() if keys[number].outcome == OK}
        everyone = [one for ids in acked.values() for one in ids]
        violations += [f"{made.route}: one key led to {sorted(ids)}" for ids in told.values() if len(ids) > 1]
        violations += [f"{made.route}: two keys led to {one}" for one in set(everyone) if everyone.count(one) > 1]
        violations += [f"{made.route}: {one} was told and is not there" for one in sorted(set(everyone) - rows)]
        strange = rows - {one for ids in told.values() for one in ids}
        silent = sum(not ids and keys[number].outcome in _MAY_LEAVE[made.also_when_refused]
                     for number, ids in told.items())  # fmt: skip
        if len(strange) > silent:
            violations.append(f"{made.route}: {sorted(strange)[:5]} stand there and nobody was told")
    return violations


async def _each_case_was_charged_once(server: Server, history: History) -> list[str]:
    """What was answered is charged; a policy case once, however often it was asked; nothing that was not asked is."""
    cases = [str(one) for one in await rows_of(server, "trading", _CHARGED_CASES)]
    asked = [one for one in history.asked.values() if one.path == UNDERWRITING]
    answered = {body["policy_case"] for one in asked for what, _, body in one.heard if what == OK}
    named = {json.loads(one.body or b"{}")["policy_case"] for one in asked}
    violations = [f"M5: {one} was charged {cases.count(one)} times" for one in set(cases) if cases.count(one) > 1]
    violations += [f"M5: {one} was answered and not charged" for one in sorted(answered - set(cases))]
    return violations + [f"M5: {one} was charged and never asked" for one in sorted(set(cases) - named)]


_CHARGED_CASES = "SELECT policy_case FROM holds WHERE mode = 'underwriting' AND state = 'CHARGED'"
_MAY_LEAVE = {False: {UNKNOWN}, True: {UNKNOWN, FAIL}}


def _ids_told(one: Asked, named: str) -> set[str]:
    found = {str(body[named]) for _, _, body in one.heard if isinstance(body, dict) and body.get(named)}
    return found | ({one.continues_at.rsplit("/", 1)[1]} if one.continues_at else set())


async def _ask_again(history: History, actors: dict[str, Actor]) -> tuple[int, list[str]]:
    """Keys with a kept outcome are asked for again: the answer is the same, to the letter."""
    kept = [
        one for one in history.asked.values()
        if one.body is not None and not one.continues_at and _is_kept(one) and one.who in actors
    ]  # fmt: skip
    step = max(1, len(kept) // REASKED_MAX)
    changed = []
    for one in kept[::step]:
        before = one.answer
        await _ask(one, actors)
        after = one.heard[-1][1:]
        if after != before and not _shown_once(after) and not _refused_by_now(one, after):
            changed.append(f"M6: {one.method} {one.path} under {one.key} was {before}, is {after}")
    return len(kept[::step]), changed


def _is_kept(one: Asked) -> bool:
    """Refusals of the form are not kept; what was done, and what hung on the state, is."""
    if one.path in SECRETS:
        return False
    status = one.answer[0] if one.answer else 0
    return one.outcome == OK or status in {402, 404, 409}


def _shown_once(answer: tuple[int, object]) -> bool:
    return isinstance(answer[1], dict) and answer[1].get("reason") == "OutcomeShownOnce"


def _refused_by_now(one: Asked, answer: tuple[int, object]) -> bool:
    return one.path in WORKED_OUT_AGAIN and answer[0] in {403, 404, 409}


def _no_fault_of_ours(history: History) -> list[str]:
    """Whatever broke, nobody was told that the market itself is at fault: what is away is away, and said to be so."""
    failed = {
        f"{one.method} {one.path}" for one in history.asked.values() for _, status, _ in one.heard if status == 500
    }
    return [f"X9: {one} was answered 500" for one in sorted(failed)]


def _one_outcome(history: History) -> list[str]:
    """Under one key there never were two different successes, nor a success and a kept refusal."""
    found = []
    for one in history.asked.values():
        if one.path in SECRETS:
            continue
        successes = {str(body) for what, _, body in one.heard if what == OK}
        kept = {
            status for what, status, body in one.heard
            if what == FAIL and status in {402, 404, 409} and not _shown_once((status, body))
        }  # fmt: skip
        if len(successes) > 1 or (successes and kept and one.path not in WORKED_OUT_AGAIN):
            found.append(f"M6: {one.method} {one.path} under {one.key} had several outcomes: {one.heard}"[:600])
    return found
