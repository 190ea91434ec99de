"""What might be put on a list, and why."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.lists.pantry.histories import History
from app.lists.pantry.holdings import Holding
from app.quantities import Quantity

SuggestionKind = Literal["frequent", "due", "goes_with", "recent", "low_stock"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A thing that might be bought, with the reason in words, and how much of it and where it usually is.

    `score` says how likely it is wanted, from 0 to 1, and orders those of one kind; `every_days` is the median of its
    intervals, None for too few purchases, and `last_bought` is None for what was never bought. `times` is on how many
    days it was bought, `beside` what on the list it goes with, and `holding` what is at home of what runs low.
    """

    name_key: str
    name: str
    kind: SuggestionKind
    reason: str
    score: float
    quantity: Quantity | None
    store: str | None
    last_bought: date | None
    every_days: int | None
    times: int = 0
    beside: str | None = None
    holding: Holding | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A thing that was bought on `together` of the `seed_days` days on which `seed` was bought, and on `own_days` of
    all `all_days` days."""

    seed: str
    name_key: str
    together: int
    seed_days: int
    own_days: int
    all_days: int

    @property
    def gain(self) -> float:
        """How much likelier it is because of the other thing; of few days, less than they say."""
        return self.together / (self.seed_days + _DOUBTFUL_DAYS) - self.own_days / self.all_days


_DOUBTFUL_DAYS = 2
"""Days without it that are added to those that were seen."""


@dataclass(frozen=True, slots=True)
class OpenName:
    """A name that is open on a list."""

    name_key: str
    name: str


def suggestion_of(
    history: History, kind: SuggestionKind, reason: str, score: float, every_days: int | None
) -> Suggestion:
    """Return a suggestion of a thing that was bought before."""
    return Suggestion(
        name_key=history.name_key,
        name=history.name,
        kind=kind,
        reason=reason,
        score=score,
        quantity=history.usual_quantity,
        store=history.store,
        last_bought=history.last.day,
        every_days=every_days,
        times=history.times,
    )
