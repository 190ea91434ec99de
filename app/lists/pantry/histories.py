"""When and how much of a thing a household bought: what its rhythm, and what is probably left, are read from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.quantities import Quantity

DAYS_REMEMBERED: Final = 400
"""How far back purchases count: a year and a month, so that a household that changes its habits is understood soon."""

PURCHASES_READ: Final = 20_000
"""The most purchases of that time that count, the latest; fifty on each day."""

NAMES_READ: Final = 2_000
"""The most things of a household, those bought last."""

NAMES_LOOKED_AT: Final = 10_000
"""The most names among which those are found that were bought in that time."""

DAYS_OF_A_THING: Final = 13
"""The most days on which one thing was bought that its rhythm is read from, the latest: twelve intervals."""


@dataclass(frozen=True, slots=True)
class PurchaseDay:
    """A day on which a thing was bought, in the household's time zone, and how much of it; None where that isn't known,
    or in two measures."""

    day: date
    quantity: Quantity | None


@dataclass(frozen=True, slots=True)
class History:
    """A thing by its latest name and store. `times` is on how many days it was bought, `last_at` when it was bought
    last, and `days` are the latest of these days, the last one first."""

    name_key: str
    name: str
    store: str | None
    times: int
    last_at: datetime
    days: Sequence[PurchaseDay]

    @property
    def last(self) -> PurchaseDay:
        """The day on which it was bought last."""
        return self.days[0]

    @property
    def intervals(self) -> list[int]:
        """The days from each of the purchases to the next one, the last first."""
        return [(later.day - earlier.day).days for later, earlier in zip(self.days, self.days[1:], strict=False)]

    @property
    def usual_quantity(self) -> Quantity | None:
        """The amount that was bought most often; of several, the one bought last."""
        amounts = Counter(each.quantity for each in self.days if each.quantity is not None)
        return max(amounts, key=amounts.__getitem__, default=None)


def first_day(now: datetime) -> datetime:
    """Return when the time begins in which purchases count."""
    return now - timedelta(days=DAYS_REMEMBERED)
