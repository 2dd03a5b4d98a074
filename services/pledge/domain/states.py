"""The order of a loan and of its pledge: which state may follow which."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.refusals import Conflict


class StepNotAllowed(Conflict):
    """The loan or pledge is not in a state in which this can be done. See `state` and take the step that is next."""

    zh = "当前状态下不能进行此操作。请查看 state，并按顺序办理下一步。"


class LoanState(StrEnum):
    """Where a loan stands."""

    APPLIED = "APPLIED"
    REFUSED = "REFUSED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    APPROVED = "APPROVED"
    CONTRACTED = "CONTRACTED"
    PERFORMING = "PERFORMING"
    OVERDUE = "OVERDUE"
    DEFAULTED = "DEFAULTED"
    REPAID = "REPAID"


class PledgeState(StrEnum):
    """Where a pledge stands; states in -ING are left only by the answer of somebody outside."""

    RESERVING = "RESERVING"
    REFUSED = "REFUSED"
    HELD = "HELD"
    SEARCHED = "SEARCHED"
    REGISTERING = "REGISTERING"
    REGISTERED = "REGISTERED"
    ANNOTATING = "ANNOTATING"
    CONFIRMING = "CONFIRMING"
    CONFIRMED = "CONFIRMED"
    DISCHARGED = "DISCHARGED"
    DEREGISTERING = "DEREGISTERING"
    DEREGISTERED = "DEREGISTERED"
    LIFTING = "LIFTING"
    RELEASING = "RELEASING"
    RELEASED = "RELEASED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"


LOAN_ORDER: Mapping[LoanState, frozenset[LoanState]] = {
    LoanState.APPLIED: frozenset({LoanState.APPROVED, LoanState.REJECTED, LoanState.WITHDRAWN}),
    LoanState.APPROVED: frozenset({LoanState.CONTRACTED, LoanState.REJECTED, LoanState.WITHDRAWN}),
    LoanState.CONTRACTED: frozenset({LoanState.PERFORMING, LoanState.WITHDRAWN}),
    LoanState.PERFORMING: frozenset({LoanState.REPAID, LoanState.OVERDUE}),
    LoanState.OVERDUE: frozenset({LoanState.REPAID, LoanState.DEFAULTED}),
    LoanState.DEFAULTED: frozenset({LoanState.REPAID}),
    LoanState.REPAID: frozenset(),
    LoanState.REFUSED: frozenset(),
    LoanState.REJECTED: frozenset(),
    LoanState.WITHDRAWN: frozenset(),
}

# Architecture 3.2. REGISTERED may be reached again: the registry refused to annotate or to confirm.
PLEDGE_ORDER: Mapping[PledgeState, frozenset[PledgeState]] = {
    PledgeState.RESERVING: frozenset({PledgeState.HELD, PledgeState.REFUSED}),
    PledgeState.HELD: frozenset({PledgeState.SEARCHED, PledgeState.CANCELLING}),
    PledgeState.SEARCHED: frozenset({PledgeState.REGISTERING, PledgeState.CANCELLING}),
    PledgeState.REGISTERING: frozenset({PledgeState.REGISTERED, PledgeState.SEARCHED}),
    PledgeState.REGISTERED: frozenset({PledgeState.ANNOTATING, PledgeState.CANCELLING}),
    PledgeState.ANNOTATING: frozenset({PledgeState.CONFIRMING, PledgeState.REGISTERED}),
    PledgeState.CONFIRMING: frozenset({PledgeState.CONFIRMED, PledgeState.REGISTERED}),
    PledgeState.CONFIRMED: frozenset({PledgeState.DISCHARGED}),
    PledgeState.DISCHARGED: frozenset({PledgeState.DEREGISTERING}),
    PledgeState.DEREGISTERING: frozenset({PledgeState.DEREGISTERED}),
    PledgeState.DEREGISTERED: frozenset({PledgeState.LIFTING}),
    PledgeState.LIFTING: frozenset({PledgeState.RELEASING}),
    PledgeState.RELEASING: frozenset({PledgeState.RELEASED}),
    PledgeState.CANCELLING: frozenset({PledgeState.CANCELLED}),
    PledgeState.RELEASED: frozenset(),
    PledgeState.REFUSED: frozenset(),
    PledgeState.CANCELLED: frozenset(),
}

PASSING = frozenset({
    PledgeState.RESERVING, PledgeState.REGISTERING, PledgeState.ANNOTATING, PledgeState.CONFIRMING,
    PledgeState.DEREGISTERING, PledgeState.LIFTING, PledgeState.RELEASING, PledgeState.CANCELLING,
})  # fmt: skip
ENDED = frozenset({PledgeState.RELEASED, PledgeState.REFUSED, PledgeState.CANCELLED})
OWING = frozenset({LoanState.PERFORMING, LoanState.OVERDUE, LoanState.DEFAULTED})


def loan_may_become(state: LoanState, following: LoanState) -> LoanState:
    """The following state, or a refusal."""
    if following not in LOAN_ORDER[state]:
        raise StepNotAllowed(state=state.value, wanted=following.value)
    return following


def pledge_may_become(state: PledgeState, following: PledgeState) -> PledgeState:
    """The following state, or a refusal."""
    if following not in PLEDGE_ORDER[state]:
        raise StepNotAllowed(state=state.value, wanted=following.value)
    return following
