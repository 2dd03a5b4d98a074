"""Every operation in every state: what the order does not allow is refused and changes nothing."""

import copy
from collections.abc import Callable
from datetime import date

import pytest

from kernel.refusals import Refusal
from pledge.domain.application import Reason
from pledge.domain.loan import Loan
from pledge.domain.payment import Proof
from pledge.domain.pledge import Look, Pledge, ReleaseNotice
from pledge.domain.registration import FoundEntry
from pledge.domain.states import LOAN_ORDER, PASSING, PLEDGE_ORDER, LoanState, PledgeState
from tests.pledge.builders import (
    DIGEST,
    NOW,
    PRINCIPAL_FEN,
    approved_by,
    contract,
    eligibility,
    loan,
    pledge,
    registration,
    signature,
)  # fmt: skip
from tests.pledge.outsiders import BANK, BORROWER

REASON = Reason("RightSeized", "The right is seized.", "已查封")
OWN = FoundEntry("zhongdeng", "ZD-1", "bank")


def _look(made: Pledge) -> object:
    return made.searched(Look("anna", "Q-1", [OWN] if made.registration else [], NOW))


def _release(made: Pledge) -> object:
    made.releasers = approved_by("anna")
    notice = ReleaseNotice(made.pledge_id, made.principal_fen, made.borrower_party_id)
    return made.release(notice, "bea", NOW)


S = PledgeState
PLEDGE_STEPS: dict[str, tuple[Callable[[Pledge], object], dict[PledgeState, PledgeState]]] = {
    "right_held": (lambda p: p.right_held("enc", "lin", 7, NOW), {S.RESERVING: S.HELD}),
    "right_refused": (lambda p: p.right_refused(REASON), {S.RESERVING: S.REFUSED}),
    "search": (_look, {S.HELD: S.SEARCHED, S.REGISTERED: S.ANNOTATING}),
    "register": (lambda p: p.register(registration(), 12), {S.SEARCHED: S.REGISTERING}),
    "registered": (lambda p: p.registered(), {S.REGISTERING: S.REGISTERED}),
    "registration_refused": (lambda p: p.registration_refused(REASON), {S.REGISTERING: S.SEARCHED}),
    "annotated": (lambda p: p.annotated(), {S.ANNOTATING: S.CONFIRMING}),
    "confirmed": (lambda p: p.confirmed(NOW), {S.CONFIRMING: S.CONFIRMED}),
    "put_back": (lambda p: p.put_back(REASON), {S.ANNOTATING: S.REGISTERED, S.CONFIRMING: S.REGISTERED}),
    "cancel": (
        lambda p: p.cancel("no", DIGEST, NOW, NOW.date()),
        {S.HELD: S.CANCELLING, S.SEARCHED: S.CANCELLING, S.REGISTERED: S.CANCELLING},
    ),
    "cancelled": (lambda p: p.cancelled(), {S.CANCELLING: S.CANCELLED}),
    "discharge": (lambda p: p.discharge(NOW), {S.CONFIRMED: S.DISCHARGED}),
    "cancel_registration": (
        lambda p: p.cancel_registration(DIGEST, NOW.date(), NOW), {S.DISCHARGED: S.DEREGISTERING},
    ),
    "deregistered": (lambda p: p.deregistered(), {S.DEREGISTERING: S.DEREGISTERED}),
    "release": (_release, {S.DEREGISTERED: S.LIFTING}),
    "annotation_lifted": (lambda p: p.annotation_lifted(), {S.LIFTING: S.RELEASING}),
    "released": (lambda p: p.released(NOW), {S.RELEASING: S.RELEASED}),
}  # fmt: skip


@pytest.mark.parametrize("state", PledgeState)
@pytest.mark.parametrize("step", PLEDGE_STEPS)
def test_a_pledge_goes_only_the_way_of_the_order(step: str, state: PledgeState) -> None:
    take, ways = PLEDGE_STEPS[step]
    made = pledge(state)
    before = copy.deepcopy(made)
    if state in ways:
        assert take(made) is not None
        assert made.state is ways[state]
        return
    with pytest.raises(Refusal) as refused:
        take(made)
    assert refused.value.reason == "StepNotAllowed"
    before.releasers = made.releasers
    assert made == before


def test_the_steps_cover_the_whole_table_of_pledges() -> None:
    taken = {(before, after) for _, ways in PLEDGE_STEPS.values() for before, after in ways.items()}
    assert taken == {(before, after) for before, following in PLEDGE_ORDER.items() for after in following}


def test_every_passing_state_ends_in_ing_and_no_other() -> None:
    assert {state for state in PledgeState if state.endswith("ING")} == PASSING


def _proof(amount_fen: int = PRINCIPAL_FEN) -> Proof:
    return Proof("B-1", amount_fen, 0, NOW, DIGEST)


