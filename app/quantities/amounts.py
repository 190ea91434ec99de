"""Units, amounts and sizes in a line: `2 kg`, `1 1/2 l`, `12-oz`, `2lb 4oz`."""

from dataclasses import dataclass, replace
from decimal import Decimal

from app.quantities.language import Unit
from app.quantities.line import Line, Token, read_parenthesis
from app.quantities.merge_key import singular
from app.quantities.numbers import Number, read_number
from app.quantities.quantity import Quantity, is_size, make_quantity
from app.quantities.units import LENGTHS, Spelling, find_spellings
from app.quantities.vocabulary import ADJECTIVES, EACH, OF, OF_IN, PLUS


@dataclass(slots=True)
class UnitMatch:
    """A unit and the index after it."""

    unit: Unit
    end: int


@dataclass(slots=True)
class Size:
    """How much is in one pack, as an amount and as typed, and the index after it.

    One with a hyphen (`12-oz`) describes what follows.
    """

    quantity: Quantity
    text: str
    end: int
    has_hyphen: bool = False


@dataclass(slots=True)
class Reading:
    """A name with its amount; the note is the size of a pack, or what describes the amount."""

    name: str
    quantity: Quantity
    note: str | None = None


def read_unit(line: Line, index: int, number: Decimal, *, after_size: bool = False) -> UnitMatch | None:
    """Return the unit at an index, with as many words as possible.

    A following `of` must be in the unit's language; a pack `after_size` needs none. A bare English singular after a
    number above one is no unit but describes what follows: two can openers.
    """
    first = line.at(index)
    if first is None or first.key not in LENGTHS:
        return None
    tokens, ends = _read_words(line, index, LENGTHS[first.key])
    words, keys = [token.text for token in tokens], [token.key for token in tokens]
    for count in range(len(words), 0, -1):
        end = ends[count - 1]
        spellings = find_spellings(keys[:count], words[:count])
        if not spellings or not line.is_boundary(end):
            continue
        name, of = _read_of(line, _read_described(line, end)[1])
        following = line.at(end if of is None else name)
        if following is not None and any(following.key in each.unit.not_before for each in spellings):
            return None
        best = next((each for each in spellings if _fits(each.unit, of, after_size=after_size)), None)
        if best is not None and (of is not None or not _is_description(best, number)):
            return UnitMatch(best.unit, end)
    return None


def read_descriptions(line: Line, index: int) -> tuple[list[str], int]:
    """Return what describes the unit that follows, and its index: text in parentheses, adjectives such as `heaped`."""
    notes: list[str] = []
    while True:
        note, end = read_parenthesis(line, index)
        adjective = _adjective_at(line, index)
        if note is None and adjective is not None:
            end = _skip_point(line, adjective + 1)
            note = line.between(index, end)
        if note is None:
            return notes, index
        notes.append(note)
        index = end


def read_name_start(line: Line, index: int) -> tuple[list[str], int]:
    """Return what describes the unit that ends at an index, and where the name begins, after `of`.

    An adjective belongs to the name unless `of` follows: `2 cuillères à café rases de sel`, but `2 tbsp heaped cocoa`.
    """
    notes, end = _read_described(line, index)
    return notes, _read_of(line, end)[0]


def is_description(line: Line, index: int, number: Decimal) -> bool:
    """Whether an English singular and the number before it only describe the one thing that follows.

    A 12 pack beer is one beer; 2 can openers are two.
    """
    token, last = line.at(index), line.tokens[-1]
    found = find_spellings([token.key], [token.text]) if token is not None and token is not last else ()
    if not found or last.key in found[0].unit.not_before:
        return False
    return _is_description(found[0], number) and singular(last.key) == last.key


def amount_of(number: Number, unit: Unit) -> Decimal:
    """Return the number as people mean it before a unit."""
    return number.for_small_unit() if unit.is_small else number.value


def has_hyphen(line: Line, index: int) -> bool:
    """Whether a hyphen stands at an index, with a word right after it."""
    hyphen = line.glued(index)
    if hyphen is None or hyphen.text != "-":
        return False
    following = line.glued(index + 1)
    return following is not None and following.kind == "word"


def is_of(line: Line, index: int) -> bool:
    """Whether an `of` in any language stands at an index, before something else."""
    return _read_of(line, index)[0] != index


def skip_of(line: Line, index: int) -> int:
    """Return the index after an `of` in any language, or the same index."""
    return _read_of(line, index)[0]


def read_amount(line: Line, index: int) -> tuple[Quantity | None, int]:
    """Return the amount with a unit at an index, and the index after it: `500 g`, `1 1/2 l`, `2 Flaschen`, `12-oz`."""
    number = read_number(line, index)
    if number is None:
        return None, index
    found = read_unit(line, number.end + has_hyphen(line, number.end), number.value)
    if found is None:
        return None, index
    return make_quantity(amount_of(number, found.unit), found.unit.symbol), found.end


