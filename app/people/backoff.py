"""How much each failure slows down the next attempt, and for how long it counts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """The first `free` failures cost nothing; then the wait is `first`, twice as long, and so on up to `longest`.

    One failure is forgiven each `forgiven`, so that nobody is locked out for ever.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgiven: timedelta

    def times(self, share: int) -> "Backoff":
        """The pace of so many together."""
        return replace(self, free=self.free * share, forgiven=self.forgiven / share)

    def wait(self, failures: int) -> timedelta:
        """How long to wait after that many failures in a row."""
        if failures <= self.free:
            return timedelta(0)
        doublings = min(failures - self.free - 1, MOST_DOUBLINGS)
        return min(self.first * 2**doublings, self.longest)

    def left(self, failures: int, since: datetime, now: datetime) -> int:
        """How many of the failures counted at `since` still count."""
        return max(0, failures - max(timedelta(0), now - since) // self.forgiven)

    @property
    def most(self) -> int:
        """The number of failures from which on the wait grows no longer; more are not counted."""
        return next(failures for failures in range(self.free + 1, self.free + 64) if self._is_longest(failures))

    def _is_longest(self, failures: int) -> bool:
        return self.wait(failures) == self.longest
