"""A typed line in its parts: name, quantity and note.

The amount stands before the name or behind it; a note stands in parentheses. Where several readings are possible, the
first that fits wins: an amount before the name, one behind it, one in the parentheses, and then all is the name.
"""

from dataclasses import dataclass, replace

from app.quantities.leading import read_leading
from app.quantities.line import Line
from app.quantities.quantity import Quantity, is_size
from app.quantities.reading import Reading
from app.quantities.trailing import amount_alone, read_size_behind, read_trailing


@dataclass(frozen=True, slots=True)
class Phrase:
    """A line as typed, in its parts."""

    name: str
    quantity: Quantity | None = None
    note: str | None = None


def parse_phrase(text: str) -> Phrase:
    """A typed line in its parts: `2 kg flour`, `flour 500g`, `½ cup sugar`, `6 x 1,5 l Wasser`, `milk (lactose free)`.

    What is not understood is the name, as typed. Never an error; the time is linear in the length of the text.
    """
    bare, note = _without_note(text)
    reading = _read(bare)
    if reading is None:
        amount = amount_alone(Line(note)) if note is not None else None
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
        sized = read_size_behind(Line(reading.name))
        if sized is not None:
            return replace(reading, name=sized.name, note=sized.note)
    return reading


def _without_note(text: str) -> tuple[str, str | None]:
    """The line without the parentheses at its end, and what is in them; without a line they are the name."""
    if not text.endswith(")"):
        return text, None
    start = text.rfind("(")
    line, note = text[: max(start, 0)].strip(), text[start + 1 : -1]
    if start < 0 or ")" in note or not note.strip() or not line:
        return text, None
    return line, note.strip()
