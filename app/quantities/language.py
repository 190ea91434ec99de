"""What a table of a language holds: its units, and the words around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final, Literal

Kind = Literal["metric", "imperial", "kitchen", "pack", "piece", "dozen"]
Code = Literal["", "en", "de", "fr", "es"]

HALF: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its measure, how many base units (g, ml, cm, one piece, one pack) it holds, and how it is written.

    `also` are further spellings. A unit that `needs_of` is only read before `of` in its language, because the word
    alone means something else. Abbreviations of an `exact` one are read only in the case given. `grows_to` is the unit
    that large sums take.
    """

    symbol: str
    measure: str
    factor: Decimal
    kind: Kind
    plural: str = ""
    also: tuple[str, ...] = ()
    language: Code = ""
    needs_of: bool = False
    exact: bool = False
    grows_to: str | None = None

    @property
    def is_thing(self) -> bool:
        """Whether it can be counted by itself: two bottles, but not two kilos."""
        return self.kind in ("pack", "piece")

    @property
    def is_small(self) -> bool:
        """Whether nobody writes thousandths of it."""
        return self.factor <= 1


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language, all folded: lower case, no accents. Several words are a tuple."""

    units: tuple[Unit, ...]
    code: Code = ""
    of: frozenset[str] = frozenset()
    """Between a unit and a name."""
    one: frozenset[str] = frozenset()
    """Articles that count one."""
    numbers: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Numerals; read only before a unit, because names are full of them: five spice, tres leches."""
    fractions: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Read only before a unit, or for a half beside an article."""
    half_of_a_thing: frozenset[str] = frozenset()
    """Forms of half that stand before a name without an article."""
    half_more: frozenset[tuple[str, ...]] = frozenset()
    """Behind a number or a unit."""
    about: frozenset[tuple[str, ...]] = frozenset()
    """Before a number; dropped."""
    until: frozenset[str] = frozenset()
    """Between the two numbers of a range."""
    each: frozenset[str] = frozenset()
    """Between a pack and its size."""
    few: frozenset[str] = frozenset()
    """After an article, an amount that nobody can add up."""
    joining: frozenset[str] = frozenset()
    """Words that no counted name begins with, so that `3 in 1 Kaffee` is a name."""


def measure_of_word(word: str) -> str:
    """The measure of a pack word. It has a prefix, so that no word that people invent is `mass` or `none`."""
    return f"pack:{word}"


def measured(
    measure: str,
    factor: str,
    symbol: str,
    *also: str,
    kind: Kind = "metric",
    language: Code = "",
    exact: bool = False,
    grows_to: str | None = None,
) -> Unit:
    """A unit of the metric or the imperial system, by default the same in every language."""
    return Unit(symbol, measure, Decimal(factor), kind, "", also, language, exact=exact, grows_to=grows_to)


def pack_words(code: Code) -> "partial[Unit]":
    """Makes the pack words of a language: `measure, singular, plural, *also`."""
    return partial(_pack_word, code)


def _pack_word(
    code: Code, measure: str, symbol: str, plural: str, *also: str, needs_of: bool = False, exact: bool = False
) -> Unit:
    return Unit(
        symbol, measure_of_word(measure), Decimal(1), "pack", plural, also, code, needs_of=needs_of, exact=exact
    )


def numerals(words: str) -> dict[str, Decimal]:
    """The numerals from two on, in a row."""
    return {word: Decimal(value) for value, word in enumerate(words.split(), start=2)}
