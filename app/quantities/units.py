"""Find a unit by what people write, or by the symbol it is stored under."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.quantities.language import Unit
from app.quantities.vocabulary import LANGUAGES
from app.text import fold

_ABBREVIATION: Final = 2
_WORD: Final = re.compile(r"[^\W\d_]+|#")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a unit. `words` are as in the table, with their case and accents."""

    words: tuple[str, ...]
    unit: Unit

    @property
    def is_singular(self) -> bool:
        """Whether it is the form for one, where the plural differs."""
        return self.words == (self.unit.symbol,) and self.unit.plural != self.unit.symbol

    @property
    def is_exact(self) -> bool:
        """Whether it is case-sensitive."""
        return self.unit.exact and len(self.words[0]) <= _ABBREVIATION


_ALL: Final = tuple(unit for language in LANGUAGES for unit in language.all_units)


def _spellings() -> Mapping[tuple[str, ...], Sequence[Spelling]]:
    table: dict[tuple[str, ...], list[Spelling]] = defaultdict(list)
    for unit in _ALL:
        for text in dict.fromkeys(filter(None, (unit.symbol, unit.plural, *unit.also))):
            words = tuple(_WORD.findall(text))
            table[tuple(map(fold, words))].append(Spelling(words, unit))
    return dict(table)


_SPELLINGS: Final = _spellings()

LENGTHS: Final[Mapping[str, int]] = {words[0]: len(words) for words in sorted(_SPELLINGS, key=len)}
"""The folded words that the name of a unit may begin with, and how many words it then has at most."""

_LONGEST: Final = max(LENGTHS.values())

UNITS: Final[Mapping[str, Unit]] = {unit.symbol: unit for unit in reversed(_ALL)}
"""Every unit by the symbol under which amounts are stored; of several, that of the first table."""


def find_spellings(keys: Sequence[str], words: Sequence[str]) -> Sequence[Spelling]:
    """Return the units that are written with these words, best first: exact spellings, then the order of the tables.

    `keys` are the folded words. Case and accents make no difference, except in abbreviations of exact units.
    """
    found = _SPELLINGS.get(tuple(keys))
    if found is None:
        return ()
    if len(found) == 1 and not found[0].is_exact:
        return found
    typed = tuple(words)
    candidates = [each for each in found if not each.is_exact or each.words == typed]
    return sorted(candidates, key=lambda each: each.words != typed)


def find_unit(text: str | None) -> Unit | None:
    """Return the unit that a whole text names: `kg`, `Flaschen`, `c. à s.`; None if no table has it."""
    if text is None:
        return None
    stored = UNITS.get(text)
    if stored is not None:
        return stored
    words = _WORD.findall(text)
    if any(character.isdigit() for character in text) or len(words) > _LONGEST:
        return None
    found = find_spellings([fold(word) for word in words], words)
    return found[0].unit if found else None


def factor_of(unit: str | None) -> Decimal:
    """Return how many base units a stored unit holds; one for a count and for a word in no table."""
    known = UNITS.get(unit) if unit is not None else None
    return known.factor if known is not None else Decimal(1)
