"""A typed line as name, quantity and note; an amount before the name wins, then one after it, then the note."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from app.quantities.amounts import Reading
from app.quantities.leading import read_leading
from app.quantities.line import Line
from app.quantities.quantity import Quantity, is_size
from app.quantities.trailing import read_amount_alone, read_trailing, read_trailing_size

LONGEST_KEPT: Final = 80
"""Characters of a line that is kept, so that all of them take 2 MiB at most."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The parts of a typed line."""

    name: str
    quantity: Quantity | None = None
    note: str | None = None


def parse_phrase(text: str) -> Phrase:
    """Split a typed line: `2 kg flour`, `flour 500g`, `½ cup sugar`, `6 x 1,5 l Wasser`, `milk (lactose free)`.

    Anything that isn't understood is the name, as typed; nothing is an error. Takes linear time.
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
    bare, note = _without_note(text)
    reading = _read(bare)
    if reading is None:
        amount = read_amount_alone(Line(note)) if note is not None else None
        return Phrase(bare, amount, None) if amount is not None else Phrase(bare, None, note)
    # `milk (fresh) 2 l`
    name, inner = _without_note(reading.name)
    return Phrase(name, reading.quantity, ", ".join(filter(None, (reading.note, inner, note))) or None)


def _read(text: str) -> Reading | None:
    line = Line(text)
    reading = read_leading(line)
    if reading is None:
        return read_trailing(line)
    if reading.note is None and not is_size(reading.quantity):
        sized = read_trailing_size(Line(reading.name))
        if sized is not None:
            return replace(reading, name=sized.name, note=sized.note)
    return reading


def _without_note(text: str) -> tuple[str, str | None]:
    """Split off the parentheses at the end of a line; if there is nothing else, they are the name."""
    if not text.endswith(")"):
        return text, None
    start = text.rfind("(")
    line, note = text[: max(start, 0)].strip(), text[start + 1 : -1]
    if start < 0 or ")" in note or not note.strip() or not line:
        return text, None
    return line, note.strip()
