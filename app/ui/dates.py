"""Dates and times in the language of the visit, and in a time zone that the caller names."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from markupsafe import Markup

from app.ui.languages import current_visit

_UNITS_FROM: Final = 2
"""A duration is in weeks from so many weeks on, and in months from so many months on."""

# Babel's dates are loaded with the first page that shows one: many processes never do.


def date_element(moment: datetime | date, zone: tzinfo | None = None) -> Markup:
    """Return a day as a `time` element; of a moment, the day that it is in `zone`, or in its own zone."""
    from babel.dates import format_date

    day = _local(moment, zone).date() if isinstance(moment, datetime) else moment
    return _element(moment, format_date(day, "medium", locale=current_visit().language))


def time_element(moment: datetime, zone: tzinfo | None = None, *, zone_named: bool = False) -> Markup:
    """Return a day and a time to the minute as a `time` element, on request with the name of the zone."""
    from babel.dates import format_date, format_time

    local, language = _local(moment, zone), current_visit().language
    text = f"{format_date(local.date(), 'medium', locale=language)}, {format_time(local, 'short', locale=language)}"
    return _element(moment, f"{text} {local.tzname()}" if zone_named else text)


def day_text(day: date) -> str:
    """Return a day as a text: `20 Nov 2026`."""
    from babel.dates import format_date

    return format_date(day, "medium", locale=current_visit().language)


def weekday_text(day: date) -> str:
    """Return a day with its weekday, without its year: `Monday, November 30`."""
    from babel.dates import format_date, format_skeleton

    language = current_visit().language
    return f"{format_date(day, 'EEEE', locale=language)}, {format_skeleton('MMMMd', day, locale=language)}"


def month_name(month: str) -> str:
    """Return a month such as `2026-11` in words: `November 2026`."""
    from babel.dates import format_date

    return format_date(date.fromisoformat(f"{month}-01"), "LLLL y", locale=current_visit().language)


def duration_text(days: float) -> str:
    """Return how long something lasts, roughly: `9 days`, `3 weeks`, `4 months`."""
    from babel.dates import format_timedelta

    return format_timedelta(
        timedelta(days=days), granularity="day", threshold=_UNITS_FROM, locale=current_visit().language
    )


def _local(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment if zone is None else moment.astimezone(zone)


def _element(moment: datetime | date, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)
