"""Loans and pledges in any state, with complete defaults."""

from dataclasses import replace
from datetime import UTC, date, datetime

from pledge.domain.application import Agreement, Application, LoanContract, Signature
from pledge.domain.bank_policy import BankPolicy
from pledge.domain.eligibility import Eligibility, Question, ask_all
from pledge.domain.loan import Loan
from pledge.domain.pledge import Pledge
from pledge.domain.registration import Registration
from pledge.domain.states import LoanState, PledgeState
from tests.pledge.outsiders import APPRAISER, BANK, BORROWER, asset

NOW = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
DIGEST = "ab" * 32
PRINCIPAL_FEN = 200_000_000


def question(**other: object) -> Question:
    """An application that passes every rule unless said otherwise."""
    asked = Question(
        NOW, BORROWER, "state_owned_enterprise", PRINCIPAL_FEN, 12, asset(),
        BankPolicy(BANK, appraisers=(APPRAISER,)), booked=True, consenting_party_ids=frozenset(),
    )  # fmt: skip
    return replace(asked, **other)  # type: ignore[arg-type] # a test says which fields


def eligibility(**other: object) -> Eligibility:
    """How the rules came out."""
    return ask_all(question(**other))


def application() -> Application:
    """Two million yuan on the BIM model."""
    return Application(
        BORROWER, BANK, "dst_bim", None, PRINCIPAL_FEN, 12, 38_000, "works", "6222-CONTROL", "notify", None
    )


def loan(state: LoanState = LoanState.APPLIED, **other: object) -> Loan:
    """A loan in any state."""
    made, _ = Loan.apply(application(), asset(), [], eligibility(), NOW)
    made.state = state
    if state in {LoanState.PERFORMING, LoanState.OVERDUE, LoanState.DEFAULTED, LoanState.REPAID}:
        made.disbursed_at, made.matures_on = NOW, date(2027, 11, 10)
        made.repaid_fen = PRINCIPAL_FEN if state is LoanState.REPAID else 0
    return replace(made, **other)  # type: ignore[arg-type] # a test says which fields


def approved_by(*people: str) -> list[Agreement]:
    """What these people agreed to."""
    return [Agreement(person, NOW) for person in people]


def signature(party_id: str) -> Signature:
    """A click of a person of the party."""
    return Signature(party_id, "click", None, f"{party_id}-person", NOW, None)


def contract(*party_ids: str) -> LoanContract:
    """Both contracts, signed by these."""
    return LoanContract(DIGEST, DIGEST, [signature(party_id) for party_id in party_ids])


def registration(**other: object) -> Registration:
    """A registration at 中登网."""
    made = Registration("zhongdeng", "ZD-1", 24, DIGEST, NOW)
    return replace(made, **other)  # type: ignore[arg-type] # a test says which fields


def pledge(state: PledgeState = PledgeState.RESERVING, **other: object) -> Pledge:
    """A pledge in any state, with what the states before it left behind."""
    made, _ = Pledge.request(loan(LoanState.CONTRACTED), NOW)
    made.state = state
    order = list(PledgeState)
    if order.index(PledgeState.REGISTERING) <= order.index(state) < order.index(PledgeState.CANCELLING):
        made.registration = registration()
    return replace(made, **other)  # type: ignore[arg-type] # a test says which fields
