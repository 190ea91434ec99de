"""Packs and what is in one: `400g tin`, `pack of 6 eggs`, `6er Pack Eier`, `12 pack of beer`.

They are counted as packs, and what is in each is the note.
"""

from decimal import Decimal

from app.quantities.amounts import (
    Reading,
    Size,
    has_hyphen,
    is_of,
    read_descriptions,
    read_name_start,
    read_pack_size,
    read_unit,
)
from app.quantities.language import Unit
from app.quantities.line import Line, is_times_after_number
from app.quantities.names import begins_counted_name, make_reading
from app.quantities.numbers import Number, read_number_or_range
from app.quantities.quantity import make_quantity
from app.quantities.vocabulary import EACH, OF, PACK_ENDINGS


def read_sized_packs(line: Line, size: Size | None, count: Decimal, *, counted: bool) -> Reading | None:
    """Read the pack behind a size: `400g tin tomatoes` is one tin, with its size as the note.

    If a number counts them, a size with a hyphen may also stand before a name: `4 6-oz fillets`.
    """
    if size is None:
        return None
    notes, start = read_descriptions(line, size.end)
    # The singular is fine after a larger number too: `2 x 400g tin` is common.
    pack = read_unit(line, start, Decimal(1), after_size=True)
    if pack is not None and pack.unit.takes_size:
        more, name = read_name_start(line, pack.end)
        return make_reading(line, name, make_quantity(count, pack.unit.symbol), size.text, *notes, *more)
    if counted and size.has_hyphen and begins_counted_name(line, size.end):
        return make_reading(line, size.end, make_quantity(count, None), size.text)
    return None


def read_packs_of(
    line: Line, index: int, number: Number | None, count: Decimal, *, multiplied: bool = False
) -> Reading | None:
    """Read a pack after the number of what is in it: `6er Pack Eier`, `12-pack of beer`, and `4 x 4 pack yoghurt`.

    `number` is the one at the index. In English there must be an `of` or a multiplication: `6-pack Coke` is a name.
    """
    if number is None or number.value <= 1:
        return None
    end = number.end
    ending = line.glued(end)
    has_ending = ending is not None and ending.key in PACK_ENDINGS
    end += has_ending
    hyphen = has_hyphen(line, end)
    found = read_unit(line, end + hyphen, Decimal(1))
    if found is None or found.unit.kind != "pack":
        return None
    if not has_ending:
        is_singular = line.tokens[found.end - 1].key == found.unit.symbol
        tells = found.unit.tells_content and (hyphen or is_singular)
        if not tells or not (multiplied or is_of(line, found.end)):
            return None
    note = line.between(index, end)
    notes, name = read_name_start(line, found.end)
    return make_reading(line, name, make_quantity(count, found.unit.symbol), note, *notes)


def read_pack_without_number(line: Line, index: int) -> Reading | None:
    """Read one pack by what is in it: `pack of 6 eggs`, `boîte de 12 œufs`."""
    found = read_unit(line, index, Decimal(1))
    if found is None or found.unit.kind != "pack" or not (line.is_word(found.end, EACH) or is_of(line, found.end)):
        return None
    note, end = read_content(line, found.unit, found.end)
    if note is None:
        return None
    notes, name = read_name_start(line, end)
    return make_reading(line, name, make_quantity(Decimal(1), found.unit.symbol), note, *notes)


def read_content(line: Line, unit: Unit, index: int) -> tuple[str | None, int]:
    """Return what is in each pack, and the index after it: `à 500 g`, `400 g`, `of 6`, `de 6 bouteilles`."""
    size = read_pack_size(line, index)
    if size is not None:
        return size.text, size.end
    if unit.kind != "pack" or not (line.is_word(index, EACH) or line.is_word(index, OF)):
        return None, index
    number = read_number_or_range(line, index + 1)
    if number is None or is_times_after_number(line, number.end) or not begins_counted_name(line, number.end):
        return None, index
    inner = read_unit(line, number.end, number.value)
    end = inner.end if inner is not None and is_of(line, inner.end) else number.end
    return line.between(index + 1, end), end
