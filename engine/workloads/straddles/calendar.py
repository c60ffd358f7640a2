"""Dates of a straddle: months as numbers, days as numbers, and the anchor of a month.

A day is the number of days since 1970-01-01; a month is ``year * 12 + month - 1``.
"""

import calendar
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

EPOCH = date(1970, 1, 1).toordinal()
"""Ordinal of day number 0."""

LONGEST = 92
"""Most calendar days that three months in a row can have: the longest straddle."""

_WEEKDAYS = {"F": 4, "R": 3, "W": 2}


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return day.toordinal() - EPOCH


def month_number(year: int, month: int) -> int:
    """Return ``year * 12 + month - 1``."""
    return year * 12 + month - 1


def year_month(number: int) -> tuple[int, int]:
    """Return year and month (1 to 12) of a month number."""
    return number // 12, number % 12 + 1


def month_text(number: int) -> str:
    """Return the month as ``YYYY-MM``."""
    year, month = year_month(number)
    return f"{year:04d}-{month:02d}"


def month_starts(first: int, count: int) -> IntArray:
    """Return the day number of the first day of ``count`` months from month number ``first`` on."""
    months = np.arange(first - 1970 * 12, first - 1970 * 12 + count).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def day_texts(first: int, count: int) -> list[str]:
    """Return ``YYYY-MM-DD`` for ``count`` days from day number ``first`` on."""
    texts: list[str] = np.arange(first, first + count).astype("datetime64[D]").astype(str).tolist()
    return texts


def last_of_month(year: int, month: int) -> date:
    """Return the last calendar day of the month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def days_between_months(entry: str, expiry: str) -> list[date]:
    """Return every calendar day from the first of month ``entry`` to the last of month ``expiry`` (both
    ``YYYY-MM``)."""
    first = date(int(entry[:4]), int(entry[5:7]), 1)
    last = last_of_month(int(expiry[:4]), int(expiry[5:7]))
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def anchor_day(code: str, value: str, year: int, month: int) -> date | None:
    """Return the anchor of a month, or None where it has none.

    ``code`` F, R, W: the ``value``-th Friday, Thursday, Wednesday; BD: the ``value``-th day from Monday to Friday.
    """
    if not value.isdigit() or int(value) < 1:
        return None
    if code == "BD":
        return _business_day(int(value), year, month)
    if code not in _WEEKDAYS:
        return None
    first = date(year, month, 1)
    day = 1 + (_WEEKDAYS[code] - first.weekday()) % 7 + 7 * (int(value) - 1)
    return date(year, month, day) if day <= last_of_month(year, month).day else None


def _business_day(nth: int, year: int, month: int) -> date | None:
    days = (date(year, month, day) for day in range(1, last_of_month(year, month).day + 1))
    weekdays = [day for day in days if day.weekday() < 5]
    return weekdays[nth - 1] if nth <= len(weekdays) else None
