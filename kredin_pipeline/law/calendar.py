"""Norwegian days: which of them are business days, how a date moves on, and month arithmetic that never overflows.

Belongs here: dates alone. Not here: deadlines with a meaning (`fees`, `limitation`, `enforcement`). Public holidays are
the law's: 1 January, Maundy Thursday, Good Friday, Easter Sunday and Monday, 1 and 17 May, Ascension Day, Whit Sunday
and Monday, 25 and 26 December. 24 and 31 December are ordinary days in law (reference § 9). They are computed here and
read from the `holidays` library; where the two disagree nothing is answered.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

SATURDAY = 5


class CalendarDisagreement(ValueError):
    """The holiday library and the law's own days differ for a year; the message names year and days."""


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian ``year`` (anonymous computus)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30
    leap_years, year_rest = divmod(of_century, 4)
    weekday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    correction = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


def holidays_by_law(year: int) -> frozenset[date]:
    """The law's public holidays of ``year``, computed (lov om helligdager § 2; 1 and 17 May by their own act)."""
    easter = easter_sunday(year)
    moving = (easter + timedelta(days=days) for days in (-3, -2, 0, 1, 39, 49, 50))
    fixed = (date(year, 1, 1), date(year, 5, 1), date(year, 5, 17), date(year, 12, 25), date(year, 12, 26))
    return frozenset((*moving, *fixed))


@lru_cache(maxsize=512)
def holidays_of(year: int) -> frozenset[date]:
    """Public holidays of ``year``; raises ``CalendarDisagreement`` unless library and law say the same days."""
    from holidays import country_holidays

    library = frozenset(country_holidays("NO", years=year))
    law = holidays_by_law(year)
    if library != law:
        days = ", ".join(day.isoformat() for day in sorted(library ^ law))
        raise CalendarDisagreement(
            f"public holidays of {year}: library and law differ on {days}; correct law/calendar.py or pin the library"
        )
    return law


def is_business_day(day: date) -> bool:
    """True unless ``day`` is a Saturday, a Sunday or a public holiday."""
    return day.weekday() < SATURDAY and day not in holidays_of(day.year)


def next_business_day(day: date) -> date:
    """``day`` itself if it is a business day, else the first one after it."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def year_days(day: date) -> int:
    """Length of the calendar year of ``day``: 366 in a leap year, else 365."""
    return 366 if isleap(day.year) else 365


def add_months(day: date, months: int) -> date:
    """The same date ``months`` later (or earlier), the month's last day where it has no such date.

    31 January plus one month is 28 or 29 February, never a day in March.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def deadline(sent_on: date, days: int) -> date:
    """Last day to pay: ``days`` after sending, moved on to a business day (rules § 4.3)."""
    return next_business_day(sent_on + timedelta(days=days))


def days_from(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` to ``last``, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@lru_cache(maxsize=64)
def calendar_rows(first: date, last: date) -> tuple[tuple[date, bool, date, int], ...]:
    """Rows for a table of days: day, is it a business day, the business day it moves on to, days in its year."""
    rows: list[tuple[date, bool, date, int]] = []
    following = next_business_day(last)
    for day in reversed(list(days_from(first, last))):
        business = is_business_day(day)
        following = day if business else following
        rows.append((day, business, following, year_days(day)))
    return tuple(reversed(rows))
