"""What is said about one person: whether there is a record, by disease group; never a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

from kernel.canonical import canonical


class AnswerStatus(StrEnum):
    """What the data holds of a person within the look-back."""

    FOUND = "found"
    NO_RECORD = "no_record"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True)
class PersonFacts:
    """What a room says of one person: for any diagnosis and for each group, the last day it was active.

    ``date.max`` stands for a diagnosis without an end, ``None`` for none at all.
    """

    identity_pseudonym: str
    deceased: bool
    last_active: date | None
    last_active_by_group: Mapping[str, date | None]


@dataclass(frozen=True)
class Answer:
    """The answer to one underwriting query."""

    status: AnswerStatus
    groups: Mapping[str, bool]
    data_as_of: date
    look_back_years: int
    version_digest: str

    @classmethod
    def of(
        cls, facts: PersonFacts | None, group_names: tuple[str, ...], data_as_of: date, look_back_years: int,
        version_digest: str,
    ) -> "Answer":  # fmt: skip
        """From what is known of the person; ``None``: not in the data."""
        if facts is None:
            nothing = dict.fromkeys(group_names, False)
            return cls(AnswerStatus.NOT_COVERED, nothing, data_as_of, look_back_years, version_digest)
        first_day = window_start(data_as_of, look_back_years)
        groups = {name: _counts(facts.last_active_by_group.get(name), first_day) for name in group_names}
        status = AnswerStatus.FOUND if _counts(facts.last_active, first_day) else AnswerStatus.NO_RECORD
        return cls(status, groups, data_as_of, look_back_years, version_digest)

    def digest(self, nonce: str) -> str:
        """SHA-256 over the nonce and the canonical answer: hides the answer, and binds to it whoever knows both."""
        body = canonical({
            "status": self.status.value, "groups": dict(self.groups), "data_as_of": self.data_as_of.isoformat(),
            "look_back_years": self.look_back_years, "version_digest": self.version_digest,
        })  # fmt: skip
        return sha256(bytes.fromhex(nonce) + body).hexdigest()


def _counts(last_active: date | None, first_day: date) -> bool:
    return last_active is not None and last_active > first_day


def window_start(data_as_of: date, look_back_years: int) -> date:
    """The same day so many years before; 29 February becomes the 28th where there is none."""
    year = max(1, data_as_of.year - look_back_years)
    try:
        return data_as_of.replace(year=year)
    except ValueError:
        return data_as_of.replace(year=year, day=28)
