"""An amount after the name: `flour 500g`, `Milch x3`, `eggs, 12`, `Wasser 6 x 1,5 l`."""

from collections.abc import Iterator
from typing import Final

from app.quantities.amounts import Reading, read_amount_to_end, read_size
from app.quantities.line import Line, is_times
from app.quantities.numbers import begins_number, find_about_before, read_number, skip_about
from app.quantities.quantity import Quantity, is_size, make_quantity

_LONGEST: Final = 32
"""More tokens than any amount has: only the end of a long line is searched for one."""

_SEPARATORS: Final = ",:;-–—="


def read_trailing(line: Line) -> Reading | None:
    """Read a line that ends with its amount; None for any other line.

    A bare number counts only after a comma or a colon: `E 330` and `Mehl Type 405` are names.
    """
    for index in _starts(line):
        reading = _amount(line, index) or _listed(line, index)
        name = _name_before(line, find_about_before(line, index)) if reading is not None else None
        if reading is not None and name is not None:
            return Reading(name, *reading)
    return None


def read_trailing_size(line: Line) -> Reading | None:
    """Read a counted name that ends with the size of each: `Cola 1,5 l`."""
    for index in _starts(line):
        name, quantity = _name_before(line, index), read_amount_to_end(line, index)
        if name is not None and quantity is not None and is_size(quantity):
            return Reading(name, quantity, line.rest(index))
    return None


def read_amount_alone(line: Line) -> Quantity | None:
    """Return the amount that is the whole line: `500 g`, `x2`. A bare number may be a clothing size."""
    reading = _amount(line, skip_about(line, 0))
    return reading[0] if reading is not None and reading[1] is None else None


def _starts(line: Line) -> Iterator[int]:
    for index in range(max(1, len(line) - _LONGEST), len(line)):
        if begins_number(line.tokens[index]) or is_times(line, index):
            yield index


def _amount(line: Line, index: int) -> tuple[Quantity, str | None] | None:
    """Return the amount with a unit or an x that fills the rest of the line, and the size of each."""
    if is_times(line, index):
        number = read_number(line, index + 1)
        ends = number is not None and number.end == len(line)
        return _with_note(make_quantity(number.for_small_unit(), None)) if number is not None and ends else None
    number = read_number(line, index)
    if number is None:
        return None
    if not is_times(line, number.end):
        return _with_note(read_amount_to_end(line, index))
    count = make_quantity(number.for_small_unit(), None)
    if number.end + 1 == len(line):
        return _with_note(count)
    size = read_size(line, number.end + 1)
    return _with_note(count, size.text) if size is not None and size.end == len(line) else None


def _listed(line: Line, index: int) -> tuple[Quantity, str | None] | None:
    number = read_number(line, index)
    mark = line.glued(index - 1)
    if number is None or number.end != len(line) or mark is None or not mark.is_sign(",:"):
        return None
    return _with_note(make_quantity(number.for_small_unit(), None)) if line.tokens[index].spaced else None


def _with_note(quantity: Quantity | None, note: str | None = None) -> tuple[Quantity, str | None] | None:
    return (quantity, note) if quantity is not None else None


def _name_before(line: Line, index: int) -> str | None:
    """Return the name that ends before an index, without the sign between it and the amount; None if none ends."""
    before = line.tokens[index - 1]
    if is_times(line, index - 1):
        return None
    if before.is_sign(_SEPARATORS) and (before.spaced or before.is_sign(",:;")):
        name = line.between(0, index - 1)
    elif line.tokens[index].spaced:
        name = line.between(0, index)
    else:
        return None
    return name if any(character.isalnum() or ord(character) > 0x2000 for character in name) else None
