"""What every use of data goes through: intended, held for, answered, metered; or refused, with nothing left behind."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from delivery.domain.consent import ConsentUse
from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.refusals import ConsentMissing, EntitlementNotFound, PurposeNotAgreed, UseAbandoned
from delivery.domain.use import Asked, Use, UseState
from delivery.ports import Delivering, Standing, Work
from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.once import KeyReused
from kernel.refusals import Refusal, StateChanged, Unavailable, carried

ABANDONED_BATCH = 100


async def intend(app: Delivering, asked: Asked, *, lives_seconds: float = 0.0) -> Standing:
    """Transaction 1: everything that decides is read in one statement, and the use is on record before anything else.

    A retry under the same key gets the use it had, or the refusal it was told. A refusal is put on record too.
    """
    standing = None
    try:
        async with app.work(None, reads_first=True) as work:
            standing = await work.uses.standing(asked)
            if standing is None:
                raise EntitlementNotFound(contract_id=asked.contract_id)
            if standing.use is not None:
                return _known(standing, asked, work.now)
            return await _intended(app, work, standing, asked, lives_seconds)
    except Refusal as refusal:
        if standing is not None and standing.use is None and not isinstance(refusal, Unavailable):
            await _record_refusal(app, standing.entitlement, asked, refusal)
        raise


async def _intended(app: Delivering, work: Work, standing: Standing, asked: Asked, lives_seconds: float) -> Standing:
    entitlement, consent = standing.entitlement, standing.consent
    need_allowed(standing, asked, work.now)
    use = Use(
        id=new_id("use"), asked=asked, state=UseState.INTENDED, version_id=entitlement.version_id,
        intended_at=work.now,
        takes_single_consent=consent is not None and consent.receipt.use is ConsentUse.SINGLE,
    )  # fmt: skip
    await work.uses.intend(use, app.limits.abandon_after_seconds + lives_seconds)
    return Standing(entitlement, consent, use)


def need_allowed(standing: Standing, asked: Asked, at: datetime) -> None:
    """Refuse unless the contract, and for one person the person's consent, allow it at this moment."""
    standing.entitlement.need_in_force(at)
    standing.entitlement.need_delivery(asked.mode)
    if asked.mode is Mode.UNDERWRITING:
        if standing.consent is None:
            raise ConsentMissing(contract_id=asked.contract_id)
        standing.consent.need_to_allow(asked.subject_token, asked.purpose, asked.policy_case, at)
    if asked.purpose != standing.entitlement.purpose:
        raise PurposeNotAgreed(purpose_agreed=standing.entitlement.purpose)


def _known(standing: Standing, asked: Asked, at: datetime) -> Standing:
    use = standing.use
    if use is None or use.asked.request_sha256 != asked.request_sha256:
        raise KeyReused
    if use.state is UseState.REFUSED:
        raise _told_again(use.problem)
    need_allowed(standing, asked, at)
    return standing


async def _record_refusal(app: Delivering, entitlement: Entitlement, asked: Asked, refusal: Refusal) -> None:
    if refusal.reason == "KeyUnfinished":
        return
    async with app.work(None) as work:
        await work.uses.add_refused(Use(
            id=new_id("use"), asked=asked, state=UseState.REFUSED, version_id=entitlement.version_id,
            intended_at=work.now, reason=refusal.reason, problem=_written(refusal), settled_at=work.now,
        ))  # fmt: skip


@asynccontextmanager
async def closing(app: Delivering, use: Use) -> AsyncIterator[None]:
    """A refusal inside closes the use, and what was held goes back.

    When something is only away for the moment, the use stays intended: the retry goes on with it, or the job closes it.
    """
    try:
        yield
    except (Unavailable, StateChanged):
        raise
    except Refusal as refusal:
        await refuse(app, use, refusal)
        raise


