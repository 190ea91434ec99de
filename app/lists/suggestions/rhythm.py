"""How regularly a thing is bought, and when it is due again. Pure."""

from dataclasses import dataclass
from datetime import date
from statistics import fmean, median, pstdev
from typing import Final

from app.lists.pantry.histories import History

FEWEST_INTERVALS: Final = 2
"""From three days of purchases on, a thing has a rhythm."""

_GIVEN_UP: Final = 3
"""What wasn't bought for so many times its longest interval is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The median of the intervals between purchases, the longest one, and how regular they are: 1 if they are equal,
    0.5 if they deviate by as much as they are long."""

    every: float
    longest: int
    regularity: float

    @property
    def every_days(self) -> int:
        """The median in whole days."""
        return max(round(self.every), 1)


def rhythm_of(history: History) -> Rhythm | None:
    """Return the rhythm of a thing; None where it was bought too seldom for one."""
    intervals = history.intervals
    if len(intervals) < FEWEST_INTERVALS:
        return None
    return Rhythm(median(intervals), max(intervals), 1 / (1 + pstdev(intervals) / fmean(intervals)))


def days_since(history: History, today: date) -> int:
    """Return how many days ago a thing was bought last."""
    return (today - history.last.day).days


def is_given_up(history: History, rhythm: Rhythm, today: date) -> bool:
    """Whether a thing was not bought for so long that nobody misses it."""
    return days_since(history, today) > _GIVEN_UP * rhythm.longest


def is_due(history: History, rhythm: Rhythm, today: date) -> bool:
    """Whether the usual time since the last purchase is over, and not for too long."""
    return days_since(history, today) >= rhythm.every and not is_given_up(history, rhythm, today)


def times_in_words(history: History, rhythm: Rhythm | None, today: date) -> str:
    """Return how often a thing is bought: `bought 9 times, every 6 days, last 8 days ago`."""
    times = "once" if history.times == 1 else f"{history.times} times"
    return ", ".join(
        each
        for each in (
            f"bought {times}",
            None if rhythm is None else "every day" if rhythm.every_days == 1 else f"every {rhythm.every_days} days",
            f"last {ago_in_words(days_since(history, today))}",
        )
        if each is not None
    )


def ago_in_words(days: int) -> str:
    """Return how long ago something was: `today`, `yesterday`, `8 days ago`."""
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"
