"""Months as a household lives them: in its time zone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def month_starts(first: datetime, last: datetime, zone: ZoneInfo) -> Sequence[datetime]:
    """Return the moment at which each month begins, from that of `first` to that of `last`.

    They are counted here and not in the database, which may know other time zones.
    """
    start, end = first.astimezone(zone), last.astimezone(zone)
    day = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    starts: list[datetime] = []
    while (day.year, day.month) <= (end.year, end.month):
        starts.append(day.astimezone(UTC))
        day = (day + timedelta(days=32)).replace(day=1)
    return starts


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """Return the month of a moment: `2026-11`."""
    return f"{moment.astimezone(zone):%Y-%m}"
