"""The key under which lines of one thing merge: case, accents and plural make no difference.

Own rules and word lists, never a stemmer: stemmers make salt of salted and butt of Butter. A wrong merge is worse than
two lines, so what no rule or list knows stays as it is. Nobody says which language a name is in, so all are tried; a
key is for comparing, and need not be a word.
"""

import re
from typing import Final

from app.quantities.singular import singular
from app.text import fold

__all__ = ["merge_key", "singular"]

_PARTS: Final = re.compile("([ '’-])")
_CONNECTING: Final = frozenset(
    {"of", "d", "de", "du", "des", "del", "au", "aux", "al", "a", "en", "con", "sin", "sans", "avec", "y", "et"}
)


def merge_key(name: str) -> str:
    """The key of a name: `fold`, with the last word in the singular, and those that agree with it.

    `haricots verts` agrees as a whole. In front of `de`, `à`, `con` and the like, the word before is the noun:
    `pommes de terre`.
    """
    parts = _PARTS.split(fold(name))
    words = parts[::2]
    for end in {len(words), _noun_end(words)}:
        _fold_back_from(words, end)
    parts[::2] = words
    return "".join(parts)


def _noun_end(words: list[str]) -> int:
    """Where the noun ends: before the first connecting word that is not the first word."""
    connecting = (place for place, word in enumerate(words) if word in _CONNECTING)
    return next((place for place in connecting if place > 0), len(words))


def _fold_back_from(words: list[str], end: int) -> None:
    """Put the word before `end` into the singular, and those before it while they are plurals too."""
    for place in range(end - 1, -1, -1):
        folded = singular(words[place])
        if folded == words[place] or words[place] in _CONNECTING:
            return
        words[place] = folded
