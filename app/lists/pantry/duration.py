"""How long what was bought lasts: a distribution learned from the intervals between purchases. Pure.

The logarithms of the intervals, each divided by how much was bought, are taken as normal, with a conjugate prior
(normal-inverse-gamma; Murphy, "Conjugate Bayesian analysis of the Gaussian distribution", 2007, section 3) that stands
for a few intervals of a household that isn't known yet. So one purchase already has an answer, an unsure one, and each
further one makes it the household's own. docs/decisions/0035-suggestions-and-pantry.md says how well that fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist, fmean, median
from typing import Final

from app.lists.pantry.histories import History, PurchaseDay
from app.quantities import Quantity

_PRIOR_DAYS: Final = 14.0
"""How long a thing lasts of which nothing is known."""

_PRIOR_INTERVALS: Final = 0.2
"""How many intervals the prior's mean counts for: little, because things last from days to seasons."""

_PRIOR_SPREAD: Final = 0.5
"""The standard deviation of logarithms that is expected at first: most things last between 60% and 165% of the
median."""

_PRIOR_SPREADS: Final = 4.0
"""How many intervals the prior's spread counts for."""

_MOST_RATIO: Final = 4.0
"""The most times the usual amount that a purchase counts for, and its inverse the least: a typing error is no stock."""

_OUTLIER: Final = log(4)
"""An interval that is longer or shorter than the median by more than this factor counts as being that far away: after a
holiday things don't last twice as long."""

_STANDARD: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Duration:
    """How many days an amount lasts: `mean` and `spread` of the logarithm."""

    mean: float
    spread: float

    @property
    def days(self) -> float:
        """The median."""
        return exp(self.mean)

    def times(self, ratio: float) -> "Duration":
        """Return how long so many times the amount lasts."""
        return Duration(self.mean + log(min(max(ratio, 1 / _MOST_RATIO), _MOST_RATIO)), self.spread)

    def survival(self, age: float) -> float:
        """Return the probability that something is left after `age` days."""
        if age <= 0:
            return 1.0
        return 1 - _STANDARD.cdf((log(age) - self.mean) / self.spread)

    def share_left(self, age: float) -> float:
        """Return the expected share that is left after `age` days, of what is used up evenly until it is gone.

        That is the expectation of 1 - age / duration where it is positive, of a log-normal duration.
        """
        if age <= 0:
            return 1.0
        score = (self.mean - log(age)) / self.spread
        share = _STANDARD.cdf(score) - age * exp(self.spread**2 / 2 - self.mean) * _STANDARD.cdf(score - self.spread)
        return min(max(share, 0.0), 1.0)


def learn_duration(history: History | None) -> Duration:
    """Return how long the usual amount of a thing lasts, from its intervals and the prior."""
    logarithms = [] if history is None else _logarithms(history)
    number = len(logarithms)
    middle = fmean(logarithms) if logarithms else 0.0
    weight = _PRIOR_INTERVALS + number
    off = middle - log(_PRIOR_DAYS) if logarithms else 0.0
    mean = (_PRIOR_INTERVALS * log(_PRIOR_DAYS) + number * middle) / weight
    squares = sum((each - middle) ** 2 for each in logarithms) + _PRIOR_INTERVALS * number / weight * off**2
    variance = (_PRIOR_SPREADS * _PRIOR_SPREAD**2 + squares) / (_PRIOR_SPREADS + number)
    # The mean itself is uncertain while there are few intervals.
    return Duration(mean, sqrt(variance * (1 + 1 / weight)))


def ratio_to_usual(quantity: Quantity | None, usual: Quantity | None) -> float:
    """Return how many times the usual amount another one is; 1 where they can't be compared."""
    if quantity is None or usual is None or quantity.measure != usual.measure:
        return 1.0
    return float(quantity.amount / usual.amount)


def _logarithms(history: History) -> list[float]:
    """Return the logarithms of how long the usual amount lasted each time, without what is far off."""
    usual = history.usual_quantity
    bought: Sequence[PurchaseDay] = history.days[1:]
    logarithms = [
        log(interval) - log(min(max(ratio_to_usual(each.quantity, usual), 1 / _MOST_RATIO), _MOST_RATIO))
        for interval, each in zip(history.intervals, bought, strict=True)
    ]
    if not logarithms:
        return []
    middle = median(logarithms)
    return [min(max(each, middle - _OUTLIER), middle + _OUTLIER) for each in logarithms]
