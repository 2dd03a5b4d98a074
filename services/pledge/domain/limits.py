"""How much may be lent on a value, and how a running loan stands to it."""

from enum import StrEnum

from kernel.money import PPM

PLEDGE_RATE_PPM_DEFAULT = 500_000
PLEDGE_RATE_PPM_MIN = 300_000
PLEDGE_RATE_PPM_MAX = 600_000


class Band(StrEnum):
    """How far the debt has come up to the value (China practice 6E)."""

    NORMAL = "normal"
    WATCH = "watch"
    CALL = "call"
    DEFAULT = "default"


_FLOORS = ((800_000, Band.DEFAULT), (700_000, Band.CALL), (600_000, Band.WATCH))


def limit_fen(value_fen: int, pledge_rate_ppm: int, ceiling_fen: int | None) -> int:
    """The smaller of value × pledge rate, rounded down to the fen, and the bank's ceiling."""
    limit = value_fen * pledge_rate_ppm // PPM
    return limit if ceiling_fen is None else min(limit, ceiling_fen)


def ltv_ppm(debt_fen: int, value_fen: int) -> int | None:
    """Debt over value in millionths, rounded down; none without a value."""
    return debt_fen * PPM // value_fen if value_fen > 0 else None


def band_of(ltv: int | None) -> Band:
    """The band in which a loan-to-value lies."""
    if ltv is None:
        return Band.NORMAL
    return next((band for floor, band in _FLOORS if ltv >= floor), Band.NORMAL)
