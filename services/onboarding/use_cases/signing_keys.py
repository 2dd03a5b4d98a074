"""The keys that sign market tokens: made when first needed, put aside by the operator."""

from collections.abc import Sequence

from kernel.work import Ticket
from onboarding.domain.signing import Rotated, SigningKey
from onboarding.ports import Onboarding, Work


async def active_key(work: Work) -> SigningKey:
    """The key that signs now; the market's first token makes the first key."""
    key = await work.signing_keys.active()
    if key is None:
        await work.signing_keys.take_turn()
        key = await work.signing_keys.active()
    if key is None:
        key = SigningKey.make(at=work.machine_now)
        await work.signing_keys.add(key)
    return key


async def rotate(app: Onboarding, once: Ticket) -> Rotated:
    """A new key signs from now on; the old one stays published until its tokens have ended."""
    async with app.work(once) as work:
        await work.signing_keys.take_turn()
        old, now = await work.signing_keys.active(), work.machine_now
        if old is not None:
            await work.signing_keys.retire(old.kid, now)
        new = SigningKey.make(at=now)
        await work.signing_keys.add(new)
        return work.settle(Rotated(new.kid, new.active_from_at, old.kid if old else None))


async def published_keys(app: Onboarding) -> Sequence[dict[str, str]]:
    """The public halves that a token in force may be signed with."""
    async with app.work(None) as work:
        return [key.published for key in await work.signing_keys.published()]
