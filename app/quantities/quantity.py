"""Exact amounts: how they are made, added up and written."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from app.quantities.language import Unit, measure_of_word
from app.quantities.merge_key import merge_key
from app.quantities.units import UNITS, factor_of, find_unit

LARGEST: Final = Decimal(10) ** 11
STEP: Final = Decimal("0.000001")

_SUM_TOLERANCE: Final = Decimal("0.000005")
"""How far a sum may be from what was meant, after a few roundings to the sixth decimal."""

_SMALLEST_IN_PARTS: Final = Decimal("0.1")

_MANY: Final = 20
"""More spoons than this are shown in millilitres."""

_BASE: Final = {"mass": "g", "volume": "ml", "length": "cm"}
_FRACTION_TOLERANCE: Final = Decimal("0.00001")
_FRACTIONS_BELOW: Final = 100
_FRACTION_DENOMINATORS: Final = (3, 6, 8)
"""Denominators that read better than their decimals."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount, in the base unit of its measure (g, ml, cm, one piece, one pack), and the unit people used."""

    measure: str
    amount: Decimal
    unit: str | None

    def plus(self, other: "Quantity") -> "Quantity":
        """Return the sum of two amounts of one measure: 500 g + 1 kg = 1.5 kg, 3 TL + 1 EL = 2 EL."""
        total = self.amount + other.amount
        unit = _unit_of_sum(self.measure, total, self.unit, other.unit)
        total = _undo_rounding(total, *(factor_of(used) for used in (unit, other.unit, self.unit)))
        return Quantity(self.measure, total.quantize(STEP, ROUND_HALF_UP), unit)

    def times(self, factor: Decimal) -> "Quantity | None":
        """Return so many times the amount, in a unit that reads well: 600 g doubled are 1.2 kg. None if that is too
        little or too much to count."""
        total = (self.amount * factor).quantize(STEP, ROUND_HALF_UP)
        if not 0 < total <= LARGEST:
            return None
        product = Quantity(self.measure, total, _unit_of_sum(self.measure, total, self.unit, self.unit))
        return product if product.shown > 0 else None

    def in_unit(self, unit: Unit) -> "Quantity":
        """Return the same amount in another unit of its measure; itself where that is none, or far too large."""
        converted = Quantity(self.measure, self.amount, unit.symbol)
        return converted if unit.measure == self.measure and converted.shown > 0 else self

    def in_fitting_unit(self) -> "Quantity":
        """Return the same amount in the metric unit that reads best: 1500 g are 1.5 kg, 0.5 l are 500 ml.

        Spoons, pounds and packs stay what they are.
        """
        unit = UNITS.get(self.unit) if self.unit is not None else None
        if unit is None or unit.kind != "metric" or self.amount < 1:
            return self
        return self.in_unit(_grown(self.amount, UNITS[_BASE[self.measure]]))

    @property
    def shown(self) -> Decimal:
        """The amount in the unit people used."""
        return (self.amount / factor_of(self.unit)).quantize(STEP, ROUND_HALF_UP).normalize()

    @property
    def unit_word(self) -> str | None:
        """The unit as it stands beside the amount: `bottle` for one, `bottles` for two."""
        unit = UNITS.get(self.unit) if self.unit is not None else None
        plural = unit.plural if unit is not None and _takes_plural(self.amount / unit.factor, unit) else ""
        return plural or self.unit

    def __str__(self) -> str:
        """Write the amount as people do: `1.5 kg`, `2 Flaschen`, `1 1/3 cups`; never with an exponent."""
        unit = UNITS.get(self.unit) if self.unit is not None else None
        number = self.amount / unit.factor if unit is not None else self.amount
        digits = _format_fraction(number, unit) or _format_decimal(number, unit)
        word = self.unit_word
        return digits if word is None else f"{digits} {word}"


def make_quantity(number: Decimal, unit: str | None) -> Quantity | None:
    """Return an amount with its unit, or None if it is not above zero or is too large to count.

    A word in none of the tables is a pack word of its own: `2 amphoras` is two amphoras, and only they add up.
    """
    if not number.is_finite() or not 0 < number <= LARGEST:
        return None
    known = find_unit(unit)
    if known is not None:
        measure, factor = known.measure, known.factor
        symbol = None if known.kind == "number" else known.symbol
    else:
        measure, factor, symbol = measure_of_word(merge_key(unit)) if unit else "count", Decimal(1), unit
    quantity = Quantity(measure, (number * factor).quantize(STEP, ROUND_HALF_UP), symbol or None)
    return quantity if 0 < quantity.amount <= LARGEST and quantity.shown > 0 else None


