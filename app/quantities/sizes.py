"""The size of a pack: `6 x 1,5 l`, `3 Packungen à 500 g`, `400g tin`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.quantities.amounts import UnitFound, amount_of, unit_at
from app.quantities.language import measure_of_word
from app.quantities.line import Line
from app.quantities.numbers import number_at
from app.quantities.quantity import Quantity, is_size, make_quantity
from app.quantities.vocabulary import EACH, OF

_CONTAINERS: Final = frozenset(
    map(
        measure_of_word,
        ("pack", "packet", "bottle", "can", "bag", "sack", "jar", "box", "carton", "tub", "tube", "tray", "bote"),
    )
)
"""Measures that a size may stand before: 400 g leaf spinach is no leaf."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in one pack, as an amount and as typed, and the place behind it."""

    quantity: Quantity
    text: str
    end: int


@dataclass(frozen=True, slots=True)
class SizedPack:
    """A pack behind its size."""

    size: Size
    pack: UnitFound


def size_at(line: Line, place: int) -> Size | None:
    """A weight, a volume or a length that begins at a place: `1,5 l`, `400 g`."""
    number = number_at(line, place)
    found = unit_at(line, number.end, number.value) if number is not None else None
    if number is None or found is None:
        return None
    quantity = make_quantity(amount_of(number, found.unit), found.unit.symbol)
    if quantity is None or not is_size(quantity):
        return None
    return Size(quantity, line.between(place, found.end), found.end)


def pack_size_at(line: Line, place: int) -> Size | None:
    """The size behind a pack word: `à 500 g`, `de 1,5 l`, `of 400 g`, or bare."""
    linked = line.is_word(place, EACH) or line.is_word(place, OF)
    return size_at(line, place + 1 if linked else place)


def sized_pack_at(line: Line, place: int) -> SizedPack | None:
    """A pack word behind its size: `400g tin`, `200 g Becher`."""
    size = size_at(line, place)
    # Also behind several it may be in the singular, as `2 x 400g tin` is usual.
    pack = unit_at(line, size.end, Decimal(1)) if size is not None else None
    if size is None or pack is None or pack.unit.measure not in _CONTAINERS or pack.name >= len(line):
        return None
    return SizedPack(size, pack)
