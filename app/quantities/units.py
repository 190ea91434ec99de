"""Finding a unit by what people write, and by the symbol it is stored under."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.quantities.language import Unit
from app.quantities.languages import LANGUAGES
from app.text import fold

_ABBREVIATION: Final = 2
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a unit. `words` are as in the table, with their case and accents."""

    words: tuple[str, ...]
    unit: Unit

    @property
    def is_singular(self) -> bool:
        """Whether it is the form for one, where there is another for several."""
        return self.words == (self.unit.symbol,) and self.unit.plural != self.unit.symbol

    @property
    def is_exact(self) -> bool:
        """Whether it means the unit only in this case."""
        return self.unit.exact and len(self.words[0]) <= _ABBREVIATION


def _spellings() -> dict[tuple[str, ...], list[Spelling]]:
    table: dict[tuple[str, ...], list[Spelling]] = defaultdict(list)
    for unit in (unit for language in LANGUAGES for unit in language.units):
        for text in dict.fromkeys(filter(None, (unit.symbol, unit.plural, *unit.also))):
            words = tuple(_WORD.findall(text))
            table[tuple(map(fold, words))].append(Spelling(words, unit))
    return dict(table)


def _by_symbol() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for unit in (unit for language in LANGUAGES for unit in language.units):
        table.setdefault(unit.symbol, unit)
    return table


_SPELLINGS: Final[Mapping[tuple[str, ...], Sequence[Spelling]]] = _spellings()

LONGEST_SPELLING: Final = max(map(len, _SPELLINGS))
"""How many words a unit has at most."""

UNITS: Final[Mapping[str, Unit]] = _by_symbol()
"""Every unit by the symbol under which amounts are stored."""


def spelled(keys: Sequence[str], words: Sequence[str]) -> Sequence[Spelling]:
    """The units that are written with these words, the best first: exact spellings, then the order of the tables.

    `keys` are the words folded. Case and accents make no difference, except to abbreviations of exact units.
    """
    found = _SPELLINGS.get(tuple(keys))
    if found is None:
        return ()
    typed = tuple(words)
    candidates = [each for each in found if not each.is_exact or each.words == typed]
    return sorted(candidates, key=lambda each: each.words != typed)


def unit_called(text: str | None) -> Unit | None:
    """The unit that a text names as a whole: `kg`, `Flaschen`, `c. à s.`; None when it is no unit of the tables."""
    if text is None:
        return None
    exactly = UNITS.get(text)
    if exactly is not None:
        return exactly
    words = _WORD.findall(text)
    if any(character.isdigit() for character in text) or len(words) > LONGEST_SPELLING:
        return None
    found = spelled([fold(word) for word in words], words)
    return found[0].unit if found else None


def factor_of(unit: str | None) -> Decimal:
    """How many base units a stored unit holds; one for a count and for a word that is in no table."""
    known = UNITS.get(unit) if unit is not None else None
    return known.factor if known is not None else Decimal(1)
