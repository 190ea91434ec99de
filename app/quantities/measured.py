"""A number with a unit before a name: `2 kg flour`, `1 heaped tbsp cocoa`, `1 cup plus 2 tbsp flour`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from app.quantities.amounts import (
    Reading,
    UnitMatch,
    amount_of,
    is_of,
    read_descriptions,
    read_full_size,
    read_more,
    read_name_start,
    read_other_measure,
    read_size,
    read_unit,
)
from app.quantities.line import Line, read_parenthesis
from app.quantities.names import begins_measured_name, make_reading
from app.quantities.numbers import Number, read_fraction_after_unit, read_part
from app.quantities.packs import read_content, read_sized_packs
from app.quantities.quantity import make_quantity
from app.quantities.units import LENGTHS
from app.quantities.vocabulary import ADJECTIVES, OF, ONE

_BEFORE_PACKS: Final = frozenset({*LENGTHS, *ADJECTIVES, "/", "("})
"""What may stand between the size of a pack and the pack, and the beginnings of packs."""


def read_measured(line: Line, number: Number, first: int) -> Reading | None:
    """Read a line with a number that begins at `first`, and its unit; None for any other line."""
    index = number.end
    if number.is_fraction and line.is_word(index, OF):
        # `un cuarto de kilo`, `half of a pound`
        index += 2 if line.is_word(index + 1, ONE) else 1
    notes, start = read_descriptions(line, index)
    found = read_unit(line, start, number.value)
    if found is None:
        return None
    following = line.at(found.end)
    if following is not None and not found.unit.is_thing and following.key in _BEFORE_PACKS:
        packs = read_sized_packs(line, read_full_size(line, first), Decimal(1), counted=False)
        if packs is not None:
            return packs
    reading = read_after_unit(line, found, amount_of(number, found.unit), notes)
    return reading or _standing_alone(line, found, index, number.value)


def read_after_unit(line: Line, found: UnitMatch, value: Decimal, notes: Sequence[str] = ()) -> Reading | None:
    """Read what follows a unit: a further amount, the size of a pack, and the name."""
    end = found.end
    part = read_part(line, end) or _fraction(line, found, end)
    if part is not None:
        value, end = value + part[0], part[1]
    quantity = make_quantity(value, found.unit.symbol)
    if quantity is None:
        return None
    if found.unit.is_thing:
        note, end = _with_parenthesis(line, end)
        content, end = read_content(line, found.unit, end)
        notes = *notes, content or "", note or ""
    else:
        comma = line.glued(end)
        if comma is not None and comma.is_sign(","):
            end += 1  # `2 kg, flour`
        quantity, end = read_more(line, quantity, end)
    other = read_other_measure(line, end)
    more, name = read_name_start(line, other.end if other is not None else end)
    if not begins_measured_name(line, name):
        return None
    return make_reading(line, name, quantity, *notes, other and other.text, *more)


def _fraction(line: Line, found: UnitMatch, index: int) -> tuple[Decimal, int] | None:
    """Return the fraction in `1 litre 1/2 de lait`, and the index after it; not in `1 can 1/2 inch nails`."""
    fraction = None if found.unit.is_thing else read_fraction_after_unit(line, index)
    return fraction if fraction is not None and is_of(line, fraction[1]) else None


def _with_parenthesis(line: Line, index: int) -> tuple[str | None, int]:
    """Return the text in parentheses before the size of a pack, and the index after it."""
    note, end = read_parenthesis(line, index)
    return (note, end) if note is not None and read_size(line, end) is not None else (None, index)


def _standing_alone(line: Line, found: UnitMatch, index: int, value: Decimal) -> Reading | None:
    """`2 Flaschen` and nothing else: the bottles are the thing to buy."""
    if found.end < len(line) or not found.unit.is_thing:
        return None
    return make_reading(line, index, make_quantity(value, None))
