"""Amounts for more or fewer servings, exactly, and as shops sell them. Pure."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from app.quantities import LARGEST, Quantity, factor_of
from app.quantities.quantity import STEP, is_size
from app.recipes.models import Recipe, RecipeLine

_LARGEST_DENOMINATOR: Final = 100
_HALF_A_STEP: Final = Fraction(STEP) / 2


def scale(quantity: Quantity, factor: Fraction) -> Quantity | None:
    """Return `factor` times an amount, rounded to the sixth decimal; None if that is nothing or too much to count."""
    if factor == 1:
        return quantity
    scaled = _quantity(quantity, exact_amount(quantity) * factor)
    return None if scaled is None else scaled.in_fitting_unit()


def scale_for_shop(quantity: Quantity, factor: Fraction) -> Quantity | None:
    """Return what `scale` does as shops sell it: pieces and packs rounded up, weights, volumes and lengths as they
    are."""
    if is_size(quantity):
        return scale(quantity, factor)
    of_unit = Fraction(factor_of(quantity.unit))
    return _quantity(quantity, ceil(exact_amount(quantity) * factor / of_unit) * of_unit)


def scaled_lines(recipe: Recipe, factor: Fraction) -> list[RecipeLine]:
    """Return the lines of a recipe for more or fewer servings, to cook by: exactly, and without an amount where that
    would be nothing, or too much to count."""
    return [
        RecipeLine(line.name, None if line.quantity is None else scale(line.quantity, factor), line.note)
        for line in recipe.lines
    ]


def exact_amount(quantity: Quantity) -> Fraction:
    """Return the amount that was meant: a third is stored as 0.333333, and for three times as many people it is one."""
    stored = Fraction(quantity.amount)
    meant = stored.limit_denominator(_LARGEST_DENOMINATOR)
    return meant if abs(meant - stored) <= _HALF_A_STEP else stored


def _quantity(like: Quantity, exact: Fraction) -> Quantity | None:
    amount = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(STEP, ROUND_HALF_UP)
    made = Quantity(like.measure, amount, like.unit)
    return made if 0 < amount <= LARGEST and made.shown > 0 else None
