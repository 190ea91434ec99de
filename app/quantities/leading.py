"""An amount before the name: `2 kg flour`, `3x Milch`, `un litre de lait`, `6 x 1,5 l Wasser`."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from app.quantities.amounts import Reading, has_hyphen, is_description, is_of, read_full_size, read_unit, skip_of
from app.quantities.line import Line, is_times, is_times_after_number, read_parenthesis
from app.quantities.measured import read_after_unit, read_measured
from app.quantities.names import begins_counted_name, is_a_measure, is_plural, make_reading
from app.quantities.numbers import (
    Number,
    begins_number,
    read_between,
    read_number,
    read_number_or_range,
    read_numerals,
    read_part,
    skip_about,
)
from app.quantities.packs import read_pack_without_number, read_packs_of, read_sized_packs
from app.quantities.quantity import make_quantity, parse_amount
from app.quantities.units import LENGTHS
from app.quantities.vocabulary import (
    ABOUT,
    AMOUNT_PHRASES,
    AMOUNTS,
    BETWEEN,
    FEW,
    FRACTIONS,
    JOINING,
    LIMITS,
    NOT_COUNTED,
    NUMBERS,
    ONE,
    WITHOUT_OF,
)

_BEGINNINGS: Final = frozenset(LENGTHS).union(ONE, NUMBERS, FRACTIONS, ABOUT, LIMITS, BETWEEN, AMOUNT_PHRASES, {"x"})
"""The words that an amount may begin with: most lines are names, and their first word tells."""


def read_leading(line: Line) -> Reading | None:
    """Read a line that begins with its amount; None for any other line."""
    first = line.at(0)
    if first is None or (first.kind == "word" and first.key not in _BEGINNINGS):
        return None
    start = skip_about(line, 0)
    for number in _read_numbers(line, start):
        reading = _read_after_number(line, number, start)
        if reading is not None:
            return reading
    reading = _said_amount(line, start) or read_pack_without_number(line, start) or _unit_alone(line, start)
    return reading or (_number_word(line) or _times_first(line) or _in_brackets(line) if start == 0 else None)


def _read_numbers(line: Line, index: int) -> Iterator[Number]:
    """Yield the numbers at an index, with the `and a half` that may follow."""
    in_digits = read_number_or_range(line, index) or read_between(line, index)
    if in_digits is None and line.skip_phrase(index, NOT_COUNTED) is not None:
        return
    for number in read_numerals(line, index) if in_digits is None else (in_digits,):
        part = read_part(line, number.end)
        if part is None:
            yield number
        else:
            yield replace(number, value=number.value + part[0], end=part[1], grouped=None, needs_unit=True)


def _read_after_number(line: Line, number: Number, start: int) -> Reading | None:
    end = number.end
    if is_times_after_number(line, end):
        return None if number.in_words else _times(line, end + 1, number.for_small_unit())
    if number.in_words and _is_vague(line, end):
        return None
    reading = _described_by_number(line, number, start) or read_measured(line, number, start)
    if reading is None and not number.needs_unit:
        reading = _several_packs(line, end, number.for_small_unit()) or _counted(line, number)
    return reading


def _described_by_number(line: Line, number: Number, start: int) -> Reading | None:
    """`6er Pack Eier`, `12 pack of beer`, `12-oz bag of chips`: one pack, and what is in it."""
    if number.in_words:
        return None
    packs = read_packs_of(line, start, number, Decimal(1))
    if packs is None and has_hyphen(line, number.end):
        packs = read_sized_packs(line, read_full_size(line, start), Decimal(1), counted=False)
    return packs


def _several_packs(line: Line, index: int, count: Decimal) -> Reading | None:
    """Read what follows a number: `2 400g tins tomatoes`, `two 6-packs of Coke`."""
    token = line.spaced(index)
    if token is None or not begins_number(token):
        return None
    packs = read_packs_of(line, index, read_number(line, index), count)
    return packs or read_sized_packs(line, read_full_size(line, index), count, counted=True)


def _times(line: Line, index: int, count: Decimal) -> Reading | None:
    """Read what follows `3 x`: `3x Milch`, `6 x 1,5 l Wasser`, `2 x 400g tins tomatoes`, `2 x 12 pack of beer`."""
    number = read_number(line, index)
    if number is None:
        begins = begins_counted_name(line, index)
        return make_reading(line, index, make_quantity(count, None)) if begins else None
    size = read_full_size(line, index)
    if size is not None:
        packs = read_sized_packs(line, size, count, counted=True)
        return packs or make_reading(line, skip_of(line, size.end), make_quantity(count, None), size.text)
    packs = read_packs_of(line, index, number, count, multiplied=True) or _packs_in_a_pack(line, number, count)
    if packs is None and begins_counted_name(line, index):
        return make_reading(line, index, make_quantity(count, None))
    return packs


def _packs_in_a_pack(line: Line, number: Number, count: Decimal) -> Reading | None:
    """`2 x 3 Dosen Thunfisch`: six tins."""
    found = read_unit(line, number.end, number.value)
    if found is None or not found.unit.is_thing:
        return None
    return read_after_unit(line, found, count * number.for_small_unit())


def _said_amount(line: Line, index: int) -> Reading | None:
    """`cuarto y mitad de jamón`: an amount without a number."""
    start = index + 1 if line.is_word(index, ONE) else index
    end = line.skip_phrase(start, AMOUNT_PHRASES)
    if end is None:
        return None
    amount = AMOUNTS[" ".join(token.key for token in line.tokens[start:end])]
    return make_reading(line, skip_of(line, end), parse_amount(amount))


def _unit_alone(line: Line, index: int) -> Reading | None:
    """`kilo y medio de patatas`, `pinch of salt`: one is meant."""
    found = read_unit(line, index, Decimal(1))
    if found is None:
        return None
    unit, end = found.unit, found.end
    is_one = unit.counts_alone and (is_of(line, end) or (unit.language in WITHOUT_OF and line.spaced(end) is not None))
    return read_after_unit(line, found, Decimal(1)) if is_one or read_part(line, end) is not None else None


def _number_word(line: Line) -> Reading | None:
    """`dozen eggs`: a dozen is a number too."""
    found = read_unit(line, 0, Decimal(1))
    is_number = found is not None and found.unit.kind == "number" and found.unit.factor > 1
    return read_after_unit(line, found, Decimal(1)) if found is not None and is_number else None


def _times_first(line: Line) -> Reading | None:
    """`x3 milk`."""
    number = read_number(line, 1) if is_times(line, 0) else None
    if number is None or line.glued(number.end) is not None or not begins_counted_name(line, number.end):
        return None
    return make_reading(line, number.end, make_quantity(number.for_small_unit(), None))


def _in_brackets(line: Line) -> Reading | None:
    """`[ 10 ] Äpfel`."""
    opening = line.at(0)
    number = read_number(line, 1) if opening is not None and opening.is_sign("[") else None
    closing = line.at(number.end) if number is not None else None
    if number is None or closing is None or not closing.is_sign("]"):
        return None
    begins = begins_counted_name(line, number.end + 1)
    return make_reading(line, number.end + 1, make_quantity(number.for_small_unit(), None)) if begins else None


def _counted(line: Line, number: Number) -> Reading | None:
    note, index = read_parenthesis(line, number.end)
    if number.needs_unit or (line.glued(index) is not None and not _follows_hyphen(line, index)):
        return None
    if not begins_counted_name(line, index) or is_a_measure(line, index):
        return None
    if is_description(line, index, number.value):
        return None
    if number.in_words and (line.is_word(index, JOINING) or _is_letter(line, index)):
        return None
    if number.needs_plural and not is_plural(line, index):
        return None
    return make_reading(line, index, make_quantity(number.for_small_unit(), None), note)


def _is_vague(line: Line, index: int) -> bool:
    """`a few`, `ein paar` (but `ein Paar` is a pair)."""
    token = line.at(index)
    return token is not None and token.text in FEW


def _is_letter(line: Line, index: int) -> bool:
    """Whether a letter stands alone, so that the article before it may be a letter too: `A B C soup`."""
    token = line.at(index)
    return token is not None and token.kind == "word" and len(token.text) == 1 and line.glued(index + 1) is None


def _follows_hyphen(line: Line, index: int) -> bool:
    """`une demi-baguette`."""
    return index > 0 and line.tokens[index - 1].is_sign("-") and line.tokens[index - 1].spaced is False
