"""What is known about a language: its units, the words around amounts, and its plurals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final, Literal

Kind = Literal["metric", "imperial", "kitchen", "pack", "piece", "dozen"]
Code = Literal["", "en", "de", "fr", "es"]

HALF: Final = Decimal("0.5")
THIRD: Final = Decimal(1) / 3
QUARTER: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its measure, how many base units (g, ml, cm, one piece, one pack) it holds, and how it is written.

    `also` are further spellings. A unit that `needs_of` is recognized only before "of" in its language, because the
    word alone means something else. Abbreviations of an `exact` unit are case-sensitive. `grows_to` is the unit that
    large sums are shown in.
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
    """The units and words of one language.

    Words are folded (lower case, no accents: `Äpfel` is `apfel`); a phrase of several words is a tuple.
    """

    units: tuple[Unit, ...]
    code: Code = ""
    of: frozenset[str] = frozenset()
    """Words between a unit and a name."""
    one: frozenset[str] = frozenset()
    """Articles that mean one."""
    numbers: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Numerals; they count only before a unit, because names are full of them: five spice, tres leches."""
    fractions: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """They count only before a unit; a half also counts next to an article."""
    half_of_a_thing: frozenset[str] = frozenset()
    """Forms of "half" that stand before a name without an article."""
    and_a_half: frozenset[tuple[str, ...]] = frozenset()
    """Phrases after a number or a unit."""
    about: frozenset[tuple[str, ...]] = frozenset()
    """Phrases before a number; they are dropped."""
    until: frozenset[str] = frozenset()
    """Words between the two numbers of a range."""
    each: frozenset[str] = frozenset()
    """Words between a pack and its size."""
    few: frozenset[str] = frozenset()
    """Words that, after an article, are an amount that can't be added up."""
    joining: frozenset[str] = frozenset()
    """Words that no counted name begins with, so that `3 in 1 Kaffee` is a name."""
    not_plural: frozenset[str] = frozenset()
    """Words that look like plurals but aren't, or that nobody counts."""
    singular_in_e: frozenset[str] = frozenset()
    """Singulars in -che, -sse, -xe, -oe and -ie. Other plurals in -ches and so on lose the e too, and -ies becomes -y.
    """
    plural_endings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Plural endings with their singular endings."""
    irregular_plurals: Mapping[str, str] = field(default_factory=dict[str, str])
    """Whole words in the plural with their singulars."""


def measure_of_word(word: str) -> str:
    """Return the measure of a pack word. Its prefix keeps invented words apart from measures such as `mass`."""
    return f"pack:{word}"


def pack_words(code: Code) -> "partial[Unit]":
    """Return a function that makes the pack words of a language: `measure, singular, plural, *also`."""
    return partial(_pack_word, code)


def _pack_word(
    code: Code, measure: str, symbol: str, plural: str, *also: str, needs_of: bool = False, exact: bool = False
) -> Unit:
    return Unit(
        symbol, measure_of_word(measure), Decimal(1), "pack", plural, also, code, needs_of=needs_of, exact=exact
    )


def numerals(text: str) -> dict[str, Decimal]:
    """Return the numerals of a text with their values; the first is two."""
    return {word: Decimal(value) for value, word in enumerate(text.split(), start=2)}


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases of a text, which are separated by commas."""
    return frozenset(tuple(phrase.split()) for phrase in text.split(","))


def singulars(text: str) -> dict[str, str]:
    """Return plurals with their singulars from a text such as `loaves loaf, knives knife`."""
    return dict(pair.split() for pair in text.split(","))
