"""What is known about a language: its units, the words around amounts, and its plurals.

Each language is a TOML file in `languages/`, for people who write no code; docs/quantities.md explains the fields.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.text import fold

Kind = Literal["metric", "imperial", "kitchen", "pack", "piece", "number"]
Code = str
"""`en`, `de` and so on; empty for what is the same in all languages."""

HALF: Final = Decimal("0.5")


def _as_number(value: object) -> object:
    if not isinstance(value, str):
        return value
    fraction = Fraction(value)
    return Decimal(fraction.numerator) / fraction.denominator


def _as_words(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be one text with spaces between the words")
    return frozenset(fold(value).split())


def _as_phrase(value: object) -> object:
    return tuple(fold(value).split()) if isinstance(value, str) else value


Words = Annotated[frozenset[str], BeforeValidator(_as_words)]
"""A text with spaces between the words; they are folded (lower case, no accents: `Äpfel` is `apfel`)."""

Phrase = Annotated[tuple[str, ...], BeforeValidator(_as_phrase), Field(min_length=1)]
"""The folded words of a text."""

Amount = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? \S.*$")]
"""A number and a unit: `375 g`."""

Value = Annotated[Decimal, BeforeValidator(_as_number), Field(gt=0)]
"""A number, or a text such as `1/3`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit: its measure, how many base units (g, ml, cm, one piece, one pack) it holds, and how it is written."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    symbol: str
    """What amounts are stored and shown with."""
    measure: Annotated[str, Field(pattern="^(mass|volume|length|count)$")]
    """A pack has a measure of its own, which no file says."""
    factor: Value
    kind: Kind
    """Words of the kind `number`, such as dozen, are shown as a count."""
    plural: str = ""
    also: tuple[str, ...] = ()
    """Further spellings."""
    language: Code = ""
    needs_of: bool = False
    """Recognized only before "of" in its language, because the word alone means something else."""
    exact: bool = False
    """Its abbreviations of one or two letters are case-sensitive."""
    grows_to: str | None = None
    """The unit that large sums are shown in."""
    not_before: Words = frozenset()
    """Words that make a name of it: can opener, bouquet garni."""
    tells_content: bool = False
    """A number before its singular says how much is in one: a 12 pack of beer."""
    takes_size: bool = False
    """A size before it is that of one: a 400 g tin, but 400 g leaf spinach is not a leaf."""
    counts_alone: bool = False
    """One is meant where no number stands before it: pinch of salt."""

    @property
    def is_thing(self) -> bool:
        """Whether it can be counted by itself: two bottles, but not two kilos."""
        return self.kind in ("pack", "piece")

    @property
    def is_small(self) -> bool:
        """Whether nobody writes thousandths of it."""
        return self.factor <= 1


class Pack(BaseModel):
    """A word for a pack or a part. Those that are `like` the same English word add up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str
    plural: str
    like: str
    also: tuple[str, ...] = ()
    needs_of: bool = False
    exact: bool = False
    not_before: Words = frozenset()
    tells_content: bool = False
    takes_size: bool = False
    counts_alone: bool = False

    def as_unit(self) -> Unit:
        """Return the unit; its factor is one, because no two packs are known to hold the same."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "like"}
        return Unit(measure=measure_of_word(self.like), factor=Decimal(1), kind="pack", **fields)


class Language(BaseModel):
    """The units and words of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    rank: int
    """Where a word is in several languages and nothing else tells them apart, the lowest rank wins."""
    units: tuple[Unit, ...]
    packs: tuple[Pack, ...] = ()
    of: Words = frozenset()
    """Words between a unit and a name."""
    without_of: bool = False
    """Whether a name follows its unit without such a word: Prise Salz."""
    connecting: Words = frozenset()
    """Words before which the noun of a name ends: leg of lamb, pommes de terre."""
    one: Words = frozenset()
    """Articles that mean one."""
    numbers: Mapping[str, Value] = {}
    fractions: Mapping[str, Value] = {}
    """They count only before a unit; a half also counts next to an article."""
    amounts: Mapping[str, Amount] = {}
    """Phrases that are an amount of their own, with what they mean."""
    counts_plurals_only: bool = False
    """Whether a number in words counts only names in the plural: two lemons, but five spice."""
    not_counted: tuple[Phrase, ...] = ()
    """Beginnings of names that look like a number in words: tres leches."""
    half_of_a_thing: Words = frozenset()
    """Forms of "half" that stand before a name without an article."""
    and_: Words = Field(default=frozenset(), alias="and")
    """Words between a whole number and a fraction."""
    plus: Words = frozenset()
    """Words between two amounts that add up."""
    about: tuple[Phrase, ...] = ()
    """Phrases before a number, before or after a name; they are dropped."""
    limits: tuple[Phrase, ...] = ()
    """The same, but only at the beginning of a line: Max is also a brand."""
    between: Words = frozenset()
    """Words before a range whose numbers have an "and" between them: between 2 and 3."""
    until: Words = frozenset()
    """Words between the two numbers of a range."""
    each: Words = frozenset()
    """Words between a pack and its size."""
    few: Words = frozenset()
    """Words that, after an article, are an amount that can't be added up."""
    joining: Words = frozenset()
    """Words that no counted name begins with, so that `3 in 1 Kaffee` is a name."""
    continuing: Words = frozenset()
    """Words after a comma that show that the name goes on."""
    adjectives: Words = frozenset()
    """Words between a number and a unit, or a unit and "of"; they become the note."""
    ordinals: Words = frozenset()
    """Endings of the number below a fraction: 1/3rd."""
    after_ordinals: Words = frozenset()
    """Words before which `1.` is no number of a list: 1. Wahl."""
    pack_endings: Words = frozenset()
    """Endings of the number before a pack: 6er Pack."""
    plural_marks: Words = frozenset()
    """Endings in parentheses, as in `Zwiebel(n)`."""
    not_plural: Words = frozenset()
    """Words that look like plurals but aren't, or that nobody counts."""
    singular_in_e: Words = frozenset()
    """Singulars in -che, -sse, -xe, -oe and -ie. Other plurals in -ches and so on lose the e too, and -ies becomes -y.
    """
    plural_endings: Mapping[str, str] = {}
    """Plural endings with their singular endings."""
    irregular_plurals: Mapping[str, str] = {}
    """Whole words in the plural with their singulars."""

    @cached_property
    def all_units(self) -> tuple[Unit, ...]:
        """The units and packs, with their language."""
        units = *self.units, *(pack.as_unit() for pack in self.packs)
        return tuple(replace(unit, language=self.code) for unit in units)


def measure_of_word(word: str) -> str:
    """Return the measure of a pack word. Its prefix keeps invented words apart from measures such as `mass`."""
    return f"pack:{word}"


def read_language(path: Path) -> Language:
    """Read the file of a language.

    Raises `ValueError`, which names the file and each entry that can't be used.
    """
    try:
        return Language.model_validate(tomllib.loads(path.read_text("utf-8"), parse_float=Decimal))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise ValueError(f"{path.name}: {'; '.join(faults)}") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from None
