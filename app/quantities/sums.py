"""The unit in which a sum is shown."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.quantities.language import Unit
from app.quantities.units import UNITS

ROUNDING: Final = Decimal("0.000005")
"""How far an amount may be from what was meant, after a few roundings to the sixth decimal."""

_SMALLEST_IN_PARTS: Final = Decimal("0.1")

_MANY: Final = 20
"""More spoons than this are said in millilitres."""

_BASE: Final = {"mass": "g", "volume": "ml", "length": "cm"}


def even(amount: Decimal, *factors: Decimal) -> Decimal:
    """`amount`, or the nearest 24th of a unit where only rounding is between: three thirds of a cup are one.

    `factors` are those of the units that may be meant. 24ths of a milligram are too near one another to tell.
    """
    for factor in (factor for factor in factors if factor >= _SMALLEST_IN_PARTS):
        parts = (amount / factor * 24).to_integral_value(ROUND_HALF_UP)
        nearest = parts * factor / 24
        if abs(nearest - amount) <= ROUNDING:
            return nearest
    return amount


def unit_of_sum(measure: str, total: Decimal, one: str | None, other: str | None) -> str | None:
    """The unit for `total`, out of the two that people used, or a metric one where neither gives a readable number.

    The larger unit is kept where it gives whole or quarter parts, then the smaller one, then the larger for its
    thirds; metric sums grow into kg, l and m.
    """
    ours, theirs = _known(one), _known(other)
    if measure not in _BASE or ours is None or theirs is None:
        return one or other
    larger, smaller = (theirs, ours) if theirs.factor > ours.factor else (ours, theirs)
    if larger.kind == smaller.kind == "metric":
        return _grown(total, larger).symbol
    if larger.factor == smaller.factor or _has_parts(total, larger, 4):
        return larger.symbol
    is_said = total / smaller.factor <= _MANY or larger.kind == smaller.kind == "imperial"
    if smaller.kind != "metric" and is_said and _has_parts(total, smaller, 4):
        return smaller.symbol
    if _has_parts(total, larger, 3):
        return larger.symbol
    return _grown(total, UNITS[_BASE[measure]]).symbol


def _known(unit: str | None) -> Unit | None:
    return UNITS.get(unit) if unit is not None else None


def _grown(total: Decimal, unit: Unit) -> Unit:
    while unit.grows_to is not None and total >= UNITS[unit.grows_to].factor:
        unit = UNITS[unit.grows_to]
    return unit


def _has_parts(total: Decimal, unit: Unit, parts: int) -> bool:
    """Whether the total is so many whole parts of the unit."""
    count = total / unit.factor * parts
    return abs(count.to_integral_value(ROUND_HALF_UP) - count) <= ROUNDING
