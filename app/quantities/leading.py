"""An amount before the name: `2 kg flour`, `3x Milch`, `un litre de lait`, `6 x 1,5 l Wasser`."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from app.quantities.amounts import (
    Reading,
    UnitMatch,
    amount_of,
    is_description,
    read_pack_size,
    read_size,
    read_unit,
    skip_of,
)
from app.quantities.language import HALF, Unit, measure_of_word
from app.quantities.line import Line, is_times, is_times_after_number, read_parenthesis
from app.quantities.numbers import (
    Number,
    read_number,
    read_number_or_range,
    read_numerals,
    skip_about,
    skip_and_a_half,
)
from app.quantities.quantity import Quantity, make_quantity
from app.quantities.vocabulary import FEW, JOINING, OF, ONE

_CONTAINERS: Final = frozenset(
    map(
        measure_of_word,
        ("pack", "packet", "bottle", "can", "bag", "sack", "jar", "box", "carton", "tub", "tube", "tray", "bote"),
    )
)
"""Measures that a size may stand before: 400 g leaf spinach is not a leaf."""

_NO_BEGINNING: Final = frozenset({"Pc", "Pd", "Pe", "Pf", "Po", "Ps", "Sc", "Sk", "Sm", "Cc", "Mn", "Mc", "Me"})
"""Unicode categories of characters that no name begins with."""


def read_leading(line: Line) -> Reading | None:
    """Read a line that begins with its amount; None for any other line."""
    start = skip_about(line, 0)
    if (one := _sized_packs(line, start, Decimal(1))) is not None:
        return one
    for number in _read_numbers(line, start):
        reading = _several_sized(line, number) or _times(line, number) or _measured(line, number)
        reading = reading or _counted(line, number)
        if reading is not None:
            return reading
    return _dozen(line) or _times_first(line) if start == 0 else None


def _read_numbers(line: Line, index: int) -> Iterator[Number]:
    """Yield the numbers at an index, with the `and a half` that may follow."""
    in_digits = read_number_or_range(line, index)
    for number in read_numerals(line, index) if in_digits is None else (in_digits,):
        end = skip_and_a_half(line, number.end)
        if end is None:
            yield number
        else:
            yield replace(number, value=number.value + HALF, end=end, grouped=None, needs_unit=True)


def _dozen(line: Line) -> Reading | None:
    """`dozen eggs`: a dozen is a number too."""
    found = read_unit(line, 0, Decimal(1))
    if found is None or found.unit.kind != "dozen":
        return None
    return _reading(line, found.name, make_quantity(Decimal(1), found.unit.symbol))


def _times_first(line: Line) -> Reading | None:
    """`x3 milk`."""
    number = read_number(line, 1) if is_times(line, 0) else None
    if number is None or line.glued(number.end) is not None or not _begins_counted_name(line, number.end):
        return None
    return _reading(line, number.end, make_quantity(number.for_small_unit(), None))


def _sized_packs(line: Line, index: int, count: Decimal) -> Reading | None:
    """`400g tin tomatoes`: one tin, with its size as the note."""
    size = read_size(line, index)
    # The singular is fine after a larger number too: `2 x 400g tin` is common.
    pack = read_unit(line, size.end, Decimal(1)) if size is not None else None
    if size is None or pack is None or pack.unit.measure not in _CONTAINERS:
        return None
    return _reading(line, pack.name, make_quantity(count, pack.unit.symbol), size.text)


def _several_sized(line: Line, number: Number) -> Reading | None:
    """`2 x 400g tins tomatoes`, `two 400 g tins of tomatoes`."""
    end = number.end
    if is_times_after_number(line, end):
        end += 1
    elif line.spaced(end) is None:
        return None
    return _sized_packs(line, end, number.for_small_unit())


def _times(line: Line, number: Number) -> Reading | None:
    """`3x Milch`, `3 × Milch`, `6 x 1,5 l Wasser`: six, with the size of each as the note."""
    index = number.end
    if number.in_words or not is_times_after_number(line, index):
        return None
    index += 1
    count = make_quantity(number.for_small_unit(), None)
    size = read_size(line, index)
    if size is not None:
        return _reading(line, skip_of(line, size.end), count, size.text)
    packs = _packs_in_a_pack(line, index, number.for_small_unit())
    if packs is not None:
        return packs
    return _reading(line, index, count) if _begins_counted_name(line, index) else None


def _packs_in_a_pack(line: Line, index: int, count: Decimal) -> Reading | None:
    """`2 x 3 Dosen Thunfisch`: six tins."""
    number = read_number(line, index)
    found = read_unit(line, number.end, number.value) if number is not None else None
    if number is None or found is None or not found.unit.is_thing:
        return None
    return _reading(line, found.name, make_quantity(count * number.for_small_unit(), found.unit.symbol))


def _measured(line: Line, number: Number) -> Reading | None:
    index = number.end
    if number.is_fraction and line.is_word(index, OF):
        # `un cuarto de kilo`, `half of a pound`
        index += 2 if line.is_word(index + 1, ONE) else 1
    found = read_unit(line, index, number.value)
    if found is None or (number.in_words and _is_vague(line, index)):
        return None
    value, end = amount_of(number, found.unit), found.end
    more = skip_and_a_half(line, end)
    if more is not None:
        value, end = value + HALF, more
    quantity = make_quantity(value, found.unit.symbol)
    if quantity is None:
        return None
    return _packed(line, quantity, found.unit, end) or _standing_alone(line, found, index, value)


def _packed(line: Line, quantity: Quantity, unit: Unit, index: int) -> Reading | None:
    """Read what follows an amount with its unit: a note in parentheses, the size of the pack, or a smaller unit."""
    note, index = read_parenthesis(line, index)
    if unit.is_thing:
        size = read_pack_size(line, index)
        if size is not None:
            note, index = ", ".join(filter(None, (size.text, note))), size.end
    else:
        more = read_size(line, index)
        if more is not None and more.quantity.measure == quantity.measure and more.quantity.amount < quantity.amount:
            quantity, index = quantity.plus(more.quantity), more.end
    index = skip_of(line, index)
    return _reading(line, index, quantity, note) if _begins_name(line, index) and not _is_lone_of(line, index) else None


def _standing_alone(line: Line, found: UnitMatch, index: int, value: Decimal) -> Reading | None:
    """`2 Flaschen` and nothing else: the bottles are the thing to buy."""
    if found.end < len(line) or not found.unit.is_thing:
        return None
    return _reading(line, index, make_quantity(value, None))


def _counted(line: Line, number: Number) -> Reading | None:
    note, index = read_parenthesis(line, number.end)
    if number.needs_unit or (number.in_words and _is_vague(line, index)):
        return None
    if line.glued(index) is not None and not _follows_hyphen(line, index):
        return None
    if not _begins_counted_name(line, index) or _is_a_measure(line, index):
        return None
    if is_description(line, index, number.value):
        return None
    if number.in_words and (line.is_word(index, JOINING) or _is_letter(line, index)):
        return None
    return _reading(line, index, make_quantity(number.for_small_unit(), None), note)


def _begins_name(line: Line, index: int) -> bool:
    """Whether a name may begin at an index: with a letter, a digit, a quotation mark or an emoji, but not with `%`."""
    token = line.at(index)
    if token is None:
        return False
    if token.kind != "sign" or token.text in "\"'„#":
        return True
    return token.text != "°" and unicodedata.category(token.text) not in _NO_BEGINNING


def _begins_counted_name(line: Line, index: int) -> bool:
    """Whether a bare number can count what begins here: not another number, and no `in`, `und` or `à`."""
    token = line.at(index)
    if token is None or not _begins_name(line, index) or _begins_with_number(line, index):
        return False
    following = line.at(index + 1)
    if following is None:
        return token.text != "x"
    if token.kind != "word" or token.key not in JOINING:
        return True
    # A brand may begin with De or La, but not with IN 1.
    return token.text[0].isupper() and following.kind != "digits"


def _begins_with_number(line: Line, index: int) -> bool:
    number = read_number(line, index)
    return number is not None and line.is_boundary(number.end)


def _is_a_measure(line: Line, index: int) -> bool:
    """Whether all that is left is a unit of measurement: `4 kg` names nothing to buy."""
    found = read_unit(line, index, Decimal(1))
    if found is None or found.unit.is_thing:
        return False
    return found.end == len(line) or _is_lone_of(line, found.end)


def _is_lone_of(line: Line, index: int) -> bool:
    return index + 1 == len(line) and line.is_word(index, OF)


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


def _reading(line: Line, index: int, quantity: Quantity | None, note: str | None = None) -> Reading | None:
    name = line.rest(index).strip()
    return Reading(name, quantity, note) if name and quantity is not None else None
