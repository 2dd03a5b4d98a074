"""Months as loans and schedules count them."""

import calendar
from datetime import date


def add_months(start: date, months: int) -> date:
    """The same day so many months on; the last day of the month where there is none (Civil Code art. 202)."""
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date) -> int:
    """How many whole months have gone by; none before the start."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months - (add_months(start, months) > end))