def parse_amount(text: str) -> Quantity | None:
    """Return the amount of a text of a table: `375 g`."""
    number, _, unit = text.partition(" ")
    return make_quantity(Decimal(number), unit or None)


def find_size_unit(text: str) -> Unit | None:
    """Return the unit of weight, volume or length that a text names; None for any other text."""
    unit = find_unit(text)
    return unit if unit is not None and unit.measure in _BASE else None


def is_size(quantity: Quantity) -> bool:
    """Whether it is a weight, a volume or a length, as the size of a pack is."""
    return quantity.measure in _BASE


def _undo_rounding(amount: Decimal, *factors: Decimal) -> Decimal:
    """Return the nearest 24th of a unit if only rounding lies between: three thirds of a cup are one cup.

    `factors` are those of the possible units. 24ths of a milligram are too close together to tell apart.
    """
    for factor in (factor for factor in factors if factor >= _SMALLEST_IN_PARTS):
        parts = (amount / factor * 24).to_integral_value(ROUND_HALF_UP)
        nearest = parts * factor / 24
        if nearest > 0 and abs(nearest - amount) <= _SUM_TOLERANCE:
            return nearest
    return amount


def _unit_of_sum(measure: str, total: Decimal, one: str | None, other: str | None) -> str | None:
    """Return the unit for `total`: one of the two that people used, or a metric one if neither reads well.

    The larger unit is kept if it gives whole or quarter parts, then the smaller one, then the larger for its thirds;
    metric sums grow into kg, l and m.
    """
    ours, theirs = (UNITS.get(unit) if unit is not None else None for unit in (one, other))
    if measure not in _BASE or ours is None or theirs is None:
        return one or other
    larger, smaller = (theirs, ours) if theirs.factor > ours.factor else (ours, theirs)
    if larger.kind == smaller.kind == "metric":
        return _grown(total, larger).symbol
    if larger.factor == smaller.factor or _is_in_parts(total, larger, 4):
        return larger.symbol
    is_sayable = total / smaller.factor <= _MANY or larger.kind == smaller.kind == "imperial"
    if smaller.kind != "metric" and is_sayable and _is_in_parts(total, smaller, 4):
        return smaller.symbol
    if _is_in_parts(total, larger, 3):
        return larger.symbol
    return _grown(total, UNITS[_BASE[measure]]).symbol


def _grown(total: Decimal, unit: Unit) -> Unit:
    while unit.grows_to is not None and total >= UNITS[unit.grows_to].factor:
        unit = UNITS[unit.grows_to]
    return unit


def _is_in_parts(total: Decimal, unit: Unit, parts: int) -> bool:
    count = total / unit.factor * parts
    return abs(count.to_integral_value(ROUND_HALF_UP) - count) <= _SUM_TOLERANCE


def _takes_plural(number: Decimal, unit: Unit) -> bool:
    return number >= 2 if unit.language == "fr" else number > 1


def _format_fraction(number: Decimal, unit: Unit | None) -> str | None:
    """Return thirds and sixths, and eighths of non-metric units, as a fraction; None for other numbers."""
    if number >= _FRACTIONS_BELOW:
        return None
    for parts in (6,) if unit is not None and unit.kind == "metric" else (6, 8):
        nearest = Fraction(int((number * parts).to_integral_value(ROUND_HALF_UP)), parts)
        is_meant = abs(number - Decimal(nearest.numerator) / nearest.denominator) <= _FRACTION_TOLERANCE
        if is_meant and nearest.denominator in _FRACTION_DENOMINATORS:
            whole, rest = divmod(nearest.numerator, nearest.denominator)
            return f"{whole} {rest}/{nearest.denominator}" if whole else f"{rest}/{nearest.denominator}"
    return None


def _format_decimal(number: Decimal, unit: Unit | None) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-_decimal_places(number, unit)), ROUND_HALF_UP).normalize()
    return f"{rounded:f}"


def _decimal_places(number: Decimal, unit: Unit | None) -> int:
    """Return how many decimal places are worth writing.

    Never three for a small unit, because `1.125 g` can be read as more than a kilo (see `numbers`).
    """
    if number < 1:
        return 6
    if unit is None or unit.is_small:
        return 2
    return 6 if unit.kind == "metric" else 3
