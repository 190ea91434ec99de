"""Lists on a terminal."""

from collections.abc import Sequence
from datetime import date, datetime


def print_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows below their names, each column as wide as its longest entry."""
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        print("  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)).rstrip())


def in_minutes(moment: datetime) -> str:
    """A moment as `2026-12-24T18:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def day_or_never(day: date | None) -> str:
    """The day of a last use."""
    return "never" if day is None else day.isoformat()
