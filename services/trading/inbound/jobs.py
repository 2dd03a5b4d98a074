"""Clocks, unfinished sagas, and what the payer has to say."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from kernel.jobs import Job
from kernel.refusals import Refusal
from trading.domain.settlements import ShareState
from trading.ports import Trading
from trading.use_cases import certificates, contracts, deposits, settlements

BATCH = 50
log = structlog.get_logger()


async def _each(names: Sequence[str], step: Callable[[str], Awaitable[object]]) -> int:
    """Take each a step on; what is refused stays for the next round and does not hold the others up."""
    moved = 0
    for name in names:
        try:
            moved += step_moved(await step(name))
        except Refusal as refusal:
            log.info("step waits", what=name, reason=refusal.reason)
    return moved


def step_moved(result: object) -> bool:
    """Whether a step did anything: everything but False counts."""
    return result is not False


async def deliver_callbacks(app: Trading) -> int:
    """Take in what the built-in payer calls back; what could not be taken in is sent again."""
    moved = 0
    for callback_id, notice in await app.payer.due(BATCH):
        try:
            await deposits.hear_payer(app, notice)
        except Refusal as refusal:
            log.warning("callback refused", reason=refusal.reason)
            if refusal.kind == "Unavailable":
                continue
        await app.payer.delivered(callback_id)
        moved += 1
    return moved


async def resume_contracts(app: Trading) -> int:
    """Signed by both and neither standing nor refused; or ended with an exclusive grant still out."""
    async with app.work() as work:
        reserving = await work.contracts.lying(["RESERVING"], app.resume_after_seconds)
    return await _each(reserving, lambda name: contracts.bring_into_force(app, name))


async def end_contracts(app: Trading) -> int:
    """Terms that are over, and exclusive grants to be given back."""
    async with app.work() as work:
        expired = await work.contracts.to_end(work.now)
        granted = await work.contracts.to_give_back()
    moved = await _each(expired, lambda name: contracts.end_expired(app, name))
    return moved + await _each(granted, lambda name: contracts.give_grant_back(app, name))


async def resume_top_ups(app: Trading) -> int:
    """Wishes not passed on yet, and instructions the payer has not answered."""
    async with app.work() as work:
        unsent = await work.top_ups.lying(["INSTRUCTING"], app.resume_after_seconds)
        unanswered = await work.top_ups.lying(["INSTRUCTED"], app.ask_payer_after_seconds)
    moved = await _each(unsent, lambda name: deposits.instruct_top_up(app, name))
    return moved + await _each(unanswered, lambda name: deposits.ask_payer(app, name))


async def resume_settlements(app: Trading) -> int:
    """Settlements not split, shares not instructed, and payments the payer has not answered."""
    async with app.work() as work:
        lying = await work.settlements.lying(["SPLITTING", "PAYING"], app.resume_after_seconds)
        unanswered = []
        for name in await work.settlements.lying(["PAYING"], app.ask_payer_after_seconds):
            shares = (await work.settlements.get(name)).shares
            unanswered += [share.share_id for share in shares if share.state is ShareState.INSTRUCTED]
    unsettled = 0
    for name in lying:
        unsettled += await _each([name], lambda each: _settle(app, each))
    return unsettled + await _each(unanswered, lambda name: deposits.ask_payer(app, name))


async def _settle(app: Trading, settlement_id: str) -> bool:
    async with app.work() as work:
        before = (await work.settlements.get(settlement_id)).version
    await settlements.settle(app, settlement_id)
    async with app.work() as work:
        return (await work.settlements.get(settlement_id)).version != before


async def advance_certificates(app: Trading) -> int:
    """Certificates in the making. Asking for the proof is cheaper than hearing every deposit of the market."""
    async with app.work() as work:
        waiting = await work.certificates.lying(["RECORDED", "SIGNED"], 0)
    return await _each(waiting, lambda number: certificates.advance_certificate(app, number))


JOBS = [
    Job("deliver_payer_callbacks", every_seconds=0.25, run=deliver_callbacks),
    Job("resume_contracts", every_seconds=1.0, run=resume_contracts),
    Job("end_contracts", every_seconds=1.0, run=end_contracts),
    Job("resume_top_ups", every_seconds=1.0, run=resume_top_ups),
    Job("resume_settlements", every_seconds=1.0, run=resume_settlements),
    Job("advance_trade_certificates", every_seconds=0.5, run=advance_certificates),
]
