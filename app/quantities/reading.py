"""What a reader makes of a line, and which texts can be a name."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from app.quantities.line import Line
from app.quantities.numbers import number_at
from app.quantities.quantity import Quantity
from app.quantities.vocabulary import JOINING

_NO_BEGINNING: Final = frozenset({"Pc", "Pd", "Pe", "Pf", "Po", "Ps", "Sc", "Sk", "Sm", "Cc", "Mn", "Mc", "Me"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A name with its amount; the note is the size of a pack, or what stood in parentheses beside the amount."""

    name: str
    quantity: Quantity
    note: str | None = None


def begins_name(line: Line, place: int) -> bool:
    """Whether a name may begin at a place: with a letter, a digit, a quotation mark or a picture, as `%` can't."""
    token = line.at(place)
    if token is None:
        return False
    if token.kind != "sign" or token.text in "\"'„#":
        return True
    return token.text != "°" and unicodedata.category(token.text) not in _NO_BEGINNING


def begins_counted_name(line: Line, place: int) -> bool:
    """Whether what begins here can be counted by a bare number: not another number, and no `in`, `und` or `à`."""
    token = line.at(place)
    if token is None or not begins_name(line, place) or _begins_with_number(line, place):
        return False
    following = line.at(place + 1)
    if following is None:
        return token.text != "x"
    if token.kind != "word" or token.key not in JOINING:
        return True
    # A brand may begin with De or La, but not with IN 1.
    return token.text[0].isupper() and following.kind != "digits"


def _begins_with_number(line: Line, place: int) -> bool:
    number = number_at(line, place)
    return number is not None and line.is_free(number.end)
