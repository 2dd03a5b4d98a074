"""The figures: limits, loan to value, bands, amortisation, months."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledge.domain.booking import straight_line
from pledge.domain.limits import Band, band_of, limit_fen, ltv_ppm
from pledge.domain.months import add_months, months_between


@pytest.mark.parametrize(("value_fen", "limit"), [(83_955_904, 41_977_952), (427_451_303, 213_725_651), (1, 0), (0, 0)])
def test_the_limit_is_half_the_value_rounded_down_to_the_fen(value_fen: int, limit: int) -> None:
    assert limit_fen(value_fen, 500_000, None) == limit


def test_the_banks_ceiling_caps_the_limit() -> None:
    assert limit_fen(427_451_303, 500_000, 100_000_000) == 100_000_000


def test_two_million_on_the_higher_value_are_46_79_percent() -> None:
    assert ltv_ppm(200_000_000, 427_451_303) == 467_889


@pytest.mark.parametrize(
    ("ltv", "band"),
    [
        (None, Band.NORMAL), (599_999, Band.NORMAL), (600_000, Band.WATCH), (700_000, Band.CALL),
        (799_999, Band.CALL), (800_000, Band.DEFAULT),
    ],
)  # fmt: skip
def test_the_bands_begin_at_60_70_and_80_percent(ltv: int | None, band: Band) -> None:
    assert band_of(ltv) is band


def test_737_383_68_over_36_months_is_20_482_88_a_month() -> None:
    schedule = straight_line(73_738_368, 36)
    assert {instalment.amount_fen for instalment in schedule} == {2_048_288}
    assert schedule[-1].carrying_fen == 0


@given(st.integers(1, 10**15), st.integers(1, 240))
def test_amortisation_sums_to_the_cost(cost_fen: int, months: int) -> None:
    schedule = straight_line(cost_fen, months)
    assert sum(instalment.amount_fen for instalment in schedule) == cost_fen
    assert len(schedule) == months
    assert schedule[-1].carrying_fen == 0


def test_a_month_without_the_day_ends_on_its_last_day() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_a_month_counts_once_it_is_whole() -> None:
    assert months_between(date(2026, 1, 31), date(2026, 2, 27)) == 0
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert months_between(date(2026, 5, 1), date(2026, 1, 1)) == 0
