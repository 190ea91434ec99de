"""Waits that grow with each failure, and failures that are forgiven with time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """The first `free` failures cost nothing; then the wait is `first`, and doubles up to `longest`.

    One failure is forgiven in each period of `forgiven`, so that nobody is locked out for ever.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgiven: timedelta

    def times(self, share: int) -> "Backoff":
        """Return the backoff of `share` subscribers together."""
        return replace(self, free=self.free * share, forgiven=self.forgiven / share)

    def wait(self, failures: int) -> timedelta:
        """Return how long to wait after that many failures in a row."""
        if failures <= self.free:
            return timedelta(0)
        doublings = min(failures - self.free - 1, MOST_DOUBLINGS)
        return min(self.first * 2**doublings, self.longest)

    def left(self, failures: int, since: datetime, now: datetime) -> int:
        """Return how many of the failures counted at `since` still count."""
        return max(0, failures - max(timedelta(0), now - since) // self.forgiven)

    @property
    def most(self) -> int:
        """The number of failures at which the wait is longest; more are not counted."""
        return next(each for each in range(self.free + 1, self.free + 64) if self.wait(each) == self.longest)
