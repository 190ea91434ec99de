"""Households that are made up, whose stock is known: what they buy, use up and have left on each day.

Each thing has a pack, a rate of use with noise from day to day, and a level below which somebody notices and buys it at
the next trip; trips are every few days, some things are forgotten, and now and then two packs are bought at once.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class MadeUpPurchase:
    """So many packs of a thing, bought on a day."""

    thing: str
    day: date
    packs: int


@dataclass(frozen=True, slots=True)
class MadeUpHousehold:
    """All that a household bought, in order, and on which days it had something of each thing in the evening."""

    purchases: Sequence[MadeUpPurchase]
    stocked: dict[str, Sequence[bool]]
    first_day: date
    days: int


def make_up_household(seed: int, first_day: date, purchases: int, things: int = 80) -> MadeUpHousehold:
    """Return a household that has made so many purchases."""
    chance = random.Random(seed)
    shelves = [_Shelf.make_up(f"thing {number}", chance) for number in range(things)]
    bought: list[MadeUpPurchase] = []
    stocked: dict[str, list[bool]] = {shelf.thing: [] for shelf in shelves}
    to_next_trip, day = 0, 0
    while len(bought) < purchases:
        on = first_day + timedelta(days=day)
        if to_next_trip == 0:
            for shelf in shelves:
                if packs := shelf.wanted():
                    shelf.stock += packs
                    bought.append(MadeUpPurchase(shelf.thing, on, packs))
            to_next_trip = chance.choice((1, 2, 2, 3, 3, 4, 7))
        to_next_trip -= 1
        for shelf in shelves:
            shelf.use()
            stocked[shelf.thing].append(shelf.stock > 0)
        day += 1
    return MadeUpHousehold(bought, {**stocked}, first_day, day)


@dataclass(slots=True)
class _Shelf:
    thing: str
    days_of_a_pack: float
    evenness: float
    level: float
    forgetfulness: float
    hoarding: float
    chance: random.Random
    stock: float = 0.0

    @classmethod
    def make_up(cls, thing: str, chance: random.Random) -> "_Shelf":
        """Return a shelf for a thing that lasts between three days and a season."""
        return cls(
            thing,
            days_of_a_pack=3 * (90 / 3) ** chance.random(),
            evenness=chance.uniform(0.3, 3),
            level=chance.choice((0.0, 0.0, 0.1, 0.2)),
            forgetfulness=chance.uniform(0, 0.3),
            hoarding=chance.choice((0.0, 0.0, 0.1, 0.2)),
            chance=chance,
        )

    def wanted(self) -> int:
        """Return how many packs are bought at a trip."""
        if self.stock > self.level or self.chance.random() < self.forgetfulness:
            return 0
        return 2 if self.chance.random() < self.hoarding else 1

    def use(self) -> None:
        """Use up something, or nothing, as a day has it."""
        self.stock = max(
            0.0, self.stock - self.chance.gammavariate(self.evenness, 1 / self.evenness) / self.days_of_a_pack
        )


def evenings(household: MadeUpHousehold, seed: int, number: int) -> Iterator[tuple[str, date, bool]]:
    """Yield so many things on days of the second half of the time, and whether something of it was there."""
    chance = random.Random(seed)
    things = sorted(household.stocked)
    for _ in range(number):
        thing, day = chance.choice(things), chance.randrange(household.days // 2, household.days)
        yield thing, household.first_day + timedelta(days=day), household.stocked[thing][day]
