"""A unit in a line, and the amount that ends one."""

from dataclasses import dataclass
from decimal import Decimal

from app.quantities.language import Unit
from app.quantities.line import Line, Token
from app.quantities.numbers import Number, number_at
from app.quantities.quantity import Quantity, make_quantity
from app.quantities.singular import singular
from app.quantities.units import LONGEST_SPELLING, Spelling, spelled
from app.quantities.vocabulary import OF, OF_OF


@dataclass(frozen=True, slots=True)
class UnitFound:
    """A unit, the place behind it, and behind the `of` that follows."""

    unit: Unit
    end: int
    name: int


def unit_at(line: Line, place: int, number: Decimal) -> UnitFound | None:
    """The unit that begins at a place, of several words if it can be.

    A following `of` must be of the unit's language. A bare English singular after several is no unit but describes
    what follows: two can openers.
    """
    tokens, ends = _words_at(line, place)
    words, keys = [token.text for token in tokens], [token.key for token in tokens]
    for count in range(len(words), 0, -1):
        end = ends[count - 1]
        spellings = spelled(keys[:count], words[:count])
        if not spellings or not line.is_free(end):
            continue
        name, of = _after_of(line, end)
        best = next((each for each in spellings if _suits(each.unit, of)), None)
        if best is not None and (of is not None or not _describes(best, number)):
            return UnitFound(best.unit, end, name)
    return None


def describes_one(line: Line, place: int, number: Decimal) -> bool:
    """Whether an English singular here tells, with the number before it, what the one thing behind it is like.

    A 12 pack beer is one beer; 2 can openers are two.
    """
    token, last = line.at(place), line.tokens[-1]
    found = spelled([token.key], [token.text]) if token is not None and token is not last else ()
    return bool(found) and _describes(found[0], number) and singular(last.key) == last.key


def amount_of(number: Number, unit: Unit) -> Decimal:
    """The number as people mean it before that unit."""
    return number.of_small() if unit.is_small else number.value


def name_after(line: Line, place: int) -> int:
    """The place behind an `of`, in whatever language."""
    return _after_of(line, place)[0]


def ending_amount(line: Line, place: int) -> Quantity | None:
    """The amount with a unit that fills the line from a place to its end: `500 g`, `1 1/2 l`, `2 Flaschen`."""
    number = number_at(line, place)
    found = unit_at(line, number.end, number.value) if number is not None else None
    if number is None or found is None or found.end != len(line):
        return None
    return make_quantity(amount_of(number, found.unit), found.unit.symbol)


def _words_at(line: Line, place: int) -> tuple[list[Token], list[int]]:
    """The next words, parted by spaces or points, and the place behind each with its point."""
    words: list[Token] = []
    ends: list[int] = []
    while len(words) < LONGEST_SPELLING and (token := line.at(place)) is not None and token.kind == "word":
        dot = line.glued(place + 1)
        place += 2 if dot is not None and dot.is_sign(".") else 1
        words.append(token)
        ends.append(place)
    return words, ends


def _after_of(line: Line, place: int) -> tuple[int, str | None]:
    """The place behind `of`, `von`, `de` or `d'`, and that word; only in lower case, as De Cecco is a name."""
    token = line.spaced(place)
    if token is None or token.kind != "word" or token.text not in OF:
        return place, None
    if token.text == "d":
        apostrophe, name = line.glued(place + 1), line.glued(place + 2)
        is_elision = apostrophe is not None and apostrophe.is_sign("'’") and name is not None
        return (place + 2, "d") if is_elision else (place, None)
    return (place + 1, token.text) if line.spaced(place + 1) is not None else (place, None)


def _suits(unit: Unit, of: str | None) -> bool:
    if of is None:
        return not unit.needs_of
    return not unit.language or of in OF_OF[unit.language]


def _describes(spelling: Spelling, number: Decimal) -> bool:
    unit = spelling.unit
    return unit.language == "en" and unit.is_thing and spelling.is_singular and number > 1