def _approve(made: Loan) -> object:
    made.approvals = approved_by("anna")
    return made.approve("bea", eligibility(), NOW)


def _sign(made: Loan) -> object:
    made.contract = contract(BORROWER)
    return made.sign((DIGEST, DIGEST), signature(BANK))


L = LoanState
AFTER_DAY = NOW.date().replace(year=2028, month=12)
LOAN_STEPS: dict[str, tuple[Callable[[Loan], object], dict[LoanState, LoanState]]] = {
    "approve": (_approve, {L.APPLIED: L.APPROVED}),
    "reject": (lambda made: made.reject("no"), {L.APPLIED: L.REJECTED, L.APPROVED: L.REJECTED}),
    "withdraw": (
        lambda made: made.withdraw(),
        {L.APPLIED: L.WITHDRAWN, L.APPROVED: L.WITHDRAWN, L.CONTRACTED: L.WITHDRAWN},
    ),
    "sign": (_sign, {L.APPROVED: L.CONTRACTED}),
    "disburse": (lambda made: made.disburse(_proof(), NOW, NOW), {L.CONTRACTED: L.PERFORMING}),
    "repay": (
        lambda made: made.repay(_proof(), NOW), {L.PERFORMING: L.REPAID, L.OVERDUE: L.REPAID, L.DEFAULTED: L.REPAID},
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", LoanState)
@pytest.mark.parametrize("step", LOAN_STEPS)
def test_a_loan_goes_only_the_way_of_the_order(step: str, state: LoanState) -> None:
    take, ways = LOAN_STEPS[step]
    made = loan(state)
    if state in ways:
        assert take(made) is not None
        assert made.state is ways[state]
        return
    with pytest.raises(Refusal) as refused:
        take(made)
    assert refused.value.reason == "StepNotAllowed"
    assert made.state is state
    assert (made.disbursed_at, made.repaid_fen) == (loan(state).disbursed_at, loan(state).repaid_fen)


def test_the_steps_and_the_calendar_cover_the_whole_table_of_loans() -> None:
    taken = {(before, after) for _, ways in LOAN_STEPS.values() for before, after in ways.items()}
    taken |= {(L.PERFORMING, L.OVERDUE), (L.OVERDUE, L.DEFAULTED)}
    assert taken == {(before, after) for before, following in LOAN_ORDER.items() for after in following}


@pytest.mark.parametrize("state", LoanState)
def test_the_calendar_moves_debts_and_nothing_else(state: LoanState) -> None:
    made = loan(state)
    step = made.age(AFTER_DAY, 90)
    ways = {L.PERFORMING: L.OVERDUE, L.OVERDUE: L.DEFAULTED}
    assert made.state is ways.get(state, state)
    assert (step is not None) == (state in ways)


def test_a_loan_is_overdue_the_day_after_it_was_due_and_defaulted_90_days_later() -> None:
    made = loan(L.PERFORMING)
    assert made.matures_on is not None
    assert made.age(made.matures_on, 90) is None
    assert made.age(made.matures_on.replace(day=11), 90) is not None
    assert made.state is L.OVERDUE
    assert made.age(made.matures_on.replace(year=2028, month=2, day=8), 90) is None
    made = loan(L.OVERDUE)
    assert made.age(date(2028, 2, 9), 90) is not None
    assert made.state is L.DEFAULTED


@pytest.mark.parametrize("state", LoanState)
def test_a_pledge_begins_only_on_a_contract(state: LoanState) -> None:
    if state is L.CONTRACTED:
        Pledge.request(loan(state), NOW)
        return
    with pytest.raises(Refusal) as refused:
        Pledge.request(loan(state), NOW)
    assert refused.value.reason == "StepNotAllowed"


def test_a_search_that_finds_another_entry_is_kept_and_moves_nothing() -> None:
    made = pledge(S.HELD)
    made.searched(Look("anna", "Q-1", [FoundEntry("zhongdeng", "ZD-9", "another bank")], NOW))
    assert made.state is S.HELD
    assert made.searches[-1].outcome == "found"


def test_the_second_search_must_show_our_own_registration() -> None:
    with pytest.raises(Refusal) as refused:
        pledge(S.REGISTERED).searched(Look("anna", "Q-2", [], NOW))
    assert refused.value.reason == "OwnRegistrationNotFound"


def test_a_registration_shorter_than_the_loan_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        pledge(S.SEARCHED).register(registration(term_months=11), 12)
    assert refused.value.reason == "RegistrationTermTooShort"


def test_a_registered_pledge_is_not_cancelled_while_it_stands_outside() -> None:
    with pytest.raises(Refusal) as refused:
        pledge(S.REGISTERED).cancel("no", None, NOW, NOW.date())
    assert refused.value.reason == "RegistrationStillLive"
