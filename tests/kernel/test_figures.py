"""Money, days, names and secrets: the kernel's plain parts."""

from datetime import date
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as some

from kernel.calendar import add_working_days, is_working_day
from kernel.ids import new_id
from kernel.money import PPM, largest_remainder, yuan
from kernel.sealing import Sealer
from kernel.shapes import plain_code, plain_line
from kernel.signatures import SignatureInvalid, new_key, public_jwk, sign_compact, verify_compact


@given(some.integers(0, 10**15), some.lists(some.integers(0, 10**6), min_size=1, max_size=8))
def test_shares_sum_to_the_amount_and_none_is_off_by_a_fen(amount: int, weights: list[int]) -> None:
    total = sum(weights) or 1
    shares = [weight * PPM // total for weight in weights]
    shares[0] += PPM - sum(shares)
    parts = largest_remainder(amount, shares)
    assert sum(parts) == amount
    assert all(0 <= part - amount * share // PPM <= 1 for part, share in zip(parts, shares, strict=True))


def test_shares_that_do_not_make_a_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1000000"):
        largest_remainder(100, [1, 2])


def test_amounts_are_written_as_people_write_them() -> None:
    assert (yuan(83_955_904), yuan(-5), yuan(0)) == ("839,559.04", "-0.05", "0.00")


def test_national_day_is_not_worked_and_its_make_up_day_is() -> None:
    assert not is_working_day(date(2026, 10, 1))
    assert add_working_days(date(2026, 9, 28), 3).date == date(2026, 10, 8)


def test_a_year_not_yet_announced_counts_monday_to_friday_and_says_so() -> None:
    reached = add_working_days(date(2030, 1, 3), 2)
    assert (reached.date, reached.provisional) == (date(2030, 1, 7), True)


def test_names_are_ordered_by_time_and_never_the_same() -> None:
    names = [new_id("tst") for _ in range(1000)]
    assert len(set(names)) == 1000
    assert names[0][:10] <= names[-1][:10]


@pytest.mark.parametrize("text", ["１２３", "a\u200bb", "a b", "é", "a\x00"])
def test_a_code_that_only_looks_like_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        plain_code(text)


def test_unicode_twins_become_one_and_invisible_characters_are_refused() -> None:
    assert plain_line("e\u0301") == plain_line("\u00e9")
    for text in ("a\u200bb", "a\u202eb", "a\nb", " "):
        with pytest.raises(ValueError, match="must"):
            plain_line(text)


def test_what_was_sealed_opens_only_under_its_key(tmp_path: Path) -> None:
    one, other = Sealer.from_file(tmp_path / "one"), Sealer.from_file(tmp_path / "other")
    sealed = one.seal(b"secret")
    assert Sealer.from_file(tmp_path / "one").unseal(sealed) == b"secret"
    with pytest.raises(InvalidTag):
        other.unseal(sealed)
    assert (tmp_path / "one").stat().st_mode & 0o077 == 0


def test_a_signature_holds_for_its_bytes_key_and_type_only() -> None:
    key, other = new_key(), new_key()
    text = sign_compact(b"words", key, "k", "a+jws")
    assert verify_compact(text, public_jwk(key), "a+jws") == b"words"
    for jwk, typ in ((public_jwk(other), "a+jws"), (public_jwk(key), "b+jws")):
        with pytest.raises(SignatureInvalid):
            verify_compact(text, jwk, typ)
    head, _, tail = text.split(".")
    with pytest.raises(SignatureInvalid):
        verify_compact(f"{head}.eW91.{tail}", public_jwk(key), "a+jws")
