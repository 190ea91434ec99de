"""Numbers in words: `a`, `ein halbes`, `une demi-`, `three quarters`, and `about` before any number."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.quantities.language import HALF
from app.quantities.line import Line
from app.quantities.vocabulary import ABOUT, FRACTIONS, HALF_MORE, HALF_OF_A_THING, NUMBERS, ONE

_LONGEST_ABOUT: Final = max(len(phrase) for phrases in ABOUT.values() for phrase in phrases) + len(".")


@dataclass(frozen=True, slots=True)
class Wording:
    """A number in words and the place behind it; one that `needs_unit` is no number before anything else."""

    value: Decimal
    end: int
    needs_unit: bool
    is_fraction: bool = False


def wordings_at(line: Line, place: int) -> Iterator[Wording]:
    """The numbers in words that begin at a place, the longer one first: `un quart` is a fourth, or one quart."""
    token = line.spaced(place)
    if token is None or token.kind != "word":
        return
    value = Decimal(1) if token.key in ONE else NUMBERS.get(token.key)
    parts = _fraction(line, place if value is None else place + 1, article=value is not None)
    if parts is not None:
        times = value or Decimal(1)
        yield Wording(times * parts.value, parts.end, parts.needs_unit or times != 1, is_fraction=True)
    if value is not None:
        yield Wording(value, place + 1, needs_unit=token.key not in ONE)


def after_about(line: Line, place: int) -> int:
    """The place behind `ca.`, `etwa`, `environ`, `about` or `~`, or the same place."""
    sign = line.at(place)
    if sign is not None and sign.is_sign("~≈"):
        return place + 1
    end = line.after_any(place, ABOUT)
    if end is None:
        return place
    dot = line.glued(end)
    return end + 1 if dot is not None and dot.is_sign(".") else end


def about_before(line: Line, place: int) -> int:
    """The place of the `ca.`, `etwa` or `~` that ends before a place, or the same place."""
    starts = range(max(0, place - _LONGEST_ABOUT), place)
    return next((start for start in starts if after_about(line, start) == place), place)


def half_more(line: Line, place: int) -> int | None:
    """The place behind `and a half`, `et demi`, `y medio`."""
    return line.after_any(place, HALF_MORE)


def _fraction(line: Line, place: int, *, article: bool) -> Wording | None:
    token = line.spaced(place)
    value = FRACTIONS.get(token.key) if token is not None and token.kind == "word" else None
    if token is None or value is None:
        return None
    end = place + 1
    hyphen = line.glued(end)
    if hyphen is not None and hyphen.is_sign("-"):
        end += 1
    elif line.is_word(end, ONE):
        article, end = True, end + 1
    stands_alone = value == HALF and (article or token.key in HALF_OF_A_THING)
    return Wording(value, end, needs_unit=not stands_alone, is_fraction=True)
