"""An amount before the name: `2 kg flour`, `3x Milch`, `un litre de lait`, `6 x 1,5 l Wasser`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.quantities.amounts import UnitFound, describes_one, name_after, unit_at
from app.quantities.language import HALF, Unit
from app.quantities.line import Line, is_times, is_times_after_number, parenthesis_at
from app.quantities.number_words import after_about, half_more, wordings_at
from app.quantities.numbers import Number, number_at, range_at
from app.quantities.quantity import Quantity, make_quantity
from app.quantities.reading import Reading, begins_counted_name, begins_name
from app.quantities.sizes import pack_size_at, size_at, sized_pack_at
from app.quantities.vocabulary import FEW, JOINING, OF, ONE


@dataclass(frozen=True, slots=True)
class _Amount:
    """The number before a unit or a name, and what it may stand before."""

    number: Number
    in_words: bool = False
    needs_unit: bool = False
    is_fraction: bool = False

    def before(self, unit: Unit) -> Decimal:
        return self.number.of_small() if unit.is_small else self.number.value


def read_leading(line: Line) -> Reading | None:
    """The reading of a line that begins with its amount."""
    start = after_about(line, 0)
    if (one := _sized_packs(line, start, Decimal(1))) is not None:
        return one
    for amount in _amounts_at(line, start):
        reading = _several_sized(line, amount) or _times(line, amount) or _measured(line, amount)
        reading = reading or _counted(line, amount)
        if reading is not None:
            return reading
    return _dozen(line) or _times_first(line) if start == 0 else None


def _amounts_at(line: Line, place: int) -> Iterator[_Amount]:
    number = range_at(line, place)
    if number is not None:
        yield _with_half(line, _Amount(number))
        return
    for wording in wordings_at(line, place):
        number = Number(wording.value, wording.end)
        yield _with_half(line, _Amount(number, True, wording.needs_unit, wording.is_fraction))


def _with_half(line: Line, amount: _Amount) -> _Amount:
    """The amount with the `and a half` that may follow."""
    end = half_more(line, amount.number.end)
    if end is None:
        return amount
    return replace(amount, number=Number(amount.number.value + HALF, end), needs_unit=True)


def _dozen(line: Line) -> Reading | None:
    """`dozen eggs`: a dozen is a number too."""
    found = unit_at(line, 0, Decimal(1))
    if found is None or found.unit.kind != "dozen":
        return None
    return _of(line, found.name, make_quantity(Decimal(1), found.unit.symbol))


def _times_first(line: Line) -> Reading | None:
    """`x3 milk`."""
    number = number_at(line, 1) if is_times(line, 0) else None
    if number is None or line.glued(number.end) is not None or not begins_counted_name(line, number.end):
        return None
    return _of(line, number.end, make_quantity(number.of_small(), None))


def _sized_packs(line: Line, place: int, count: Decimal) -> Reading | None:
    """`400g tin tomatoes`: one tin, with its size as the note."""
    sized = sized_pack_at(line, place)
    if sized is None:
        return None
    return _of(line, sized.pack.name, make_quantity(count, sized.pack.unit.symbol), sized.size.text)


def _several_sized(line: Line, amount: _Amount) -> Reading | None:
    """`2 x 400g tins tomatoes`, `two 400 g tins of tomatoes`."""
    end = amount.number.end
    if is_times_after_number(line, end):
        end += 1
    elif line.spaced(end) is None:
        return None
    return _sized_packs(line, end, amount.number.of_small())


def _times(line: Line, amount: _Amount) -> Reading | None:
    """`3x Milch`, `3 × Milch`, `6 x 1,5 l Wasser`: six, each of a size that is their note."""
    place = amount.number.end
    if amount.in_words or not is_times_after_number(line, place):
        return None
    place += 1
    count = make_quantity(amount.number.of_small(), None)
    size = size_at(line, place)
    if size is not None:
        return _of(line, name_after(line, size.end), count, size.text)
    packs = _packs_in_a_pack(line, place, amount)
    if packs is not None:
        return packs
    return _of(line, place, count) if begins_counted_name(line, place) else None


def _packs_in_a_pack(line: Line, place: int, amount: _Amount) -> Reading | None:
    """`2 x 3 Dosen Thunfisch`: six tins."""
    number = number_at(line, place)
    found = unit_at(line, number.end, number.value) if number is not None else None
    if number is None or found is None or not found.unit.is_thing:
        return None
    return _of(line, found.name, make_quantity(amount.number.of_small() * number.of_small(), found.unit.symbol))


def _measured(line: Line, amount: _Amount) -> Reading | None:
    place = amount.number.end
    if amount.is_fraction and line.is_word(place, OF):
        # `un cuarto de kilo`, `half of a pound`
        place += 2 if line.is_word(place + 1, ONE) else 1
    found = unit_at(line, place, amount.number.value)
    if found is None or (amount.in_words and _is_few(line, place)):
        return None
    value, end = amount.before(found.unit), found.end
    more = half_more(line, end)
    if more is not None:
        value, end = value + HALF, more
    quantity = make_quantity(value, found.unit.symbol)
    if quantity is None:
        return None
    return _packed(line, quantity, found.unit, end) or _standing_alone(line, found, place, value)


def _packed(line: Line, quantity: Quantity, unit: Unit, place: int) -> Reading | None:
    """What follows an amount with its unit: a note in parentheses, the size of the pack, or more of a smaller unit."""
    note, place = parenthesis_at(line, place)
    if unit.is_thing:
        size = pack_size_at(line, place)
        if size is not None:
            note, place = ", ".join(filter(None, (size.text, note))), size.end
    else:
        more = size_at(line, place)
        if more is not None and more.quantity.measure == quantity.measure and more.quantity.amount < quantity.amount:
            quantity, place = quantity.plus(more.quantity), more.end
    place = name_after(line, place)
    return _of(line, place, quantity, note) if begins_name(line, place) and not _is_lone_of(line, place) else None


def _standing_alone(line: Line, found: UnitFound, place: int, value: Decimal) -> Reading | None:
    """`2 Flaschen` and nothing else: the bottles are what is wanted."""
    if found.end < len(line) or not found.unit.is_thing:
        return None
    return _of(line, place, make_quantity(value, None))


def _counted(line: Line, amount: _Amount) -> Reading | None:
    note, place = parenthesis_at(line, amount.number.end)
    if amount.needs_unit or (amount.in_words and _is_few(line, place)):
        return None
    if line.glued(place) is not None and not _follows_hyphen(line, place):
        return None
    if not begins_counted_name(line, place) or _is_a_measure(line, place):
        return None
    if describes_one(line, place, amount.number.value):
        return None
    if amount.in_words and (line.is_word(place, JOINING) or _is_letter(line, place)):
        return None
    return _of(line, place, make_quantity(amount.number.of_small(), None), note)


def _is_a_measure(line: Line, place: int) -> bool:
    """Whether all that is left is a unit that is no thing: `4 kg` names nothing to buy."""
    found = unit_at(line, place, Decimal(1))
    if found is None or found.unit.is_thing:
        return False
    return found.end == len(line) or _is_lone_of(line, found.end)


def _is_lone_of(line: Line, place: int) -> bool:
    return place + 1 == len(line) and line.is_word(place, OF)


def _is_few(line: Line, place: int) -> bool:
    """`a few`, `ein paar` (but `ein Paar` is a pair)."""
    token = line.at(place)
    return token is not None and token.text in FEW


def _is_letter(line: Line, place: int) -> bool:
    """Whether one letter stands alone, so that the article before it may be another: `A B C soup`."""
    token = line.at(place)
    return token is not None and token.kind == "word" and len(token.text) == 1 and line.glued(place + 1) is None


def _follows_hyphen(line: Line, place: int) -> bool:
    """`une demi-baguette`."""
    return place > 0 and line.tokens[place - 1].is_sign("-") and line.tokens[place - 1].spaced is False


def _of(line: Line, place: int, quantity: Quantity | None, note: str | None = None) -> Reading | None:
    name = line.rest(place).strip()
    return Reading(name, quantity, note) if name and quantity is not None else None
