"""A typed line as name, quantity and note; an amount before the name wins, then one after it, then the note."""

import html
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from app.quantities.amounts import Reading
from app.quantities.leading import read_leading
from app.quantities.line import Line
from app.quantities.marks import remove_mark
from app.quantities.quantity import Quantity, is_size
from app.quantities.trailing import read_amount_alone, read_number_word, read_trailing, read_trailing_size
from app.quantities.vocabulary import CONTINUING, PLURAL_MARKS
from app.text import fold

LONGEST_KEPT: Final = 80
"""Characters of a line that is kept, so that all of them take 2 MiB at most."""

_FRACTION_ENTITY: Final = re.compile("&frac[1-8][2-8];")
"""As pages with recipes write ½."""
_MOST_FRACTIONS: Final = 4
"""As many as an amount has."""

_PLURAL_MARK: Final = re.compile(rf"(?<=[^\W\d_])(?:\((?:{'|'.join(sorted(PLURAL_MARKS))})\)|/n)(?!\w)")
"""`Zwiebel(n)`, `cup(s)`, `Dose/n`."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The parts of a typed line; `is_ticked` if the mark of a list before it says that it was bought."""

    name: str
    quantity: Quantity | None = None
    note: str | None = None
    is_ticked: bool = False


def parse_phrase(text: str) -> Phrase:
    """Split a typed line: `2 kg flour`, `flour 500g`, `½ cup sugar`, `6 x 1,5 l Wasser`, `milk (lactose free)`.

    Anything that isn't understood is the name, as typed; nothing is an error. However long the line is, only its ends
    are read.
    """
    return _parse_again(text) if len(text) <= LONGEST_KEPT else _parse(text)


@lru_cache(2048)
def _parse_again(text: str) -> Phrase:
    """Parse a line, or return what it was parsed into before: people type the same ones again.

    The lines of all households share this. What a line means depends on nothing but its text, and a result can't be
    changed, so that no one learns or alters what others typed.
    """
    return _parse(text)


def _parse(text: str) -> Phrase:
    line, is_ticked = remove_mark(text)
    bare, note = _without_note(_plainly_written(line))
    reading = _read(bare)
    if reading is not None:
        # `milk (fresh) 2 l`
        name, inner = _without_note(reading.name)
        return Phrase(name, reading.quantity, _joined(inner, reading.note, note), is_ticked)
    amount = read_amount_alone(Line(note)) if note is not None else None
    if amount is not None:
        return Phrase(bare, amount, None, is_ticked)
    return Phrase(bare, read_number_word(note) if note is not None else None, note, is_ticked)


def _read(text: str) -> Reading | None:
    line = Line(text)
    reading = read_leading(line)
    reading = read_trailing(line) if reading is None else _without_preparation(reading)
    if reading is None or reading.note is not None or is_size(reading.quantity):
        return reading
    sized = read_trailing_size(Line(reading.name))
    return reading if sized is None else replace(reading, name=sized.name, note=sized.note)


def _without_preparation(reading: Reading) -> Reading:
    """Make a note of what follows a comma: `2 eggs, beaten`; but not of another name or amount."""
    name, comma, rest = reading.name.partition(", ")
    if not comma or not rest[:1].isalpha() or name.count("(") != name.count(")"):
        return reading
    if fold(rest.split(maxsplit=1)[0]) in CONTINUING:
        return reading
    return replace(reading, name=name, note=_joined(reading.note, rest))


def _plainly_written(text: str) -> str:
    if "&" in text:
        text = _FRACTION_ENTITY.sub(lambda entity: html.unescape(entity[0]), text, _MOST_FRACTIONS)
    return _PLURAL_MARK.sub("", text) if "(" in text or "/n" in text else text


def _without_note(text: str) -> tuple[str, str | None]:
    """Split off the parentheses at the end of a line; if there is nothing else, they are the name."""
    if not text.endswith(")"):
        return text, None
    start = text.rfind("(")
    line, note = text[: max(start, 0)].strip(), text[start + 1 : -1]
    if start < 0 or ")" in note or not note.strip() or not line:
        return text, None
    return line, note.strip()


def _joined(*notes: str | None) -> str | None:
    return ", ".join(filter(None, notes)) or None
