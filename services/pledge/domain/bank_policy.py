"""What a bank lends on: its pledge rate, its ceiling, the appraisers it accepts."""

from dataclasses import dataclass
from typing import Self

from kernel.refusals import Malformed
from pledge.domain.limits import PLEDGE_RATE_PPM_DEFAULT, PLEDGE_RATE_PPM_MAX, PLEDGE_RATE_PPM_MIN


class PledgeRateOutOfRange(Malformed):
    """The pledge rate lies outside of what is allowed. Choose one between `min_ppm` and `max_ppm`."""

    zh = "质押率超出允许范围。请在 min_ppm 与 max_ppm 之间选择。"


@dataclass(frozen=True)
class BankPolicy:
    """One bank's terms; ``ceiling_fen`` none: no ceiling for a single loan."""

    bank_party_id: str
    pledge_rate_ppm: int = PLEDGE_RATE_PPM_DEFAULT
    ceiling_fen: int | None = None
    appraisers: tuple[str, ...] = ()

    @classmethod
    def chosen(cls, bank_party_id: str, pledge_rate_ppm: int, ceiling_fen: int | None, appraisers: list[str]) -> Self:
        """The bank's choice; a rate between 30 % and 60 % (China practice 6E)."""
        if not PLEDGE_RATE_PPM_MIN <= pledge_rate_ppm <= PLEDGE_RATE_PPM_MAX:
            raise PledgeRateOutOfRange(min_ppm=PLEDGE_RATE_PPM_MIN, max_ppm=PLEDGE_RATE_PPM_MAX)
        return cls(bank_party_id, pledge_rate_ppm, ceiling_fen, tuple(sorted(set(appraisers))))
