"""Writing an amount the way people do: `1.5 kg`, `2 Flaschen`, `1 1/3 cups`; never an exponent, never a float."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from app.quantities.language import Unit
from app.quantities.units import UNITS

_ROUNDING: Final = Decimal("0.00001")
_FRACTIONS_BELOW: Final = 100
_ODD_PARTS: Final = (3, 6, 8)
"""Denominators that read better than their decimals."""


def written(amount: Decimal, unit: str | None) -> str:
    """An amount in base units as text, in its unit: the number with a point, and the word in its number.

    What decimals say badly is a fraction: thirds and sixths, and eighths of what is no metric unit.
    """
    known = UNITS.get(unit) if unit is not None else None
    number = amount / known.factor if known is not None else amount
    digits = _fraction(number, known) or _decimal(number, known)
    if unit is None:
        return digits
    return (
        f"{digits} {known.plural or unit}" if known is not None and _is_several(number, known) else f"{digits} {unit}"
    )


def _is_several(number: Decimal, unit: Unit) -> bool:
    return number >= 2 if unit.language == "fr" else number > 1


def _fraction(number: Decimal, unit: Unit | None) -> str | None:
    if number >= _FRACTIONS_BELOW:
        return None
    for parts in (6,) if unit is not None and unit.kind == "metric" else (6, 8):
        nearest = Fraction(int((number * parts).to_integral_value(ROUND_HALF_UP)), parts)
        is_meant = abs(number - Decimal(nearest.numerator) / nearest.denominator) <= _ROUNDING
        if is_meant and nearest.denominator in _ODD_PARTS:
            whole, rest = divmod(nearest.numerator, nearest.denominator)
            return f"{whole} {rest}/{nearest.denominator}" if whole else f"{rest}/{nearest.denominator}"
    return None


def _decimal(number: Decimal, unit: Unit | None) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-_places(number, unit)), ROUND_HALF_UP).normalize()
    return f"{rounded:f}"


def _places(number: Decimal, unit: Unit | None) -> int:
    """How many decimals are worth writing.

    Of a small unit never three, because `1.125 g` may be read as more than a kilo (see `numbers`).
    """
    if number < 1:
        return 6
    if unit is None or unit.is_small:
        return 2
    return 6 if unit.kind == "metric" else 3
