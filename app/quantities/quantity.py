"""An exact amount: how it is made, added up and written."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.quantities.language import measure_of_word
from app.quantities.merge_key import merge_key
from app.quantities.sums import even, unit_of_sum
from app.quantities.units import factor_of, unit_called
from app.quantities.writing import written

LARGEST: Final = Decimal(10) ** 11
STEP: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount, in the base unit of its measure (g, ml, cm, one piece, one pack), and the unit people used."""

    measure: str
    amount: Decimal
    unit: str | None

    def plus(self, other: "Quantity") -> "Quantity":
        """The sum of two amounts of one measure, in a unit that suits it: 500 g + 1 kg = 1.5 kg, 3 TL + 1 EL = 2 EL."""
        total = self.amount + other.amount
        unit = unit_of_sum(self.measure, total, self.unit, other.unit)
        total = even(total, *(factor_of(used) for used in (unit, other.unit, self.unit)))
        return Quantity(self.measure, total.quantize(STEP, ROUND_HALF_UP), unit)

    @property
    def shown(self) -> Decimal:
        """The amount in the unit people used."""
        return (self.amount / factor_of(self.unit)).quantize(STEP, ROUND_HALF_UP).normalize()

    def __str__(self) -> str:
        return written(self.amount, self.unit)


def make_quantity(number: Decimal, unit: str | None) -> Quantity | None:
    """An amount with its unit, or None when it is not above zero or beyond counting.

    A word that is no unit of the tables is a pack word of its own: `2 amphoras` is two amphoras, and only they add up.
    """
    if not number.is_finite() or not 0 < number <= LARGEST:
        return None
    known = unit_called(unit)
    if known is not None:
        measure, factor = known.measure, known.factor
        symbol = None if known.kind == "dozen" else known.symbol
    else:
        measure, factor, symbol = measure_of_word(merge_key(unit)) if unit else "count", Decimal(1), unit
    quantity = Quantity(measure, (number * factor).quantize(STEP, ROUND_HALF_UP), symbol or None)
    return quantity if 0 < quantity.amount <= LARGEST and quantity.shown > 0 else None


def is_size(quantity: Quantity) -> bool:
    """Whether it is a weight, a volume or a length, as the size of one pack is."""
    return quantity.measure in ("mass", "volume", "length")
