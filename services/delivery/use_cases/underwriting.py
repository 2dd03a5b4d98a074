"""Underwriting: one question about one person, under that person's own consent."""

from dataclasses import dataclass, replace

from delivery.domain.answer import Answer
from delivery.domain.entitlement import Mode
from delivery.domain.refusals import ConsentMissing, SubjectDeceased, SubjectIsAnotherPerson
from delivery.domain.specification import Specification
from delivery.domain.use import Asked, Use, UseState
from delivery.ports import Delivering, Standing, VersionAnswering
from delivery.use_cases import uses
from kernel.callers import Caller
from kernel.crash_points import reached
from kernel.once import Once
from kernel.refusals import StateChanged


@dataclass(frozen=True)
class AnswerGiven:
    """An answer on its way out; it is kept nowhere."""

    use: Use
    answer: Answer
    version: VersionAnswering
    nonce: str
    digest: str


async def ask_about_person(
    app: Delivering, caller: Caller, once: Once, contract_id: str, subject_token: str, purpose: str,
    policy_case: str, consent_id: str,
) -> AnswerGiven:  # fmt: skip
    """Whether there is a record of a person who consented, by disease group; charged once a policy case and day."""
    asked = Asked(
        contract_id=contract_id, mode=Mode.UNDERWRITING, buyer_party_id=caller.party_id,
        caller_subject_id=caller.subject_id, purpose=purpose, key=once.key, request_sha256=once.request_sha256,
        policy_case=policy_case, subject_token=subject_token, consent_id=consent_id,
    )  # fmt: skip
    standing = await uses.intend(app, asked)
    use = standing.use
    if use is None:
        raise StateChanged
    if use.state is UseState.METERED:
        again = await _answer(app, standing, use)
        await uses.count_answer_again(app, use)
        return again
    async with uses.closing(app, use):
        held_fen = await app.trade.hold_for_use(use)
        reached("use.after_hold")
        given = await _answer(app, standing, use)
        reached("use.after_answer")
        metered = await uses.meter_alone(app, use, given.answer.version_digest, given.digest, held_fen)
    return replace(given, use=metered)


async def _answer(app: Delivering, standing: Standing, use: Use) -> AnswerGiven:
    consent, entitlement = standing.consent, standing.entitlement
    if consent is None:
        raise ConsentMissing(contract_id=entitlement.contract_id)
    version, facts = await app.rooms.person(entitlement, use.version_id, use.asked.subject_token)
    # The person may have come into the data after the consent was given for a token nobody could check then.
    if facts is not None and facts.identity_pseudonym != consent.identity_pseudonym:
        raise SubjectIsAnotherPerson
    if facts is not None and facts.deceased:
        raise SubjectDeceased
    specification = Specification.read(entitlement.specification)
    answer = Answer.of(
        facts, tuple(specification.groups), version.data_as_of,
        min(consent.receipt.look_back_years, specification.look_back_years), version.version_digest,
    )  # fmt: skip
    nonce = uses.nonce_of(app, use)
    return AnswerGiven(use, answer, version, nonce, answer.digest(nonce))
