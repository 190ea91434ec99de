"""Dates and times in the language of the visit, and in a time zone that the caller names."""

from datetime import date, datetime, tzinfo

from markupsafe import Markup

from app.ui.languages import current_visit

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


def _local(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment if zone is None else moment.astimezone(zone)


def _element(moment: datetime | date, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)
