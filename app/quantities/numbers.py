"""Numbers in digits: `2`, `0,5`, `1 1/2`, `1½`, `1.000,5`, `2-3`."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from app.quantities.line import Line, Token
from app.quantities.vocabulary import UNTIL

_LONGEST: Final = 9
_DECIMALS: Final = 6
_GROUPS: Final = 5
_THIN_SPACES: Final = "\u00a0\u2009\u202f"
_DASHES: Final = "-–—−"
_SLASHES: Final = "/⁄"
_VULGAR: Final = {
    sign: Decimal(above) / below
    for sign, above, below in (
        *(("½", 1, 2), ("⅓", 1, 3), ("⅔", 2, 3), ("¼", 1, 4), ("¾", 3, 4), ("⅕", 1, 5), ("⅖", 2, 5), ("⅗", 3, 5)),
        *(("⅘", 4, 5), ("⅙", 1, 6), ("⅚", 5, 6), ("⅛", 1, 8), ("⅜", 3, 8), ("⅝", 5, 8), ("⅞", 7, 8)),
    )
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the place behind it.

    `grouped` is the other reading of `1.000` and `1,000`, where the sign parts thousands; the unit decides which.
    """

    value: Decimal
    end: int
    grouped: Decimal | None = None

    def of_small(self) -> Decimal:
        """The value for pieces, packs, grams and millilitres: nobody writes thousandths of them."""
        return self.value if self.grouped is None else self.grouped


def begins_number(token: Token) -> bool:
    """Whether a number may begin with this token."""
    return token.kind == "digits" or token.text in _VULGAR or token.text == "."


def number_at(line: Line, place: int) -> Number | None:
    """The number that begins at a place, above zero; None where something else does, such as `00` or `1/0`."""
    token = line.at(place)
    if token is None:
        return None
    if token.text in _VULGAR:
        return Number(_VULGAR[token.text], place + 1)
    if token.text == ".":
        return _without_zero(line, place)
    if not _is_plain(token.text):
        return None
    found = _fraction(line, place) or _mixed(line, place) or _decimal(line, place)
    if found is None or found.value == 0:
        return None
    following = line.glued(found.end)
    return None if following is not None and following.is_sign(_SLASHES) else found


def range_at(line: Line, place: int) -> Number | None:
    """A number, or the larger one of a range: whoever wants 2-3 onions is served with three."""
    number = number_at(line, place)
    if number is None:
        return None
    until = line.at(number.end)
    if until is None:
        return number
    if until.is_sign(_DASHES):
        beyond = line.at(number.end + 1)
        if beyond is None or until.spaced != beyond.spaced:
            return None
    elif not line.is_word(number.end, UNTIL):
        return number
    most = number_at(line, number.end + 1)
    if most is None:
        return number if until.kind == "word" else None
    return most if most.value > number.value else None


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST and (text == "0" or text[0] != "0")


def _decimal(line: Line, place: int) -> Number | None:
    first, end = line.tokens[place].text, place + 1
    signs, groups = "", [first]
    while len(groups) <= _GROUPS and (group := _group_at(line, end)):
        sign, digits, end = group
        signs += sign
        groups.append(digits)
    return _valued(signs, groups, end)


def _group_at(line: Line, place: int) -> tuple[str, str, int] | None:
    """A separator with its digits: a point, a comma or an apostrophe without spaces, or a space between thousands."""
    digits = line.at(place)
    if digits is not None and digits.kind == "digits" and digits.spaced and len(digits.text) == 3:
        # Between digits a thin or fixed space only ever parts thousands, and a group like 000 is no number of its own.
        space = line.text[line.tokens[place - 1].end : digits.start]
        return (" ", digits.text, place + 1) if space in _THIN_SPACES or digits.text[0] == "0" else None
    sign, digits = line.glued(place), line.glued(place + 1)
    if sign is None or digits is None or not sign.is_sign(".,'’") or digits.kind != "digits":
        return None
    return sign.text, digits.text, place + 2


def _valued(signs: str, groups: list[str], end: int) -> Number | None:
    """The value of digits between separators: the last one may be the decimal sign, the others part thousands."""
    if not signs:
        return Number(Decimal(groups[0]), end)
    whole, last = "".join(groups[:-1]), groups[-1]
    in_thousands = len(groups[0]) <= 3 and groups[0] != "0" and all(len(group) == 3 for group in groups[1:-1])
    decimal_sign, before = signs[-1], set(signs[:-1])
    if len(before) > 1 or len(whole) > _LONGEST:
        return None
    if in_thousands and len(last) == 3 and before <= {decimal_sign}:
        grouped = Decimal(whole + last)
        if before or decimal_sign not in ".,":
            return Number(grouped, end)
        return Number(Decimal(f"{whole}.{last}"), end, grouped)
    if decimal_sign not in ".," or decimal_sign in before or (before and not in_thousands) or len(last) > _DECIMALS:
        return None
    return Number(Decimal(f"{whole}.{last}"), end)


def _fraction(line: Line, place: int) -> Number | None:
    above, slash, below = line.at(place), line.glued(place + 1), line.glued(place + 2)
    if above is None or slash is None or below is None or not slash.is_sign(_SLASHES):
        return None
    if not _is_plain(above.text) or not _is_plain(below.text) or below.text == "0":
        return None
    return Number(Decimal(above.text) / Decimal(below.text), place + 3)


def _without_zero(line: Line, place: int) -> Number | None:
    """`.5`"""
    point, digits = line.spaced(place), line.glued(place + 1)
    if point is None or digits is None or digits.kind != "digits" or len(digits.text) > _DECIMALS:
        return None
    value = Decimal(f"0.{digits.text}")
    return Number(value, place + 2) if value else None


def _mixed(line: Line, place: int) -> Number | None:
    """`1 1/2`, `1-1/2`, `1½`, `1 ½`."""
    whole, following = line.tokens[place].text, line.at(place + 1)
    if following is None:
        return None
    if following.text in _VULGAR:
        return Number(Decimal(whole) + _VULGAR[following.text], place + 2)
    start = place + 2 if following.is_sign("-") and not following.spaced and line.glued(place + 2) else place + 1
    part = _fraction(line, start)
    return replace(part, value=part.value + int(whole)) if part is not None and part.value < 1 else None
