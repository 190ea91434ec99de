"""An amount after the name: `flour 500g`, `Milch x3`, `eggs, 12`, `Wasser 6 x 1,5 l`."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from app.quantities.amounts import Reading, read_amount, read_more, read_other_measure, read_size, read_unit
from app.quantities.line import Line, is_times
from app.quantities.numbers import (
    Number,
    begins_number,
    find_about_before,
    read_fraction_after_unit,
    read_number,
    read_part,
    skip_about,
)
from app.quantities.packs import read_content
from app.quantities.quantity import Quantity, is_size, make_quantity
from app.quantities.units import UNITS, find_unit
from app.quantities.vocabulary import EACH

_LONGEST: Final = 16
"""More tokens than any amount has: only the end of a long line is searched for one."""

_SEPARATORS: Final = ",:;-–—="
_DASHES: Final = "-–—"
_LINKS: Final = EACH | {"à"}

_IN_NAMES: Final = re.compile("[^\\W\\d_]|[\u2001-\U0010ffff]")
"""A letter or an emoji, without which nothing is a name."""

_SMALLEST_SIZE: Final = 1
"""In grams, millilitres or centimetres: `ibuprofen 200 mg` is a dose, not a pack."""

_MOST_IN_PARENTHESES: Final = 99
"""A larger number without a unit is no count: `Mehl (405)`."""


def read_trailing(line: Line) -> Reading | None:
    """Read a line that ends with its amount; None for any other line.

    A bare number counts only after a comma, a colon or a dash: `E 330` and `Mehl Type 405` are names.
    """
    number: Number | None = None
    for index in _starts(line):
        if number is not None and index < number.end:
            continue  # the fraction of a mixed number: `4x 1 1/2 cups` doesn't end with half a cup
        number = read_number(line, index)
        reading = _amount(line, index, number) or _listed(line, index, number)
        name = None if reading is None else _name_before(line, find_about_before(line, index), reading[0])
        if reading is not None and name is not None:
            return Reading(name, *reading)
    return None


def read_trailing_size(line: Line) -> Reading | None:
    """Read a counted name that ends with the size of each: `Cola 1,5 l`, `Tomaten à 400 g`."""
    for index in _starts(line):
        size = read_size(line, index)
        if size is None or size.end < len(line) or size.quantity.amount < _SMALLEST_SIZE:
            continue
        name = _name_before(line, index, size.quantity)
        if name is not None:
            return Reading(name, size.quantity, size.text)
    return None


def read_amount_alone(line: Line) -> Quantity | None:
    """Return the amount that is all of the text in parentheses: `500 g`, `x2`, `12`."""
    start = skip_about(line, 0)
    number = read_number(line, start)
    reading = _amount(line, start, number)
    if reading is not None:
        return reading[0] if reading[1] is None else None
    is_count = number is not None and number.end == len(line) and number.value <= _MOST_IN_PARENTHESES
    return make_quantity(number.value, None) if number is not None and is_count else None


def read_number_word(text: str) -> Quantity | None:
    """Return what a word such as `dozen` counts; None for any other text."""
    unit = find_unit(text)
    is_number = unit is not None and unit.kind == "number" and unit.factor > 1
    return make_quantity(unit.factor, None) if unit is not None and is_number else None


def _starts(line: Line) -> Iterator[int]:
    for index in range(max(1, len(line) - _LONGEST), len(line)):
        if begins_number(line.tokens[index]) or is_times(line, index):
            yield index


def _amount(line: Line, index: int, number: Number | None) -> tuple[Quantity, str | None] | None:
    """Return the amount with a unit or an x that fills the rest of the line, and the size of each.

    `number` is the one at the index.
    """
    if number is None:
        return _times(line, index + 1) if is_times(line, index) else None
    if not is_times(line, number.end):
        return _measured(line, index)
    count = make_quantity(number.for_small_unit(), None)
    if number.end + 1 == len(line):
        return _with_note(count)
    size = read_size(line, number.end + 1)
    if size is None or size.end == len(line):
        return _with_note(count, size.text) if size is not None else None
    pack = read_unit(line, size.end, number.value)  # `tomatoes, 2 x 400g tins`
    if pack is None or not pack.unit.takes_size or pack.end < len(line):
        return None
    return _with_note(make_quantity(number.for_small_unit(), pack.unit.symbol), size.text)


def _times(line: Line, index: int) -> tuple[Quantity, str | None] | None:
    """Return the count after an x: `x3`, `x12 pouches`."""
    number = read_number(line, index)
    if number is None:
        return None
    if number.end == len(line):
        return _with_note(make_quantity(number.for_small_unit(), None))
    counted = _measured(line, index)
    return counted if counted is not None and not is_size(counted[0]) else None


def _measured(line: Line, index: int) -> tuple[Quantity, str | None] | None:
    """Return the amount with a unit that fills the rest of the line, and the size of a pack or another measure."""
    quantity, end = read_amount(line, index)
    if quantity is None or end == len(line):
        return _with_note(quantity)
    if is_size(quantity):
        pack = read_unit(line, end, Decimal(1))  # `chickpeas 400g tin`
        if pack is not None and pack.unit.takes_size and pack.end == len(line):
            return _with_note(make_quantity(Decimal(1), pack.unit.symbol), line.between(index, end))
        part = read_part(line, end) or read_fraction_after_unit(line, end)
        more = make_quantity(part[0], quantity.unit) if part is not None and part[1] == len(line) else None
        if more is not None:
            return _with_note(quantity.plus(more))
        quantity, end = read_more(line, quantity, end)
        if end == len(line):
            return _with_note(quantity)
        other = read_other_measure(line, end)
        return _with_note(quantity, other.text) if other is not None and other.end == len(line) else None
    unit = UNITS.get(quantity.unit) if quantity.unit is not None else None
    note, end = read_content(line, unit, end) if unit is not None else (None, end)
    return _with_note(quantity, note) if note is not None and end == len(line) else None


def _listed(line: Line, index: int, number: Number | None) -> tuple[Quantity, str | None] | None:
    """`eggs, 12`, `eggs: 12`, `eggs - 12`."""
    mark = line.at(index - 1)
    if number is None or number.end != len(line) or mark is None or not line.tokens[index].spaced:
        return None
    is_listed = mark.is_sign(_DASHES) if mark.spaced else mark.is_sign(",:")
    return _with_note(make_quantity(number.for_small_unit(), None)) if is_listed else None


def _with_note(quantity: Quantity | None, note: str | None = None) -> tuple[Quantity, str | None] | None:
    return (quantity, note) if quantity is not None else None


def _name_before(line: Line, index: int, quantity: Quantity) -> str | None:
    """Return the name that ends before an index, without the sign or word between it and the amount; None if none
    ends."""
    before, first = line.tokens[index - 1], line.tokens[index]
    if is_times(line, index - 1):
        return None
    if before.is_sign(_SEPARATORS) and (before.spaced or (before.is_sign(",:;") and first.spaced)):
        end = index - 1
    elif first.is_sign("*×"):
        end = index
    elif not first.spaced:
        return None
    elif is_size(quantity) and index > 1 and before.text in _LINKS:
        end = index - 1
    else:
        end = index
    name = line.between(0, end)
    return name if _IN_NAMES.search(name) else None
