"""Numbers in digits (`2`, `0,5`, `1½`, `1.000,5`, `2-3`) and in words (`a`, `ein halbes`, `three quarters`)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from app.quantities.language import HALF
from app.quantities.line import Line, Token
from app.quantities.vocabulary import (
    ABOUT,
    AND,
    BETWEEN,
    COUNT_PLURALS_ONLY,
    FRACTIONS,
    HALF_OF_A_THING,
    LIMITS,
    NUMBERS,
    ONE,
    ORDINALS,
    UNTIL,
)

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
_LONGEST_ABOUT: Final = max(len(phrase) for phrases in ABOUT.values() for phrase in phrases) + len(".")


@dataclass(slots=True)
class Number:
    """A number and the index after it; one that `needs_unit` counts only before a unit, and one that `needs_plural`
    only before a unit or a name in the plural.

    `grouped` is the other reading of `1.000` and `1,000`, with a thousands separator; the unit decides which.
    """

    value: Decimal
    end: int
    grouped: Decimal | None = None
    in_words: bool = False
    needs_unit: bool = False
    needs_plural: bool = False
    is_fraction: bool = False

    def for_small_unit(self) -> Decimal:
        """Return the value before pieces, packs, grams and millilitres: nobody writes thousandths of them."""
        return self.value if self.grouped is None else self.grouped


def begins_number(token: Token) -> bool:
    """Whether a number may begin with this token."""
    return token.kind == "digits" or token.text in _VULGAR or token.text == "."


def read_number(line: Line, index: int) -> Number | None:
    """Return the number above zero at an index; None for anything else, such as `00` or `1/0`."""
    token = line.at(index)
    if token is None:
        return None
    if token.text in _VULGAR:
        return Number(_VULGAR[token.text], index + 1, is_fraction=True)
    if token.text == ".":
        return _without_zero(line, index)
    if not _is_plain(token.text):
        return None
    found = _fraction(line, index) or _mixed(line, index) or _decimal(line, index)
    if found is None or found.value == 0:
        return None
    following = line.glued(found.end)
    return None if following is not None and following.is_sign(_SLASHES) else found


def read_number_or_range(line: Line, index: int) -> Number | None:
    """Return the number at an index, or the larger one of a range: three onions satisfy a wish for 2-3."""
    number = read_number(line, index)
    if number is None:
        return None
    until = line.at(number.end)
    if until is None:
        return number
    if until.is_sign(_DASHES):
        beyond = line.at(number.end + 1)
        if beyond is None or until.spaced != beyond.spaced:
            return None
        if beyond.kind == "word" and not beyond.spaced:
            return number  # `12-oz bag`
    elif not line.is_word(number.end, UNTIL):
        return number
    most = read_number(line, number.end + 1)
    if most is None:
        in_words = next(_numerals(line, number.end + 1), number) if until.kind == "word" else None
        return in_words if in_words is None or in_words.value > number.value else number
    return most if most.value > number.value else None


def read_numerals(line: Line, index: int) -> Iterator[Number]:
    """Yield the numbers in words at an index, the longest first: `un quart` is a fourth, or one quart.

    Of a range, it is the larger one: `two or three`.
    """
    for number in _numerals(line, index):
        if not number.is_fraction and line.is_word(number.end, UNTIL):
            most = next(_numerals(line, number.end + 1), None)
            if most is not None and most.value > number.value:
                yield most
        yield number


def read_between(line: Line, index: int) -> Number | None:
    """Return the larger number of `between 2 and 3`, `entre dos y tres`."""
    if not line.is_word(index, BETWEEN):
        return None
    least = _number_in_any_form(line, index + 1)
    if least is None or not line.is_word(least.end, AND):
        return None
    most = _number_in_any_form(line, least.end + 1)
    return most if most is not None and most.value > least.value else None


def _number_in_any_form(line: Line, index: int) -> Number | None:
    return read_number(line, index) or next(_numerals(line, index), None)


def _numerals(line: Line, index: int) -> Iterator[Number]:
    token = line.spaced(index)
    if token is None or token.kind != "word":
        return
    value = Decimal(1) if token.key in ONE else NUMBERS.get(token.key)
    parts = _fraction_in_words(line, index if value is None else index + 1, article=value is not None)
    if parts is not None:
        times = value or Decimal(1)
        yield replace(parts, value=times * parts.value, needs_unit=parts.needs_unit or times != 1)
    if value is not None:
        yield Number(value, index + 1, in_words=True, needs_plural=token.key in COUNT_PLURALS_ONLY)


def skip_about(line: Line, index: int) -> int:
    """Return the index after `ca.`, `etwa`, `environ`, `about` or `~`, or the same index.

    At the beginning of a line, `at least`, `max.` and the like are skipped too.
    """
    sign = line.at(index)
    if sign is not None and sign.is_sign("~≈"):
        return index + 1
    end = line.skip_phrase(index, ABOUT)
    if end is None and index == 0:
        end = line.skip_phrase(index, LIMITS)
    if end is None:
        return index
    dot = line.glued(end)
    return end + 1 if dot is not None and dot.is_sign(".") else end


def find_about_before(line: Line, index: int) -> int:
    """Return the index of the `ca.`, `etwa` or `~` that ends before an index, or the same index."""
    starts = range(max(0, index - _LONGEST_ABOUT), index)
    return next((start for start in starts if skip_about(line, start) == index), index)


def read_fraction_after_unit(line: Line, index: int) -> tuple[Decimal, int] | None:
    """Return the fraction in digits behind a unit, and the index after it: `1 litre 1/2 de lait`."""
    token = line.spaced(index)
    part = _part_in_digits(line, index) if token is not None and begins_number(token) else None
    return None if part is None else (part.value, part.end)


def read_part(line: Line, index: int) -> tuple[Decimal, int] | None:
    """Return what `and a half`, `et demi`, `y cuarto` or `and 1/2` adds, and the index after it; None if none
    follows."""
    if not line.is_word(index, AND):
        return None
    start = index + 2 if line.is_word(index + 1, ONE) else index + 1
    part = _fraction_in_words(line, start, article=True) or _part_in_digits(line, index + 1)
    return None if part is None else (part.value, part.end)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST and (text == "0" or text[0] != "0")


def _decimal(line: Line, index: int) -> Number | None:
    first, end = line.tokens[index].text, index + 1
    signs, groups = "", [first]
    while len(groups) <= _GROUPS and (group := _group_at(line, end)):
        sign, digits, end = group
        signs += sign
        groups.append(digits)
    return _valued(signs, groups, end)


def _group_at(line: Line, index: int) -> tuple[str, str, int] | None:
    """Return a separator, its digits and the index after them: a point, comma or apostrophe without spaces, or a
    space between thousands."""
    digits = line.at(index)
    if digits is not None and digits.kind == "digits" and digits.spaced and len(digits.text) == 3:
        # Between digits a thin or non-breaking space only ever separates thousands, and 000 is no number by itself.
        space = line.text[line.tokens[index - 1].end : digits.start]
        return (" ", digits.text, index + 1) if space in _THIN_SPACES or digits.text[0] == "0" else None
    sign, digits = line.glued(index), line.glued(index + 1)
    if sign is None or digits is None or not sign.is_sign(".,'’") or digits.kind != "digits":
        return None
    return sign.text, digits.text, index + 2


def _valued(signs: str, groups: list[str], end: int) -> Number | None:
    """Return the value of groups of digits: the last separator may be the decimal one, the others are for thousands."""
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


def _fraction(line: Line, index: int) -> Number | None:
    above, slash, below = line.at(index), line.glued(index + 1), line.glued(index + 2)
    if above is None or slash is None or below is None or not slash.is_sign(_SLASHES):
        return None
    if not _is_plain(above.text) or not _is_plain(below.text) or below.text == "0":
        return None
    end = index + 3
    ordinal = line.glued(end)
    if ordinal is not None and ordinal.key in ORDINALS:
        end += 1
    return Number(Decimal(above.text) / Decimal(below.text), end, is_fraction=True)


def _part_in_digits(line: Line, index: int) -> Number | None:
    """`1/2`, `½`: less than one."""
    token = line.at(index)
    if token is None:
        return None
    if token.text in _VULGAR:
        return Number(_VULGAR[token.text], index + 1)
    part = _fraction(line, index)
    return part if part is not None and 0 < part.value < 1 else None


def _without_zero(line: Line, index: int) -> Number | None:
    """`.5`"""
    point, digits = line.spaced(index), line.glued(index + 1)
    if point is None or digits is None or digits.kind != "digits" or len(digits.text) > _DECIMALS:
        return None
    value = Decimal(f"0.{digits.text}")
    return Number(value, index + 2) if value else None


def _mixed(line: Line, index: int) -> Number | None:
    """`1 1/2`, `1-1/2`, `1½`, `1 ½`, `1-½`."""
    hyphen = line.glued(index + 1)
    start = index + 2 if hyphen is not None and hyphen.is_sign("-") and line.glued(index + 2) else index + 1
    part = _part_in_digits(line, start)
    return replace(part, value=part.value + int(line.tokens[index].text)) if part is not None else None


def _fraction_in_words(line: Line, index: int, *, article: bool) -> Number | None:
    token = line.spaced(index)
    value = FRACTIONS.get(token.key) if token is not None and token.kind == "word" else None
    if token is None or value is None:
        return None
    end = index + 1
    hyphen = line.glued(end)
    if hyphen is not None and hyphen.is_sign("-"):
        end += 1
    elif line.is_word(end, ONE):
        article, end = True, end + 1
    stands_alone = value == HALF and (article or token.key in HALF_OF_A_THING)
    return Number(value, end, in_words=True, needs_unit=not stands_alone, is_fraction=True)
