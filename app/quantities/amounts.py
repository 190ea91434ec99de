"""Units, amounts and pack sizes in a line: `2 kg`, `6 x 1,5 l`, `3 Packungen à 500 g`, `400g tin`."""

from dataclasses import dataclass
from decimal import Decimal

from app.quantities.language import Unit
from app.quantities.line import Line, Token
from app.quantities.merge_key import singular
from app.quantities.numbers import Number, read_number
from app.quantities.quantity import Quantity, is_size, make_quantity
from app.quantities.units import LONGEST_SPELLING, Spelling, find_spellings
from app.quantities.vocabulary import EACH, OF, OF_IN


@dataclass(slots=True)
class UnitMatch:
    """A unit, the index after it, and the one after the `of` that follows."""

    unit: Unit
    end: int
    name: int


@dataclass(slots=True)
class Size:
    """How much is in one pack, as an amount and as typed, and the index after it."""

    quantity: Quantity
    text: str
    end: int


@dataclass(slots=True)
class Reading:
    """A name with its amount; the note is the size of a pack, or text in parentheses next to the amount."""

    name: str
    quantity: Quantity
    note: str | None = None


def read_unit(line: Line, index: int, number: Decimal) -> UnitMatch | None:
    """Return the unit at an index, with as many words as possible.

    A following `of` must be in the unit's language. A bare English singular after a number above one is no unit but
    describes what follows: two can openers.
    """
    tokens, ends = _read_words(line, index)
    words, keys = [token.text for token in tokens], [token.key for token in tokens]
    for count in range(len(words), 0, -1):
        end = ends[count - 1]
        spellings = find_spellings(keys[:count], words[:count])
        if not spellings or not line.is_boundary(end):
            continue
        name, of = _read_of(line, end)
        best = next((each for each in spellings if _fits(each.unit, of)), None)
        if best is not None and (of is not None or not _is_description(best, number)):
            return UnitMatch(best.unit, end, name)
    return None


def is_description(line: Line, index: int, number: Decimal) -> bool:
    """Whether an English singular and the number before it only describe the one thing that follows.

    A 12 pack beer is one beer; 2 can openers are two.
    """
    token, last = line.at(index), line.tokens[-1]
    found = find_spellings([token.key], [token.text]) if token is not None and token is not last else ()
    return bool(found) and _is_description(found[0], number) and singular(last.key) == last.key


def amount_of(number: Number, unit: Unit) -> Decimal:
    """Return the number as people mean it before a unit."""
    return number.for_small_unit() if unit.is_small else number.value


def skip_of(line: Line, index: int) -> int:
    """Return the index after an `of` in any language, or the same index."""
    return _read_of(line, index)[0]


def read_amount_to_end(line: Line, index: int) -> Quantity | None:
    """Return the amount with a unit that fills the rest of the line: `500 g`, `1 1/2 l`, `2 Flaschen`."""
    quantity, end = _read_amount(line, index)
    return quantity if end == len(line) else None


def read_size(line: Line, index: int) -> Size | None:
    """Return the weight, volume or length at an index: `1,5 l`, `400 g`."""
    quantity, end = _read_amount(line, index)
    return Size(quantity, line.between(index, end), end) if quantity is not None and is_size(quantity) else None


def read_pack_size(line: Line, index: int) -> Size | None:
    """Return the size that follows a pack word: `à 500 g`, `de 1,5 l`, `of 400 g`, or bare."""
    linked = line.is_word(index, EACH) or line.is_word(index, OF)
    return read_size(line, index + 1 if linked else index)


def _read_amount(line: Line, index: int) -> tuple[Quantity | None, int]:
    """Return the amount with a unit at an index, and the index after it."""
    number = read_number(line, index)
    found = read_unit(line, number.end, number.value) if number is not None else None
    if number is None or found is None:
        return None, index
    return make_quantity(amount_of(number, found.unit), found.unit.symbol), found.end


def _read_words(line: Line, index: int) -> tuple[list[Token], list[int]]:
    """Return the next words, separated by spaces or points, and the index after each and its point."""
    words: list[Token] = []
    ends: list[int] = []
    while len(words) < LONGEST_SPELLING and (token := line.at(index)) is not None and token.kind == "word":
        dot = line.glued(index + 1)
        index += 2 if dot is not None and dot.is_sign(".") else 1
        words.append(token)
        ends.append(index)
    return words, ends


def _read_of(line: Line, index: int) -> tuple[int, str | None]:
    """Return the index after `of`, `von`, `de` or `d'`, and that word; only in lower case, as De Cecco is a name."""
    token = line.spaced(index)
    if token is None or token.kind != "word" or token.text not in OF:
        return index, None
    if token.text == "d":
        apostrophe, name = line.glued(index + 1), line.glued(index + 2)
        is_elision = apostrophe is not None and apostrophe.is_sign("'’") and name is not None
        return (index + 2, "d") if is_elision else (index, None)
    return (index + 1, token.text) if line.spaced(index + 1) is not None else (index, None)


def _fits(unit: Unit, of: str | None) -> bool:
    if of is None:
        return not unit.needs_of
    return not unit.language or of in OF_IN[unit.language]


def _is_description(spelling: Spelling, number: Decimal) -> bool:
    unit = spelling.unit
    return unit.language == "en" and unit.is_thing and spelling.is_singular and number > 1
