"""Holds: the price of a use, set aside before it happens; each is resolved once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

CASE_WINDOW_HOURS = 24


class HoldState(StrEnum):
    """OPEN, or how it was resolved: CHARGED, COVERED (by an earlier charge of its case), RELEASED."""

    OPEN = "OPEN"
    CHARGED = "CHARGED"
    COVERED = "COVERED"
    RELEASED = "RELEASED"


@dataclass(frozen=True)
class Use:
    """One use of data that wants its price held."""

    use_id: str
    contract_id: str
    mode: str
    policy_case: str


@dataclass(frozen=True)
class Held:
    """What became of the wish to hold. ``amount_fen`` is None when nothing was held; the rest says why."""

    amount_fen: int | None
    contract_id: str | None  # of the use, when its id was known before
    found: bool
    in_force: bool
    paid: bool
    barred: bool
    short: bool


@dataclass(frozen=True)
class Metered:
    """What delivery measured of a use."""

    use_id: str
    used_at: datetime
    version_digest: str


@dataclass(frozen=True)
class Usage:
    """The uses of one contract, added up."""

    calls: int
    covered: int
    charged_fen: int
    open_holds: int
    version_digests: tuple[str, ...]