async def refuse(app: Delivering, use: Use, refusal: Refusal) -> bool:
    """Close an intended use without an answer; its single-use consent is free again. Whether it still was intended."""
    try:
        async with app.work(None) as work:
            standing = await work.uses.standing_of(use.id)
            if standing.use is None or standing.use.state is not UseState.INTENDED:
                return False
            done, event = standing.use.refused(refusal.reason, _written(refusal), work.now)
            await work.uses.settle(done)
            work.tell(event, about=use.id)
    except StateChanged:  # settled between the look and the change
        return False
    return True


async def meter(work: Work, use: Use, version_digest: str, answer_digest: str, held_fen: int) -> Use:
    """Transaction 2: allowed still? Then it is on record, told and charged; only after its commit the answer leaves."""
    standing = await work.uses.standing_of(use.id)
    now = standing.use
    if now is None or now.state is UseState.REFUSED:
        raise StateChanged(use_id=use.id)
    if now.state is UseState.METERED:  # another attempt of the same key was faster
        return now
    need_allowed(standing, now.asked, work.now)
    done, event = now.metered(standing.entitlement, version_digest, answer_digest, held_fen, work.now)
    await work.uses.settle(done)
    work.tell(event, about=use.id, deposit=_deposit(done, standing))
    return done


async def meter_alone(app: Delivering, use: Use, version_digest: str, answer_digest: str, held_fen: int) -> Use:
    """``meter`` in a transaction of its own; what changed between the look and the commit is looked at once more."""
    with suppress(StateChanged):
        async with app.work(None, reads_first=True) as work:
            return await meter(work, use, version_digest, answer_digest, held_fen)
    async with app.work(None) as work:
        return await meter(work, use, version_digest, answer_digest, held_fen)


def _deposit(use: Use, standing: Standing) -> bytes:
    """What evidence keeps a digest of: who used what when under what; no token of a person, and no answer."""
    consent = standing.consent
    return canonical({
        "kind": "use", "use_id": use.id, "contract_id": use.asked.contract_id, "mode": use.asked.mode.value,
        "buyer_party_id": use.asked.buyer_party_id, "purpose": use.asked.purpose,
        "policy_case": use.asked.policy_case, "consent_receipt_sha256": consent.receipt_sha256 if consent else None,
        "version_digest": use.version_digest, "answer_digest": use.answer_digest,
        "used_at": use.settled_at.isoformat() if use.settled_at else None,
    })  # fmt: skip


async def count_answer_again(app: Delivering, use: Use) -> None:
    """The same answer leaves once more, which is put on record before it does."""
    async with app.work(None) as work:
        await work.uses.answered_again(use.id)


async def close_abandoned(app: Delivering) -> int:
    """Close what a stop left half-way, so that nothing stays held and no consent stays taken."""
    async with app.work(None) as work:
        left = await work.uses.abandoned(ABANDONED_BATCH)
    return sum([await refuse(app, use, UseAbandoned(use_id=use.id)) for use in left])


def nonce_of(app: Delivering, use: Use) -> str:
    """What hides the answer's digest: known to us and the buyer, and the same whenever it is asked for."""
    return hmac.new(app.sealer.derived("answers"), use.id.encode(), hashlib.sha256).hexdigest()


async def list_uses(app: Delivering, caller: Caller, contract_id: str, limit: int, after: str) -> list[Use]:
    """The uses under a contract, for its parties and for those who watch the market."""
    async with app.work(None) as work:
        entitlement = await work.entitlements.find(contract_id)
        if entitlement is None or not entitlement.is_seen_by(caller.party_id, caller.roles):
            raise EntitlementNotFound(contract_id=contract_id)
        return await work.uses.of_contract(contract_id, limit, after)


def _written(refusal: Refusal) -> str:
    return json.dumps({
        "kind": refusal.kind, "reason": refusal.reason, "detail": refusal.detail, "detail_zh": refusal.detail_zh,
        "facts": refusal.facts,
    }, ensure_ascii=False, default=str)  # fmt: skip


def _told_again(problem: str) -> Refusal:
    words: dict[str, Any] = json.loads(problem)  # Any: JSON values
    return carried(words["kind"], words["reason"], words["detail"], words["detail_zh"], words["facts"])
