"""Money in integer fen: shares, ratios, and how an amount is written."""

from collections.abc import Sequence

Fen = int
PPM = 1_000_000
FEN_MAX = 10**15


def largest_remainder(amount_fen: int, shares_ppm: Sequence[int]) -> list[int]:
    """Divide an amount by shares (parts per million that sum to one million); the parts sum to the amount.

    Each part is rounded down and the fen left over go to the largest remainders, the earlier share first.
    """
    if sum(shares_ppm) != PPM or min(shares_ppm) < 0 or amount_fen < 0:
        message = f"shares must be non-negative and sum to {PPM}, the amount non-negative"
        raise ValueError(message)
    parts = [amount_fen * share // PPM for share in shares_ppm]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(amount_fen * shares_ppm[i] % PPM), i))
    for i in by_remainder[: amount_fen - sum(parts)]:
        parts[i] += 1
    return parts


def ppm_of(part: int, whole: int) -> int:
    """How many millionths of the whole the part is, rounded down."""
    return part * PPM // whole


def yuan(amount_fen: int) -> str:
    """The amount as people write it: ``839,559.04``."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{cents:02d}"
