"""Consents: given by the insured person alone, under the person's own key; taken back at any time."""

from hashlib import sha256

from delivery.domain.consent import RECEIPT_CHARACTERS_MAX, RECEIPT_TYP, Consent, Receipt
from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.refusals import (
    ConsentNotByThePerson,
    EntitlementNotFound,
    ReceiptMalformed,
    SubjectIsAnotherPerson,
)  # fmt: skip
from delivery.domain.use import Use
from delivery.ports import Delivering
from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.once import Once
from kernel.signatures import header_of, verify_compact


async def give_consent(app: Delivering, caller: Caller, once: Once, receipt_text: str) -> Consent:
    """Take a receipt over once it is certain that the person signed it, about the person's own data."""
    if len(receipt_text) > RECEIPT_CHARACTERS_MAX:
        raise ReceiptMalformed(problem="the receipt is too long")
    async with app.work(None) as work:
        await work.recall(once)
        now = work.now
    person = await app.parties.party(caller.party_id, now)
    key_id = str(header_of(receipt_text).get("kid", ""))
    if key_id not in person.keys or not person.identity_pseudonym:
        raise ConsentNotByThePerson
    payload = verify_compact(receipt_text, dict(person.keys[key_id]), RECEIPT_TYP)
    receipt = Receipt.read(payload)
    async with app.work(None) as work:
        entitlement = await work.entitlements.find(receipt.contract_id)
    if entitlement is None:
        raise EntitlementNotFound(contract_id=receipt.contract_id)
    entitlement.need_in_force(now)
    entitlement.need_delivery(Mode.UNDERWRITING)
    receipt.need_to_fit(entitlement, now)
    await _need_own_subject(app, entitlement, receipt, person.identity_pseudonym)
    async with app.work(once) as work:
        consent = Consent(
            id=new_id("cns"), person_party_id=caller.party_id, identity_pseudonym=person.identity_pseudonym,
            key_id=key_id, receipt=receipt, receipt_text=receipt_text,
            receipt_sha256=sha256(receipt_text.encode()).hexdigest(), given_at=work.now,
        )  # fmt: skip
        await work.consents.add(consent, sha256(payload).hexdigest())
        work.tell(consent.given(), about=consent.id, deposit=_deposit(consent, "consent_given"))
        return work.settle(consent)


async def _need_own_subject(app: Delivering, entitlement: Entitlement, receipt: Receipt, pseudonym: str) -> None:
    """A token that is in the data must be the person's own; one that is not in it protects nothing."""
    _, facts = await app.rooms.person(entitlement, entitlement.version_id, receipt.subject_token)
    if facts is not None and facts.identity_pseudonym != pseudonym:
        raise SubjectIsAnotherPerson


async def withdraw_consent(app: Delivering, caller: Caller, once: Once, consent_id: str) -> Consent:
    """From the commit on nothing is metered under it; taken back twice is taken back."""
    async with app.work(once) as work:
        consent = await work.consents.hold(consent_id, caller.party_id)
        if consent.withdrawn_at is not None:
            return work.settle(consent)
        # A use that was metered while this waited for the lock came before, though this transaction began earlier.
        last_used_at = await work.consents.last_used_at(consent_id)
        withdrawn, event = consent.withdraw(max(work.now, last_used_at or work.now))
        await work.consents.save_withdrawn(withdrawn)
        work.tell(event, about=consent.id, deposit=_deposit(withdrawn, "consent_withdrawn"))
        return work.settle(withdrawn)


def _deposit(consent: Consent, kind: str) -> bytes:
    at = consent.withdrawn_at or consent.given_at
    return canonical({
        "kind": kind, "consent_id": consent.id, "contract_id": consent.receipt.contract_id,
        "receipt_sha256": consent.receipt_sha256, "at": at.isoformat(),
    })  # fmt: skip


async def list_consents(app: Delivering, caller: Caller, limit: int, after: str) -> list[Consent]:
    """The caller's own."""
    async with app.work(None) as work:
        return await work.consents.of_person(caller.party_id, limit, after)


async def list_uses_of_me(app: Delivering, caller: Caller, limit: int, after: str) -> list[tuple[Use, Consent]]:
    """Who asked about the caller, for which policy, under which consent; not what was answered."""
    async with app.work(None) as work:
        return await work.uses.of_person(caller.party_id, limit, after)