def read_size(line: Line, index: int) -> Size | None:
    """Return the weight, volume or length at an index: `1,5 l`, `400 g`, `12-oz`."""
    quantity, end = read_amount(line, index)
    if quantity is None or not is_size(quantity):
        return None
    text = line.between(index, end).rstrip(".")
    return Size(quantity, text, end, has_hyphen="-" in text)


def read_whole_size(line: Line, index: int) -> Size | None:
    """Return the size at an index with the smaller unit that may follow: `2lb 4oz`."""
    size = read_size(line, index)
    more = read_size(line, size.end) if size is not None else None
    if size is None or more is None or not is_smaller(more.quantity, size.quantity):
        return size
    return replace(more, quantity=size.quantity.plus(more.quantity), text=line.between(index, more.end).rstrip("."))


def read_full_size(line: Line, index: int) -> Size | None:
    """Return the size at an index with the same in another measure: `400g/14oz`."""
    size = read_size(line, index)
    if size is None:
        return None
    other = read_other_measure(line, size.end)
    if other is None:
        return size
    return replace(size, text=line.between(index, other.end).rstrip("."), end=other.end)


def read_other_measure(line: Line, index: int) -> Size | None:
    """Return the same amount in another measure, behind a slash: `100 g/3.5 oz`, `1 kg / 2 lb 4 oz`."""
    slash = line.at(index)
    return read_whole_size(line, index + 1) if slash is not None and slash.is_sign("/") else None


def read_pack_size(line: Line, index: int) -> Size | None:
    """Return the size that follows a pack word: `à 500 g`, `de 1,5 l`, `of 400 g`, or bare."""
    linked = line.is_word(index, EACH) or line.is_word(index, OF)
    return read_size(line, index + 1 if linked else index)


def read_more(line: Line, quantity: Quantity, index: int) -> tuple[Quantity, int]:
    """Return an amount with what is added to it, and the index after it: `2 lb 8 oz`, `1 cup plus 2 tbsp`."""
    sign = line.at(index)
    if line.is_word(index, PLUS) or (sign is not None and sign.is_sign("+")):
        more = read_size(line, index + 1)
        is_added = more is not None and more.quantity.measure == quantity.measure
    elif sign is not None and sign.is_sign("-–—"):
        most = read_size(line, index + 1)
        return (most.quantity, most.end) if most and is_smaller(quantity, most.quantity) else (quantity, index)
    else:
        more = read_size(line, index)
        is_added = more is not None and is_smaller(more.quantity, quantity)
    return (quantity.plus(more.quantity), more.end) if more is not None and is_added else (quantity, index)


def is_smaller(one: Quantity, other: Quantity) -> bool:
    """Whether two amounts are of one measure, and the first is the smaller one."""
    return one.measure == other.measure and one.amount < other.amount


def _adjective_at(line: Line, index: int) -> int | None:
    """Return the index of the adjective that stands here, or ends a compound such as `thumb-sized`."""
    first = line.spaced(index)
    if first is None or first.kind != "word":
        return None
    if has_hyphen(line, index + 1) and line.tokens[index + 2].key in ADJECTIVES:
        return index + 2
    return index if first.key in ADJECTIVES else None


def _read_words(line: Line, index: int, most: int) -> tuple[list[Token], list[int]]:
    """Return the next words, separated by spaces, points or hyphens, and the index after each and its point."""
    words: list[Token] = []
    ends: list[int] = []
    while len(words) < most and (token := line.at(index)) is not None and token.kind == "word":
        index = _skip_point(line, index + 1)
        words.append(token)
        ends.append(index)
        index += has_hyphen(line, index)
    return words, ends


def _skip_point(line: Line, index: int) -> int:
    point = line.glued(index)
    return index + 1 if point is not None and point.is_sign(".") else index


def _read_described(line: Line, index: int) -> tuple[list[str], int]:
    """Return what describes the unit before an index, and the index after it; adjectives only if `of` follows."""
    token = line.at(index)
    if token is None or not (token.is_sign("(") or token.key in ADJECTIVES):
        return [], index
    notes, end = read_descriptions(line, index)
    if is_of(line, end):
        return notes, end
    note, end = read_parenthesis(line, index)
    return ([] if note is None else [note]), end


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


def _fits(unit: Unit, of: str | None, *, after_size: bool) -> bool:
    """Whether a unit may stand before an `of`, or without one."""
    if of is None:
        return not unit.needs_of or (after_size and unit.takes_size)
    return not unit.language or of in OF_IN[unit.language]


def _is_description(spelling: Spelling, number: Decimal) -> bool:
    unit = spelling.unit
    return unit.language == "en" and unit.is_thing and spelling.is_singular and number > 1
