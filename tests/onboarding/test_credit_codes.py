"""The unified social credit code: GB 32100-2015."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.domain.credit_code import ALPHABET, check_character, checked_credit_code, issued_to_institutions
from onboarding.domain.refusals import CreditCodeMalformed

REAL = (
    "91350100M000100Y43",  # the example of the standard's annex
    "91110000600037341L",
    "91330100799655058B",
    "91440300708461136T",
    "914403001922038216",
    "91110000802100433B",
)
codes = st.builds(
    lambda first, region, rest: (body := first + region + rest) + check_character(body),
    st.sampled_from(["91", "93", "12", "11", "31", "52", "Y1"]),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@pytest.mark.parametrize("code", REAL)
def test_codes_of_real_organisations_are_taken(code: str) -> None:
    assert checked_credit_code(code) == code


@given(codes)
def test_a_code_with_its_check_character_is_taken(code: str) -> None:
    assert checked_credit_code(code) == code


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_no_single_wrong_character_passes(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]
    if wrong != code:
        with pytest.raises(CreditCodeMalformed):
            checked_credit_code(wrong)


@given(codes, st.integers(8, 15))
def test_no_two_neighbours_may_change_places(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped != code:
        with pytest.raises(CreditCodeMalformed):
            checked_credit_code(swapped)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_and_never_fails(text: str) -> None:
    with pytest.raises(CreditCodeMalformed) as refusal:
        checked_credit_code(text)
    assert refusal.value.facts["problem"]


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("９１350100M000100Y43", "full-width"),
        ("91350100M000100Y4３", "full-width"),
        ("91350100m000100y43", "lower-case"),
        (" 91350100M000100Y43", "spaces"),
        ("91350100M000100Y4", "has 17 characters"),
        ("", "has 0 characters"),
        ("91350100M0001O0Y43", "holds O"),
        ("B1350100M000100Y43", "first character"),
        ("91A50100M000100Y43", "region"),
        ("91350100M000100Y44", "last character"),
    ],
)
def test_what_is_wrong_is_said(code: str, hint: str) -> None:
    with pytest.raises(CreditCodeMalformed) as refusal:
        checked_credit_code(code)
    assert hint in refusal.value.facts["problem"]


def test_only_the_establishment_authoritys_codes_name_institutions() -> None:
    assert issued_to_institutions("12370214MB20000126")
    assert not issued_to_institutions(REAL[0])
