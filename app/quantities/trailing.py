"""An amount behind the name: `flour 500g`, `Milch x3`, `eggs, 12`, `Wasser 6 x 1,5 l`."""

from collections.abc import Iterator
from typing import Final

from app.quantities.amounts import ending_amount
from app.quantities.line import Line, is_times
from app.quantities.number_words import about_before, after_about
from app.quantities.numbers import begins_number, number_at
from app.quantities.quantity import Quantity, is_size, make_quantity
from app.quantities.reading import Reading
from app.quantities.sizes import size_at

_LONGEST: Final = 32
"""More tokens than any amount has, so that a long line is not searched for one from its start."""

_SEPARATORS: Final = ",:;-–—="


def read_trailing(line: Line) -> Reading | None:
    """The reading of a line that ends with its amount.

    A bare number counts only after a comma or a colon: `E 330` and `Mehl Type 405` are names.
    """
    for place in _starts(line):
        reading = _amount(line, place) or _listed(line, place)
        name = _name_before(line, about_before(line, place)) if reading is not None else None
        if reading is not None and name is not None:
            return Reading(name, *reading)
    return None


def read_size_behind(line: Line) -> Reading | None:
    """The reading of a counted name that ends with the size of each: `Cola 1,5 l`."""
    for place in _starts(line):
        name, quantity = _name_before(line, place), ending_amount(line, place)
        if name is not None and quantity is not None and is_size(quantity):
            return Reading(name, quantity, line.rest(place))
    return None


def amount_alone(line: Line) -> Quantity | None:
    """The amount that a line consists of, with a unit or an x: `500 g`, `x2`. A bare number may be a size."""
    reading = _amount(line, after_about(line, 0))
    return reading[0] if reading is not None and reading[1] is None else None


def _starts(line: Line) -> Iterator[int]:
    """The places behind a name where an amount may begin."""
    for place in range(max(1, len(line) - _LONGEST), len(line)):
        if begins_number(line.tokens[place]) or is_times(line, place):
            yield place


def _amount(line: Line, place: int) -> tuple[Quantity, str | None] | None:
    """The amount with a unit or an x that fills the line from a place on, and the size of each."""
    if is_times(line, place):
        number = number_at(line, place + 1)
        ends = number is not None and number.end == len(line)
        return _with_note(make_quantity(number.of_small(), None)) if number is not None and ends else None
    number = number_at(line, place)
    if number is None:
        return None
    if not is_times(line, number.end):
        return _with_note(ending_amount(line, place))
    count = make_quantity(number.of_small(), None)
    if number.end + 1 == len(line):
        return _with_note(count)
    size = size_at(line, number.end + 1)
    return _with_note(count, size.text) if size is not None and size.end == len(line) else None


def _listed(line: Line, place: int) -> tuple[Quantity, str | None] | None:
    number = number_at(line, place)
    mark = line.glued(place - 1)
    if number is None or number.end != len(line) or mark is None or not mark.is_sign(",:"):
        return None
    return _with_note(make_quantity(number.of_small(), None)) if line.tokens[place].spaced else None


def _with_note(quantity: Quantity | None, note: str | None = None) -> tuple[Quantity, str | None] | None:
    return (quantity, note) if quantity is not None else None


def _name_before(line: Line, place: int) -> str | None:
    """The name that ends before a place, without the sign that parts it from the amount; None where it does not end."""
    before = line.tokens[place - 1]
    if is_times(line, place - 1):
        return None
    if before.is_sign(_SEPARATORS) and (before.spaced or before.is_sign(",:;")):
        name = line.between(0, place - 1)
    elif line.tokens[place].spaced:
        name = line.between(0, place)
    else:
        return None
    return name if any(character.isalnum() or ord(character) > 0x2000 for character in name) else None
