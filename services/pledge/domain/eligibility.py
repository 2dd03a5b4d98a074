"""Whether an asset may secure a loan: every rule is asked, in a fixed order, and each has its own refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.calendar import end_of_day, local_date
from kernel.refusals import Refusal
from pledge.domain import ineligibility as rules
from pledge.domain.asset import LEVELS_NOT_PLEDGEABLE, AssetFacts, ValueFact
from pledge.domain.bank_policy import BankPolicy
from pledge.domain.limits import limit_fen, ltv_ppm
from pledge.domain.months import add_months

OPERATE = "OPERATE"
PURPOSE_PLEDGE = "pledge"
PUBLIC_INSTITUTION = "public_institution"


@dataclass(frozen=True)
class Question:
    """All that the rules look at; ``own_reference`` is this loan's own pledge, which is no obstacle to itself."""

    at: datetime
    borrower_party_id: str
    borrower_kind: str
    principal_fen: int
    term_months: int
    asset: AssetFacts
    policy: BankPolicy
    booked: bool
    consenting_party_ids: frozenset[str]
    value_report_id: str | None = None
    own_reference: str = ""

    @property
    def value(self) -> ValueFact | None:
        """The report relied on: the one named, else the best one there is."""
        named = [v for v in self.asset.values if self.value_report_id in (None, v.report_id)]
        return max(named, key=self._merit, default=None)

    def _merit(self, value: ValueFact) -> tuple[bool, bool, bool, float]:
        until = value.valid_until_at.timestamp() if value.valid_until_at else float("inf")
        accepted = value.appraiser_party_id in self.policy.appraisers
        return value.in_date(self.at), value.purpose == PURPOSE_PLEDGE, accepted, until

    @property
    def valuation_fen(self) -> int:
        """The value lent on; none: 0."""
        return self.value.value_fen if self.value else 0

    @property
    def limit_fen(self) -> int:
        """The most this bank may lend on it."""
        return limit_fen(self.valuation_fen, self.policy.pledge_rate_ppm, self.policy.ceiling_fen)

    @property
    def ltv_ppm(self) -> int | None:
        """The loan over the value."""
        return ltv_ppm(self.principal_fen, self.valuation_fen)

    @property
    def missing_consents(self) -> list[str]:
        """Co-holders who did not agree."""
        holders = self.asset.co_holders(OPERATE, self.borrower_party_id, self.at)
        return [holder for holder in holders if holder not in self.consenting_party_ids]

    def lies_upon(self, kinds: frozenset[str]) -> bool:
        """Whether something of these kinds, not our own, lies upon the asset."""
        return any(e.kind in kinds and e.reference != self.own_reference for e in self.asset.encumbrances)


def _operate_held(q: Question) -> bool | None:
    in_force = q.asset.in_force(q.at)
    return any(c.gives(OPERATE, q.borrower_party_id) for c in in_force) if in_force else None


def _lasts(q: Question) -> bool | None:
    held = [c for c in q.asset.in_force(q.at) if c.gives(OPERATE, q.borrower_party_id)]
    if not held:
        return None
    ends_at = end_of_day(add_months(local_date(q.at), q.term_months))
    return any(c.expires_at is None or c.expires_at >= ends_at for c in held)


def _of_report(check: Callable[[Question, ValueFact], bool]) -> Callable[[Question], bool | None]:
    return lambda q: check(q, q.value) if q.value else None


# Each rule: what is refused, and whether it passes (none: it does not apply, because an earlier one failed).
RULES: tuple[tuple[type[Refusal], Callable[[Question], bool | None]], ...] = (
    (rules.PublicInstitutionMayNotPledge, lambda q: q.borrower_kind != PUBLIC_INSTITUTION),
    (rules.CertificateNotInForce, lambda q: bool(q.asset.in_force(q.at))),
    (rules.OperateRightNotHeld, _operate_held),
    (rules.CertificateEndsBeforeLoan, _lasts),
    (rules.RightAlreadyPledged, lambda q: not q.lies_upon(frozenset({"PLEDGE"}))),
    (rules.RightSeized, lambda q: not q.lies_upon(frozenset({"SEIZURE"}))),
    (rules.ObjectionOpen, lambda q: not q.asset.objection_open and not q.lies_upon(frozenset({"DISPUTE_HOLD"}))),
    (rules.LevelNotPledgeable, lambda q: q.asset.level not in LEVELS_NOT_PLEDGEABLE),
    (rules.ComplianceNotPassed, lambda q: q.asset.complies(q.at)),
    (rules.ValueReportMissing, lambda q: q.value is not None),
    (rules.ValueReportExpired, _of_report(lambda q, value: value.in_date(q.at))),
    (rules.ValueReportWrongPurpose, _of_report(lambda _, value: value.purpose == PURPOSE_PLEDGE)),
    (rules.AppraiserNotAccepted, _of_report(lambda q, value: value.appraiser_party_id in q.policy.appraisers)),
    (rules.AssetNotBooked, lambda q: q.booked),
    (rules.CoHolderConsentMissing, lambda q: not q.missing_consents),
    (rules.LoanOverLimit, _of_report(lambda q, _: q.principal_fen <= q.limit_fen)),
)


@dataclass(frozen=True)
class RuleAnswer:
    """How one rule came out; the words say what to do when it failed."""

    rule: str
    passed: bool | None
    reason: str
    reason_zh: str


@dataclass(frozen=True)
class Eligibility:
    """How all rules came out at a moment."""

    evaluated_at: datetime
    value_report_id: str | None
    valuation_fen: int
    pledge_rate_ppm: int
    limit_fen: int
    ltv_ppm: int | None
    missing_consents: tuple[str, ...]
    answers: tuple[RuleAnswer, ...]

    @property
    def failed(self) -> list[str]:
        """The rules that failed, in their order."""
        return [answer.rule for answer in self.answers if answer.passed is False]

    def refusal(self, loan_id: str, principal_fen: int) -> Refusal | None:
        """The first rule that failed as a refusal with its figures; none when all passed."""
        if not self.failed:
            return None
        first, *also = self.failed
        kind = next(kind for kind, _ in RULES if kind.reason_of() == first)
        facts: dict[str, Any] = {"loan_id": loan_id, "also": also}  # Any: JSON values
        if kind is rules.LoanOverLimit:
            facts |= {"principal_fen": principal_fen, "valuation_fen": self.valuation_fen, "limit_fen": self.limit_fen,
                      "pledge_rate_ppm": self.pledge_rate_ppm, "ltv_ppm": self.ltv_ppm}  # fmt: skip
        if kind is rules.CoHolderConsentMissing:
            facts["party_ids"] = list(self.missing_consents)
        return kind(**facts)


def ask_all(question: Question) -> Eligibility:
    """Ask every rule."""
    answers = []
    for kind, passes in RULES:
        refusal = kind()
        answers.append(RuleAnswer(refusal.reason, passes(question), refusal.detail, refusal.detail_zh))
    value = question.value
    return Eligibility(
        question.at, value.report_id if value else None, question.valuation_fen, question.policy.pledge_rate_ppm,
        question.limit_fen, question.ltv_ppm, tuple(question.missing_consents), tuple(answers),
    )  # fmt: skip
