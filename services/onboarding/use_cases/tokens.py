"""Market tokens: what is signed for whom, and how machines ask for them."""

from kernel.callers import Caller
from kernel.signatures import key_from, verify_compact
from kernel.tokens import MARKET_TOKEN_SECONDS_MAX, market_token
from onboarding.domain.doors import CredentialsWrong
from onboarding.domain.keys import claimed_key_id
from onboarding.domain.session import ASSERTION_TYPE, Assertion, Token
from onboarding.ports import Onboarding, Work
from onboarding.use_cases.signing_keys import active_key


async def token_for(
    app: Onboarding, work: Work, caller: Caller, *, seconds_max: int = MARKET_TOKEN_SECONDS_MAX
) -> Token:
    """A signed token that says who the caller is."""
    key = await active_key(work)
    seconds = min(app.rules.token_seconds, seconds_max)
    signed = market_token(caller, key_from(key.private), key.kid, seconds=seconds)
    return Token(signed, seconds, caller.party_id, caller.subject_id, tuple(sorted(caller.roles)))


async def token_for_client(app: Onboarding, client_id: str, client_secret: str) -> Token:
    """A machine shows its secret."""
    async with app.work(None) as work:
        client = await work.clients.find(client_id)
        if client is None or not client.opens_with(client_secret):
            raise CredentialsWrong
        party = await work.parties.get(client.party_id)
        party.must_be_approved()
        return await token_for(app, work, Caller(party.id, client.id, party.roles_in_force(client.roles)))


async def token_for_key(app: Onboarding, party_id: str, assertion: str) -> Token:
    """A party, or a person, signs its wish with a registered key; it acts in all its roles."""
    async with app.work(None) as work:
        key = await work.keys.find(claimed_key_id(assertion))
        if key is None or key.party_id != party_id or key.valid_until_at is not None:
            raise CredentialsWrong
        payload = verify_compact(assertion, key.jwk, ASSERTION_TYPE)
        party = await work.parties.get(party_id)
        party.must_be_approved()
        await work.doors.use(party_id, Assertion.read(payload, party_id, at=work.machine_now))
        return await token_for(app, work, Caller(party.id, key.id, party.roles))
