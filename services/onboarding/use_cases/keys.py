"""The public keys that stand for a party."""

from collections.abc import Mapping, Sequence

from kernel.callers import Caller
from kernel.work import Ticket
from onboarding.domain.doors import KeyUnknown, TooManyKeys
from onboarding.domain.events import KeyRotated
from onboarding.domain.keys import KEYS_IN_USE_MAX, PartyKey
from onboarding.domain.party import Party
from onboarding.ports import Onboarding, Work

KEYS_SHOWN_MAX = 200


async def register_key(
    app: Onboarding, caller: Caller, once: Ticket, jwk: Mapping[str, object], proof: str, replaces: str | None
) -> PartyKey:
    """The party shows that it holds a key; from now on the key stands for it, in place of another if one is named."""
    async with app.work(once) as work:
        party = await work.parties.hold(caller.party_id)
        party.must_be_approved()
        key = PartyKey.register(party.id, jwk, at=work.now)
        key.must_be_proved(proof, party.id)
        if replaces is not None:
            await _end(work, party.id, replaces)
        elif len(await work.keys.in_use(party.id)) >= KEYS_IN_USE_MAX:
            raise TooManyKeys(keys_max=KEYS_IN_USE_MAX)
        await work.keys.add(key)
        work.tell(KeyRotated(party.id, key, replaces or ""), about=party.id)
        return work.settle(key)


async def party_with_keys(app: Onboarding, party_id: str) -> tuple[Party, list[PartyKey]]:
    """A party as the other services need it, with its newest keys."""
    async with app.work(None) as work:
        party = await work.parties.get(party_id)
        return party, list(await work.keys.newest(party_id, KEYS_SHOWN_MAX))


async def _end(work: Work, party_id: str, key_id: str) -> None:
    old = await work.keys.find(key_id)
    if old is None or old.party_id != party_id:
        raise KeyUnknown
    old.end(at=work.now)
    await work.keys.end(old)


async def keys_of_party(app: Onboarding, party_id: str, limit: int, after: str) -> Sequence[PartyKey]:
    """A party's keys, the ended ones too: an old signature is checked with the key of its time."""
    async with app.work(None) as work:
        await work.parties.get(party_id)
        return await work.keys.page(party_id, limit, after)
