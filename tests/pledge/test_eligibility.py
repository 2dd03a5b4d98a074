"""Each rule of eligibility has a refusal of its own, and every rule is asked."""

import pytest

from pledge.domain.asset import AssetFacts, CertificateFact, EncumbranceFact
from pledge.domain.bank_policy import BankPolicy
from pledge.domain.eligibility import RULES, ask_all
from tests.pledge.builders import NOW, PRINCIPAL_FEN, question
from tests.pledge.outsiders import APPRAISER, BANK, BORROWER, CO_HOLDER, LONG_AGO, LOW_FEN, asset, value

POLICY = BankPolicy(BANK, appraisers=(APPRAISER,))


def certificate(**other: object) -> CertificateFact:
    """The BIM model's certificate."""
    made = {"number": "YS-1", "state": "CERTIFIED", "dataset_id": "dst_bim", "expires_at": None}
    return CertificateFact(**{**made, "holders": [("OPERATE", BORROWER)], **other})  # type: ignore[arg-type] # as above


def lying(kind: str) -> list[EncumbranceFact]:
    """Something that lies upon the asset."""
    return [EncumbranceFact("enc_1", kind, "rights", "other")]


SHORT = certificate(expires_at=NOW.replace(year=2027))
FAILING: dict[str, dict[str, object]] = {
    "PublicInstitutionMayNotPledge": {"borrower_kind": "public_institution"},
    "CertificateNotInForce": {"asset": asset(certificates=[certificate(state="CONTESTED")])},
    "OperateRightNotHeld": {"asset": asset(certificates=[certificate(holders=[("HOLD", BORROWER)])])},
    "CertificateEndsBeforeLoan": {"asset": asset(certificates=[SHORT])},
    "RightAlreadyPledged": {"asset": asset(encumbrances=lying("PLEDGE"))},
    "RightSeized": {"asset": asset(encumbrances=lying("SEIZURE"))},
    "ObjectionOpen": {"asset": asset(objection_open=True)},
    "LevelNotPledgeable": {"asset": asset(level="IMPORTANT")},
    "ComplianceNotPassed": {"asset": asset(compliance_valid_until_at=LONG_AGO)},
    "ValueReportMissing": {"asset": asset(values=())},
    "ValueReportExpired": {"asset": asset(values=[value(valid_until_at=LONG_AGO)])},
    "ValueReportWrongPurpose": {"asset": asset(values=[value(purpose="booking")])},
    "AppraiserNotAccepted": {"policy": BankPolicy(BANK)},
    "AssetNotBooked": {"booked": False},
    "CoHolderConsentMissing": {
        "asset": asset(certificates=[certificate(holders=[("OPERATE", BORROWER), ("OPERATE", CO_HOLDER)])])
    },
    "LoanOverLimit": {"asset": asset(values=[value(value_fen=LOW_FEN)])},
}


def test_a_sound_application_passes_every_rule() -> None:
    asked = ask_all(question())
    assert asked.failed == []
    assert [answer.rule for answer in asked.answers] == list(FAILING)
    assert (asked.limit_fen, asked.ltv_ppm) == (213_725_651, 467_889)


@pytest.mark.parametrize("rule", FAILING)
def test_each_rule_is_refused_by_its_name(rule: str) -> None:
    asked = ask_all(question(**FAILING[rule]))
    assert asked.failed == [rule]
    refusal = asked.refusal("loan_1", PRINCIPAL_FEN)
    assert refusal is not None
    assert refusal.reason == rule
    assert refusal.detail
    assert refusal.detail_zh
    assert refusal.facts["also"] == []


def test_every_rule_that_fails_is_named_and_the_first_is_the_problem() -> None:
    asked = ask_all(question(asset=AssetFacts(""), booked=False, borrower_kind="public_institution"))
    refusal = asked.refusal("loan_1", PRINCIPAL_FEN)
    assert refusal is not None
    assert refusal.reason == "PublicInstitutionMayNotPledge"
    assert refusal.facts["also"] == [
        "CertificateNotInForce", "ComplianceNotPassed", "ValueReportMissing", "AssetNotBooked",
    ]  # fmt: skip
    assert [answer.rule for answer in asked.answers if answer.passed is None] == [
        "OperateRightNotHeld", "CertificateEndsBeforeLoan", "ValueReportExpired", "ValueReportWrongPurpose",
        "AppraiserNotAccepted", "LoanOverLimit",
    ]  # fmt: skip


def test_a_loan_over_the_limit_is_told_the_figures() -> None:
    refusal = ask_all(question(**FAILING["LoanOverLimit"])).refusal("loan_1", PRINCIPAL_FEN)
    assert refusal is not None
    assert refusal.facts == {
        "loan_id": "loan_1", "also": [], "principal_fen": PRINCIPAL_FEN, "valuation_fen": 83_955_904,
        "limit_fen": 41_977_952, "pledge_rate_ppm": 500_000, "ltv_ppm": 2_382_202,
    }  # fmt: skip


def test_the_named_report_is_relied_on_and_no_other() -> None:
    low, high = value("rpt_low", LOW_FEN), value()
    assert ask_all(question(asset=asset(values=[low, high]), value_report_id="rpt_low")).failed == ["LoanOverLimit"]
    assert ask_all(question(asset=asset(values=[low, high]), value_report_id="rpt_none")).failed == [
        "ValueReportMissing"
    ]


def test_a_report_fit_for_a_pledge_is_found_among_others() -> None:
    others = [value("rpt_old", valid_until_at=LONG_AGO), value("rpt_book", purpose="booking"), value()]
    assert ask_all(question(asset=asset(values=others))).value_report_id == "rpt_high"


def test_a_co_holder_who_agreed_is_no_obstacle() -> None:
    facts = FAILING["CoHolderConsentMissing"]
    assert ask_all(question(**facts, consenting_party_ids=frozenset({CO_HOLDER}))).failed == []


def test_a_loans_own_pledge_is_no_obstacle_to_it() -> None:
    assert ask_all(question(asset=asset(encumbrances=lying("PLEDGE")), own_reference="other")).failed == []


def test_the_rules_are_asked_in_the_order_that_is_documented() -> None:
    assert [kind.reason_of() for kind, _ in RULES] == list(FAILING)
