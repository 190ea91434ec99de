"""What a cup of common foods weighs, so that cups and grams of one thing can be counted together.

The numbers in `foods.csv` are grams in a cup of the United States. Each was compared with the household measures of
the USDA's Standard Reference, release 28 (its file WEIGHT.txt; now SR Legacy, in FoodData Central), for the food whose
number there stands in the column `ndb`: brown sugar is packed, cheddar shredded, coconut flaked, cornmeal whole-grain.
The 38 foods that King Arthur Baking's weight chart has as well were compared with it, too. It is within 10% but for
cornstarch (112 g there), cornmeal (138) and rolled oats (99). docs/quantities.md says more. They are good for shopping,
not for baking: a cup of flour weighs 115 g sifted and 140 g packed.
"""

import csv
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Final

from app.quantities.merge_key import merge_key
from app.quantities.quantity import STEP, Quantity, make_quantity

LANGUAGES: Final = ("en", "de", "fr", "es")
FILE: Final = Path(__file__).with_name("foods.csv")
_MASS: Final = "mass"
_VOLUME: Final = "volume"
_GRAM: Final = Decimal(1)


@cache
def grams_of_cups() -> Mapping[str, Decimal]:
    """Return how many grams a cup has, by the key of a food's name."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            merge_key(name): Decimal(row["grams"])
            for row in csv.DictReader(file)
            for language in LANGUAGES
            for name in row[language].split("|")
        }


@cache
def _cup() -> Decimal:
    """Return the millilitres of a cup as amounts are stored."""
    cup = make_quantity(Decimal(1), "cup")
    assert cup is not None  # noqa: S101  # it is in the table of units
    return cup.amount


def in_grams(name_key: str, quantity: Quantity) -> Quantity | None:
    """Return what so much of a food weighs, in whole grams and at least one; the same if it is a weight. None for what
    nobody knows the weight of, or that is no volume."""
    if quantity.measure == _MASS:
        return quantity
    grams = grams_of_cups().get(name_key)
    if grams is None or quantity.measure != _VOLUME:
        return None
    weight = max((quantity.amount / _cup() * grams).quantize(_GRAM, ROUND_HALF_UP), _GRAM)
    return Quantity(_MASS, weight.quantize(STEP), "g")
