"""The saga steps of a pledge: intent kept, the call made outside any transaction, the outcome kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from kernel.crash_points import reached
from kernel.refusals import Refusal, Unavailable
from kernel.work import Ticket
from pledge.domain.application import Reason
from pledge.domain.pledge import Pledge
from pledge.domain.records import pledge_record
from pledge.domain.registration import OutsideEntry
from pledge.domain.states import PledgeState
from pledge.ports import Pledging, Work


@dataclass(frozen=True)
class PledgeStanding:
    """A pledge and the moment at which it was looked at: days run while nothing happens."""

    pledge: Pledge
    at: datetime


Outcome = Callable[[Pledge, datetime], object]


async def carry_on(app: Pledging, pledge_id: str, ticket: Ticket = None) -> PledgeStanding:
    """Go on until a person is next. Idempotent: every service knows the pledge by its id.

    Raises the refusal of another service, after it was kept.
    """
    pledge = await _read(app, pledge_id)
    for _ in STEPS:
        if pledge.state not in STEPS:
            break
        await STEPS[pledge.state](app, pledge)
        pledge = await _read(app, pledge_id)
    if pledge.set_back_by is not None:
        raise pledge.set_back_by.again()
    async with app.work(ticket) as work:
        return work.settle(PledgeStanding(await work.pledges.get(pledge_id), work.now))


async def _read(app: Pledging, pledge_id: str) -> Pledge:
    async with app.work(None) as work:
        return await work.pledges.get(pledge_id)


async def _keep(app: Pledging, pledge: Pledge, outcome: Outcome) -> PledgeState:
    """Keep an outcome, unless somebody who took the same step kept it first; the state that stands now."""
    reached("pledge.after_call")
    async with app.work(None) as work:
        now = await work.pledges.lock(pledge.pledge_id)
        if now.state is pledge.state:
            await _tell(work, now, outcome)
        return now.state


async def _tell(work: Work, pledge: Pledge, outcome: Outcome) -> None:
    event = outcome(pledge, work.now)
    await work.pledges.save(pledge)
    work.tell(event, about=pledge.pledge_id, deposit=pledge_record(event, pledge))


async def _end_without_right(app: Pledging, pledge: Pledge, outcome: Outcome) -> None:
    """Keep that the pledge never came to stand; the loan may look for another."""
    async with app.work(None) as work:
        loan = await work.loans.lock(pledge.loan_id)
        now = await work.pledges.lock(pledge.pledge_id)
        if now.state is not pledge.state:
            return
        await _tell(work, now, outcome)
        loan.lose_pledge()
        await work.loans.save(loan)


async def hold_right(app: Pledging, pledge: Pledge) -> None:
    """RESERVING: the registry decides who has the right."""
    try:
        hold = await app.registry.reserve(pledge)
    except Unavailable:
        raise
    except Refusal as refusal:
        reason = Reason.of(refusal)
        await _end_without_right(app, pledge, lambda now, _: now.right_refused(reason))
        state = (await _read(app, pledge.pledge_id)).state
    else:
        state = await _keep(
            app, pledge,
            lambda now, at: now.right_held(hold.encumbrance_id, hold.lineage_root, hold.fencing_version, at),
        )  # fmt: skip
    if state is PledgeState.REFUSED:
        # Two may have taken this step at once, of whom one was refused and the other got the right a moment later.
        await app.registry.cancel(pledge)


async def register_outside(app: Pledging, pledge: Pledge) -> None:
    """REGISTERING: the outside registry shows our registration from now on."""
    bank = await app.parties.find(pledge.bank_party_id)
    borrower = await app.parties.find(pledge.borrower_party_id)
    registration = pledge.registration
    if registration is None:
        return
    entry = OutsideEntry(
        f"own_{pledge.pledge_id}", registration.registry, registration.registration_number,
        borrower.credit_code if borrower else "", pledge.lineage_root, bank.name if bank else pledge.bank_party_id,
        f"data pledge {pledge.pledge_id}", registration.proof_sha256, registration.registered_at, "",
        registration.registered_at,
    )  # fmt: skip
    try:
        await app.outside.record(entry)
    except Unavailable:
        raise
    except Refusal as refusal:
        reason = Reason.of(refusal)
        await _keep(app, pledge, lambda now, _: now.registration_refused(reason))
        return
    await _keep(app, pledge, lambda now, _: now.registered())


async def annotate_certificates(app: Pledging, pledge: Pledge) -> None:
    """ANNOTATING: whoever reads the certificates sees the pledge."""
    await _or_put_back(app, pledge, app.registry.annotate(pledge, pledge.remark), lambda now, _: now.annotated())


async def confirm_hold(app: Pledging, pledge: Pledge) -> None:
    """CONFIRMING: the reservation stands, if its fencing version is still the one."""
    await _or_put_back(app, pledge, app.registry.confirm(pledge), lambda now, at: now.confirmed(at))


async def _or_put_back(app: Pledging, pledge: Pledge, call: Awaitable[None], outcome: Outcome) -> None:
    try:
        await call
    except Unavailable:
        raise
    except Refusal as refusal:
        reason = Reason.of(refusal)
        await _keep(app, pledge, lambda now, _: now.put_back(reason))
        return
    await _keep(app, pledge, outcome)


async def cancel_hold(app: Pledging, pledge: Pledge) -> None:
    """CANCELLING: outside registration, remark and reservation are taken back."""
    registration = pledge.registration
    if registration is not None and registration.cancelled_at is not None:
        await app.outside.cancel(registration.registry, registration.registration_number, registration.cancelled_at)
        await app.registry.annotate(pledge, "")
    reached("pledge.mid_cancel")
    await app.registry.cancel(pledge)
    await _end_without_right(app, pledge, lambda now, _: now.cancelled())


async def deregister_outside(app: Pledging, pledge: Pledge) -> None:
    """DEREGISTERING: the outside registry shows our registration as cancelled."""
    registration = pledge.registration
    if registration is not None and registration.cancelled_at is not None:
        await app.outside.cancel(registration.registry, registration.registration_number, registration.cancelled_at)
    await _keep(app, pledge, lambda now, _: now.deregistered())


async def lift_annotation(app: Pledging, pledge: Pledge) -> None:
    """LIFTING: the remark comes off the certificates."""
    await app.registry.annotate(pledge, "")
    await _keep(app, pledge, lambda now, _: now.annotation_lifted())


async def release_right(app: Pledging, pledge: Pledge) -> None:
    """RELEASING: the registry frees exactly the encumbrance that is named."""
    await app.registry.release(pledge)
    await _keep(app, pledge, lambda now, at: now.released(at))


STEPS: dict[PledgeState, Callable[[Pledging, Pledge], Awaitable[None]]] = {
    PledgeState.RESERVING: hold_right,
    PledgeState.REGISTERING: register_outside,
    PledgeState.ANNOTATING: annotate_certificates,
    PledgeState.CONFIRMING: confirm_hold,
    PledgeState.CANCELLING: cancel_hold,
    PledgeState.DEREGISTERING: deregister_outside,
    PledgeState.LIFTING: lift_annotation,
    PledgeState.RELEASING: release_right,
}


async def resume(app: Pledging, limit: int) -> int:
    """Go on with what was left half-way; returns how many moved."""
    async with app.work(None) as work:
        waiting = await work.pledges.passing(limit)
    moved = 0
    for pledge in waiting:
        try:
            await STEPS[pledge.state](app, pledge)
        except Refusal:
            continue  # It stays as it is, and is tried again at the next run.
        moved += 1
    return moved
