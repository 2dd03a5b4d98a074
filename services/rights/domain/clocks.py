"""The clocks of registration: working days in Shanghai, and how a clock pauses."""

from dataclasses import dataclass
from datetime import date, timedelta

from kernel.calendar import WorkingDay, add_working_days, is_announced, is_working_day


@dataclass(frozen=True)
class Clocks:
    """A profile's limits in working days."""

    acceptance_days: int
    review_days: int
    notice_days: int
    correction_days: int = 5


def first_working_day_after(day: date) -> date:
    """The next day on which people work."""
    return add_working_days(day, 1).date


def working_days_left(today: date, due: date) -> int:
    """How many working days lie after today up to the due day; none when it is past."""
    days = (due - today).days
    return sum(is_working_day(today + timedelta(days=ahead)) for ahead in range(1, days + 1))


def resumed(today: date, left: int) -> WorkingDay:
    """When a clock that was stopped with so many working days left now ends."""
    return add_working_days(today, left)


def is_provisional(day: date | None) -> bool:
    """Whether a date rests on a calendar that is not announced."""
    return day is not None and not is_announced(day)
