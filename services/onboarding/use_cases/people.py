"""Insured persons: a verifier vouches for a pseudonym, the person brings a key."""

from collections.abc import Mapping

from kernel.signatures import verify_compact
from kernel.work import Ticket
from onboarding.domain.doors import VerifierNotRecognised
from onboarding.domain.keys import PartyKey, claimed_key_id
from onboarding.domain.party import PartyState
from onboarding.domain.person import STATEMENT_TYPE, IdentityStatement, Person, PersonRegistered
from onboarding.domain.roles import IDENTITY_VERIFIER
from onboarding.ports import Onboarding, Work


async def register_person(
    app: Onboarding, once: Ticket, jwk: Mapping[str, object], proof: str, identity_statement: str
) -> PersonRegistered:
    """A person takes part at once; a known pseudonym gets the new key in place of the old one."""
    async with app.work(once) as work:
        key = PartyKey.register("", jwk, at=work.now)
        key.must_be_proved(proof, key.thumbprint)
        statement = await _vouched(work, identity_statement)
        statement.must_hold(key, at=work.now)
        pseudonym = statement.identity_pseudonym
        # Nearly everybody is new, and who is new cannot be locked; the pseudonym's own index decides between two.
        known = await work.people.by_pseudonym(pseudonym)
        person = await work.people.by_pseudonym(pseudonym, lock=True) if known else None
        if person is None:
            return work.settle(await _let_in(work, statement, key))
        return work.settle(await _change_key(work, statement, person, key))


async def _vouched(work: Work, identity_statement: str) -> IdentityStatement:
    """The statement, once it is certain that an approved verifier signed it with a key in use."""
    signer = await work.keys.find(claimed_key_id(identity_statement))
    if signer is None or signer.valid_until_at is not None:
        raise VerifierNotRecognised
    verifier = await work.parties.get(signer.party_id)
    if verifier.state is not PartyState.APPROVED or IDENTITY_VERIFIER not in verifier.roles:
        raise VerifierNotRecognised
    payload = verify_compact(identity_statement, signer.jwk, STATEMENT_TYPE)
    return IdentityStatement.read(verifier.id, payload)


async def _let_in(work: Work, statement: IdentityStatement, key: PartyKey) -> PersonRegistered:
    person = Person.register(statement, at=work.now)
    key.party_id = person.id
    await work.people.add(person)
    await work.keys.add(key)
    work.tell(person.approved_with(key), about=person.id)
    return PersonRegistered(person.id, key.id, key.thumbprint, None)


async def _change_key(work: Work, statement: IdentityStatement, person: Person, key: PartyKey) -> PersonRegistered:
    key.party_id = person.id
    old = next(iter(await work.keys.in_use(person.id)), None)
    changed = person.take_key(statement, old, key, work.now)
    await work.people.save(person)
    if old is not None:
        await work.keys.end(old)
    await work.keys.add(key)
    work.tell(changed, about=person.id)
    return PersonRegistered(person.id, key.id, key.thumbprint, old.id if old else None)
