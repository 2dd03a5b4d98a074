"""The rules as data: which source gives which right, which papers are asked for, which clocks run."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from kernel.calendar import SHANGHAI
from kernel.refusals import Refusal
from rights.domain.certificate import expiry, months_after, number_of
from rights.domain.filing import Allocation, Subject
from rights.domain.pre_check import Known, pre_check
from rights.domain.profiles import PROFILES, PROPERTY, PUBLIC, Case, profile_of
from rights.domain.registration import Registration, RegistrationType
from rights.domain.sketch import marks, similarity_ppm
from rights.domain.source_rights import SOURCE_RIGHTS, Entitled, Right, entitled
from rights.domain.states import ALLOWED, CERTIFICATE_ALLOWED, ENDED_EMPTY, RegistrationState
from tests.rights.conftest import FORM
from tests.rights.fakes import DESIGNER, OTHER, sketch_of

S = RegistrationState
THURSDAY = datetime(2026, 9, 24, 10, 0, tzinfo=SHANGHAI)  # the last working day but one before the holidays begin
NO, YES = Entitled.NO, Entitled.YES


def registration(**changes: object) -> Registration:
    subject = Subject("dst_1", "", "ver_1", "d" * 64, "dst_1", "table", "own_production", DESIGNER)
    whole = Registration(
        "reg_1", "nda-2026", RegistrationType.INITIAL, DESIGNER, subject, FORM,
        [Allocation(DESIGNER, right, 36) for right in Right], THURSDAY,
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]  # the test names fields


@pytest.mark.parametrize(
    ("source", "hold", "use", "operate"),
    [
        ("own_production", YES, YES, YES),
        ("civil_contract", YES, YES, YES),
        ("natural_person", YES, YES, YES),
        ("public_crawl", YES, YES, NO),
        ("public_crawl_product", YES, YES, YES),
        ("fusion_contract", Entitled.BY_CONTRACT, Entitled.BY_CONTRACT, Entitled.BY_CONTRACT),
        ("fusion_silent", YES, YES, Entitled.BY_CONSENT),
        ("derived", YES, YES, YES),
        ("entrusted", NO, NO, NO),
        ("public_body", NO, NO, NO),
        ("never_heard_of", NO, NO, NO),
    ],
)
def test_a_source_gives_the_rights_of_the_table(source: str, hold: Entitled, use: Entitled, operate: Entitled) -> None:
    assert [entitled(source, right) for right in Right] == [hold, use, operate]


def test_the_table_has_the_nine_rows_of_the_guide_first() -> None:
    assert list(SOURCE_RIGHTS)[:9] == [
        "own_production", "civil_contract", "natural_person", "public_crawl", "public_crawl_product",
        "fusion_contract", "fusion_silent", "derived", "entrusted",
    ]  # fmt: skip


def codes(checked: Registration, *, attached: list[str] | None = None, **known: object) -> list[tuple[str, str]]:
    papers = checked.rules.papers(checked.case) if attached is None else attached
    return [(finding.code, finding.where) for finding in pre_check(checked, Known(papers, **known))]  # type: ignore[arg-type]  # as above


def test_a_whole_file_passes_the_pre_check() -> None:
    assert codes(registration()) == []


def test_the_pre_check_names_every_item_at_once() -> None:
    form = {**FORM, "name": "数" * 41, "overview": "述" * 401, "industry": None, "source_kind": "derived",
            "time_from": "2026-01-01", "time_to": "2025-01-01"}  # fmt: skip
    found = codes(registration(form=form, allocations=()), attached=["identity_proof"], unapproved={OTHER})
    assert found == [
        ("field-missing", "/form/industry"), ("rights-missing", "/allocations"), ("name-too-long", "/form/name"),
        ("overview-too-long", "/form/overview"), ("source-differs", "/form/source_kind"),
        ("time-range-backwards", "/form/time_to"), ("attachment-missing", "/attachments/acquisition_proof"),
        ("attachment-missing", "/attachments/data_sample"), ("attachment-missing", "/attachments/data_description"),
        ("party-not-approved", "/allocations"),
    ]  # fmt: skip


def test_the_pre_check_speaks_both_languages() -> None:
    finding = pre_check(registration(), Known(["identity_proof", "acquisition_proof", "data_sample"]))[0]
    assert finding.zh == "请提交：数据说明。"
    assert finding.en == "Attach: data description."


def test_a_right_that_the_source_does_not_give_is_named() -> None:
    crawled = replace(registration().subject, source_kind="public_crawl")
    found = codes(registration(subject=crawled, form={**FORM, "source_kind": "public_crawl"}))
    assert found == [("right-not-given-by-source", "/allocations/2")]


def test_a_right_is_given_to_a_party_once_and_for_the_rules_term_at_most() -> None:
    twice = [Allocation(DESIGNER, Right.USE, 12), Allocation(DESIGNER, Right.USE, 61)]
    found = codes(registration(allocations=twice))
    assert found == [("right-named-twice", "/allocations/1"), ("term-too-long", "/allocations/1")]


def test_derived_data_needs_the_use_of_its_source() -> None:
    derived = replace(registration().subject, source_kind="derived")
    form = {**FORM, "source_kind": "derived"}
    assert codes(registration(subject=derived, form=form), uses_sources=False) == [
        ("use-of-source-not-shown", "/subject")
    ]


def test_a_transfer_needs_the_transferee_and_the_contract() -> None:
    transfer = registration(type=RegistrationType.TRANSFER, transferee_party_id=OTHER)
    assert codes(transfer, attached=[]) == [
        ("join-missing", "/transferee_party_id"), ("attachment-missing", "/attachments/transfer_contract"),
    ]  # fmt: skip


def test_a_building_model_brings_its_title_papers() -> None:
    needed = PROPERTY.papers(Case("own_production", "bim", several_holders=True, operates=True))
    assert needed[4:] == ["design_contract", "sub_designer_consent", "facility_declaration", "co_holder_agreement"]


def test_consent_is_asked_for_where_somebody_operates() -> None:
    for operates in (True, False):
        papers = PROPERTY.papers(Case("fusion_silent", "table", several_holders=False, operates=operates))
        assert ("other_parties_consent" in papers) is operates


def test_both_profiles_have_their_own_clocks_and_terms() -> None:
    assert (PROPERTY.clocks.notice_days, PROPERTY.validity_months) == (5, 60)
    assert (PUBLIC.clocks.notice_days, PUBLIC.validity_months) == (10, 36)
    assert sorted(PROFILES) == ["nda-2026", "public-2025"]
    with pytest.raises(Refusal, match="ProfileUnknown"):
        profile_of("dip-2024")


# Clocks. The holidays of 2026: 25-27 September and 1-7 October; people work on 20 September and 10 October.


def test_silence_accepts_on_the_first_working_day_after_three() -> None:
    submitted = registration()
    submitted.submit(THURSDAY, DESIGNER, [])
    assert submitted.acceptance_due_on == date(2026, 9, 30)
    assert submitted.due(date(2026, 9, 30)) is None
    assert submitted.due(date(2026, 10, 7)) is None
    assert submitted.due(date(2026, 10, 8)) is S.ACCEPTED


def test_silence_does_not_accept_a_near_copy() -> None:
    held = registration()
    held.submit(THURSDAY, DESIGNER, [{"registration_id": "reg_2", "similarity_ppm": 990_000}])
    assert held.state is S.HELD_FOR_REVIEW
    assert held.due(date(2027, 1, 1)) is None


def under_review() -> Registration:
    reviewed = registration()
    reviewed.submit(THURSDAY, DESIGNER, [])
    reviewed.accept(THURSDAY, "pty_registrar")
    reviewed.start_review(THURSDAY, "pty_registrar")
    return reviewed


def test_the_review_clock_stops_while_evidence_is_awaited() -> None:
    reviewed = under_review()
    assert reviewed.review_due_on == date(2026, 10, 15)
    reviewed.request_evidence(THURSDAY, "pty_registrar", ["来源合同"], 5)
    assert (reviewed.review_days_left, reviewed.correction_due_on) == (10, date(2026, 10, 9))
    reviewed.submit(datetime(2026, 10, 9, 9, 0, tzinfo=SHANGHAI), DESIGNER, [])
    assert (reviewed.state, reviewed.review_due_on) == (S.REVIEWING, date(2026, 10, 22))


def test_a_missed_deadline_lapses() -> None:
    reviewed = under_review()
    reviewed.request_evidence(THURSDAY, "pty_registrar", ["来源合同"], 1)
    assert reviewed.due(date(2026, 9, 28)) is None
    assert reviewed.due(date(2026, 9, 29)) is S.LAPSED


def test_a_review_is_extended_once() -> None:
    reviewed = under_review()
    reviewed.extend_review(THURSDAY, "pty_registrar", "来源复杂")
    assert reviewed.review_due_on == date(2026, 10, 29)
    with pytest.raises(Refusal, match="ReviewAlreadyExtended"):
        reviewed.extend_review(THURSDAY, "pty_registrar", "来源复杂")


def test_the_notice_ends_after_five_working_days_over_the_holidays() -> None:
    noticed = under_review()
    noticed.approve(THURSDAY, "pty_registrar", [])
    assert noticed.notice_ends_on == date(2026, 10, 9)
    assert noticed.due(date(2026, 10, 9)) is None
    assert noticed.due(date(2026, 10, 10)) is S.DEPOSITING
    assert not noticed.provisional


def test_a_day_in_a_year_without_a_calendar_is_provisional() -> None:
    noticed = under_review()
    noticed.approve(datetime(2027, 12, 30, 9, 0, tzinfo=SHANGHAI), "pty_registrar", [])
    assert noticed.provisional


def test_an_end_has_no_way_out() -> None:
    assert all(not ALLOWED[state] for state in (*ENDED_EMPTY, S.CERTIFIED))
    assert set(ALLOWED) == set(S)
    assert all(states <= set(CERTIFICATE_ALLOWED) for states in CERTIFICATE_ALLOWED.values())


def test_no_step_is_taken_out_of_turn() -> None:
    for step in ("accept", "start_review"):
        with pytest.raises(Refusal, match="StepNotAllowed"):
            getattr(registration(), step)(THURSDAY, "pty_registrar")


# Certificates.


def test_a_certificate_ends_with_the_earliest_of_what_it_stands_on() -> None:
    at = datetime(2026, 10, 12, 9, 30, tzinfo=SHANGHAI)
    whole = registration(allocations=[Allocation(DESIGNER, Right.USE, 60)])
    assert expiry(whole, at) == datetime(2031, 10, 12, 9, 30, tzinfo=SHANGHAI)
    bound = replace(whole, form={**FORM, "source_contract_ends_on": "2028-02-29"})
    assert expiry(bound, at) == datetime(2028, 3, 1, tzinfo=SHANGHAI)
    authorised = replace(bound, subject=replace(whole.subject, authorisation_ends_on=date(2027, 6, 30)))
    assert expiry(authorised, at) == datetime(2027, 7, 1, tzinfo=SHANGHAI)
    short = replace(whole, allocations=[Allocation(DESIGNER, Right.USE, 1)])
    assert expiry(short, at) == datetime(2026, 11, 12, 9, 30, tzinfo=SHANGHAI)


def test_a_month_after_the_last_day_is_the_last_day() -> None:
    assert months_after(datetime(2026, 1, 31, tzinfo=SHANGHAI), 1) == datetime(2026, 2, 28, tzinfo=SHANGHAI)
    assert months_after(datetime(2024, 2, 29, tzinfo=SHANGHAI), 12) == datetime(2025, 2, 28, tzinfo=SHANGHAI)


def test_our_numbers_are_never_of_the_national_pattern() -> None:
    assert number_of(2026, 1) == "YS-2026-000001"


# Copies.


def test_a_shuffled_copy_is_the_same_and_other_data_is_not() -> None:
    rows = [f"row {number}" for number in range(500)]
    assert similarity_ppm(sketch_of(rows), sketch_of(rows[::-1])) == 1_000_000
    edited = similarity_ppm(sketch_of(rows), sketch_of([*rows[:480], *(f"new {n}" for n in range(20))]))
    assert 850_000 < edited < 1_000_000
    assert similarity_ppm(sketch_of(rows), sketch_of([f"other {number}" for number in range(500)])) == 0
    assert similarity_ppm(sketch_of(rows), sketch_of(rows, "bim")) == 0
    assert similarity_ppm({}, sketch_of(rows)) == 0


def test_near_copies_share_a_mark() -> None:
    rows = [f"row {number}" for number in range(5000)]
    assert set(marks(sketch_of(rows))) & set(marks(sketch_of([*rows[:4000], *(f"new {n}" for n in range(1000))])))
