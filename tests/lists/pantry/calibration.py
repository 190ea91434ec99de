"""How right the pantry is: its probabilities beside the truth, on evenings of households whose stock is known.

`python -m tests.lists.pantry.calibration` prints what docs/decisions/0035-suggestions-and-pantry.md says.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo

from app.lists.pantry.histories import DAYS_OF_A_THING, DAYS_REMEMBERED, History, PurchaseDay
from app.lists.pantry.holdings import Today, estimate
from app.quantities import Quantity
from tests.lists.pantry.household import MadeUpHousehold, MadeUpPurchase, evenings, make_up_household

FIRST_DAY: Final = date(2023, 1, 1)
PURCHASES: Final = 10_000
BINS: Final = 10
_ZONE: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Answer:
    """The probability that was given, what was true, and on how many days the thing had been bought by then."""

    probability: float
    is_there: bool
    times: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with about the same probability: how many, its mean, and how often the thing was there."""

    number: int
    said: float
    true: float


def answers(household: MadeUpHousehold, seed: int, number: int) -> Iterator[Answer]:
    """Yield what the pantry says on so many evenings, and what was true."""
    bought: dict[str, list[MadeUpPurchase]] = defaultdict(list)
    for each in household.purchases:
        bought[each.thing].append(each)
    for thing, day, is_there in evenings(household, seed, number):
        history = history_of(bought[thing], day)
        if history is not None:
            now = datetime.combine(day, time(21), UTC)
            yield Answer(estimate(history, None, Today(now, _ZONE)).confidence, is_there, history.times)


def history_of(bought: Sequence[MadeUpPurchase], day: date) -> History | None:
    """Return the history of a thing as it was known on the evening of a day; None if nothing was."""
    known = [each for each in bought if day - timedelta(days=DAYS_REMEMBERED) < each.day <= day][::-1]
    if not known:
        return None
    days = [PurchaseDay(each.day, Quantity("count", Decimal(each.packs), None)) for each in known[:DAYS_OF_A_THING]]
    last_at = datetime.combine(known[0].day, time(12), UTC)
    return History(known[0].thing, known[0].thing, None, len(known), last_at, days)


def brier_score(found: Iterable[Answer]) -> float:
    """Return the mean squared distance from the truth (Brier, 1950): 0 is always right, 0.25 is tossing a coin."""
    return fmean((each.probability - each.is_there) ** 2 for each in found)


def bins_of(found: Iterable[Answer]) -> list[Bin]:
    """Return the answers by tenths of the probability."""
    by_tenth: dict[int, list[Answer]] = defaultdict(list)
    for each in found:
        by_tenth[min(int(each.probability * BINS), BINS - 1)].append(each)
    return [
        Bin(len(each), fmean(one.probability for one in each), fmean(one.is_there for one in each))
        for _, each in sorted(by_tenth.items())
    ]


def calibration_error(found: Sequence[Answer]) -> float:
    """Return how far, on average, what is said is from how often it is true."""
    return sum(each.number * abs(each.said - each.true) for each in bins_of(found)) / len(found)


def main() -> None:
    """Print the figures of ten households."""
    found = [
        each
        for seed in range(1, 11)
        for each in answers(make_up_household(seed, FIRST_DAY, PURCHASES), seed, number=10_000)
    ]
    usually = fmean(each.is_there for each in found)
    print(f"answers: {len(found):,}; there: {usually:.3f}")
    print(f"Brier score: {brier_score(found):.4f}; always saying {usually:.2f}: {usually * (1 - usually):.4f}")
    print(f"calibration error: {calibration_error(found):.4f}")
    few = [each for each in found if each.times <= 3]
    print(f"bought up to three times: {len(few):,} answers, Brier score {brier_score(few):.4f}")
    print("| said | answers | mean | true |\n|---|---|---|---|")
    for each in bins_of(found):
        print(f"| {int(each.said * BINS) * 10}% | {each.number:,} | {each.said:.2f} | {each.true:.2f} |")


if __name__ == "__main__":
    main()
