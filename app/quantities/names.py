"""Where a name may begin, and what is made of it and its amount."""

import unicodedata
from decimal import Decimal
from typing import Final

from app.quantities.amounts import Reading, read_unit
from app.quantities.line import Line
from app.quantities.merge_key import singular
from app.quantities.numbers import read_number
from app.quantities.quantity import Quantity
from app.quantities.vocabulary import EACH, JOINING, OF, PLUS

_NO_BEGINNING: Final = frozenset({"Pc", "Pd", "Pe", "Pf", "Po", "Ps", "Sc", "Sk", "Sm", "Cc", "Mn", "Mc", "Me"})
"""Unicode categories of characters that no name begins with."""


def begins_name(line: Line, index: int) -> bool:
    """Whether a name may begin at an index: with a letter, a digit, a quotation mark or an emoji, but not with `%`."""
    token = line.at(index)
    if token is None:
        return False
    if token.kind != "sign" or token.text in "\"'„":
        return True
    return token.text != "°" and unicodedata.category(token.text) not in _NO_BEGINNING


def begins_counted_name(line: Line, index: int) -> bool:
    """Whether a bare number can count what begins here: not another number, and no `in`, `und` or `à`."""
    token = line.at(index)
    if token is None or not begins_name(line, index) or _begins_with_number(line, index):
        return False
    following = line.at(index + 1)
    if following is None:
        return token.text != "x"
    if token.kind != "word" or token.key not in JOINING:
        return True
    # A brand may begin with De or La, but not with IN 1.
    return token.text[0].isupper() and following.kind != "digits"


def begins_measured_name(line: Line, index: int) -> bool:
    """Whether the name of an amount with a unit can begin here.

    It can't with a lone `of`, nor with `à`, `mit` or `plus`, which make the unit a part of the name: `boîte à lettres`.
    """
    if not begins_name(line, index) or (index + 1 == len(line) and line.is_word(index, OF)):
        return False
    token = line.tokens[index]
    return token.text not in EACH and token.text not in PLUS and token.text != "à"


def is_plural(line: Line, index: int) -> bool:
    """Whether a name is plainly in the plural: its first word, or the last one before a comma."""
    end = next((number for number in range(index, len(line)) if line.tokens[number].is_sign(",(")), len(line))
    words = {line.tokens[index].key, line.tokens[end - 1].key} if index < end else set[str]()
    return any(singular(word) != word for word in words)


def is_a_measure(line: Line, index: int) -> bool:
    """Whether a unit of measurement stands here that measures nothing: `4 kg` names nothing to buy."""
    found = read_unit(line, index, Decimal(1))
    return found is not None and not found.unit.is_thing and not begins_measured_name(line, found.end)


def make_reading(line: Line, index: int, quantity: Quantity | None, *notes: str | None) -> Reading | None:
    """Return a reading with what follows an index as the name; None if there is no name, or no amount."""
    name = line.rest(index).strip()
    if not name or quantity is None:
        return None
    return Reading(name, quantity, ", ".join(filter(None, notes)) or None)


def _begins_with_number(line: Line, index: int) -> bool:
    number = read_number(line, index)
    return number is not None and line.is_boundary(number.end)
