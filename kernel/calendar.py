"""Days in Asia/Shanghai, and working days with the State Council's holidays and make-up days."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5


@dataclass(frozen=True)
class WorkingDay:
    """A day reached by counting; provisional when a year without an announced calendar was crossed."""

    date: date
    provisional: bool


def local_date(at: datetime) -> date:
    """The day in Shanghai on which a moment falls."""
    return at.astimezone(SHANGHAI).date()


def end_of_day(day: date) -> datetime:
    """The first moment after the day, in Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def is_working_day(day: date) -> bool:
    """Whether people work; in years not yet announced, Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY


def is_announced(day: date) -> bool:
    """Whether the holidays of the day's year are known."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def add_working_days(start: date, days: int) -> WorkingDay:
    """The day on which a limit of so many working days ends; the first day is not counted (Civil Code art. 201)."""
    day, left, provisional = start, days, False
    while left > 0:
        day += timedelta(days=1)
        provisional = provisional or not is_announced(day)
        left -= is_working_day(day)
    return WorkingDay(day, provisional)
