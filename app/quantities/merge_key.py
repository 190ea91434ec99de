"""The key under which lines of one thing merge: case, accents and plural make no difference.

Own rules and word lists, never a stemmer: stemmers make salt of salted and butt of Butter. A wrong merge is worse than
two lines, so a word that no rule or list covers stays as it is. The language of a name is unknown, so the rules of all
are applied; a key is only for comparison and need not be a word.
"""

import re
from typing import Final

from app.quantities.vocabulary import (
    CONNECTING,
    CONTINUING,
    IRREGULAR_PLURALS,
    NOT_PLURAL,
    PLURAL_ENDINGS,
    SINGULAR_IN_E,
)
from app.text import fold

_SEPARATORS: Final = re.compile("([ '’-])")
_NO_WORDS: Final = re.compile(r"[^\w '’-]|[0-9]")
_ENDING_LENGTHS: Final = sorted(set(map(len, PLURAL_ENDINGS)), reverse=True)
_SHORTEST: Final = 4
_SHORTEST_WITH_Y: Final = 6


def merge_key(name: str) -> str:
    """Return the key of a name: `fold`, with the last word in the singular, and the words that agree with it.

    `haricots verts` agrees as a whole. Before `de`, `à`, `con` and the like, the word in front is the noun:
    `pommes de terre`. `sugar, brown` is `brown sugar`.
    """
    folded = fold(name)
    parts = _SEPARATORS.split(_in_order(folded) if "," in folded else folded)
    words = parts[::2]
    for end in {len(words), _noun_end(words)}:
        _make_singular_before(words, end)
    parts[::2] = words
    return "".join(parts)


def _in_order(name: str) -> str:
    """Put what stands behind the comma of a folded name in front, as a label in a shop has it: `sugar, brown`."""
    noun, _, described = name.partition(", ")
    if not noun or not described or _NO_WORDS.search(noun) or _NO_WORDS.search(described):
        return name
    return name if described.split(maxsplit=1)[0] in CONTINUING else f"{described} {noun}"


def singular(word: str) -> str:
    """Return the singular of a folded word; the word itself if it is one or no rule is certain."""
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    if word in NOT_PLURAL or len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return word
    for length in _ENDING_LENGTHS:
        if word[-length:] in PLURAL_ENDINGS:
            return word[:-length] + PLURAL_ENDINGS[word[-length:]]
    return _without_s(word)


def _noun_end(words: list[str]) -> int:
    """Return the index after the noun: of the first connecting word that is not the first word."""
    connecting = (index for index, word in enumerate(words) if word in CONNECTING)
    return next((index for index in connecting if index > 0), len(words))


def _make_singular_before(words: list[str], end: int) -> None:
    """Put the word before `end` into the singular, and the ones before it for as long as they are plurals."""
    for index in range(end - 1, -1, -1):
        one = singular(words[index])
        if one == words[index] or words[index] in CONNECTING:
            return
        words[index] = one


def _without_s(word: str) -> str:
    """Drop a plural s: eggs, boxes, berries, tomatoes, huevos, Kiwis; but hummus and molasses keep theirs."""
    if not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word[:-1] in SINGULAR_IN_E:
        return word[:-1]
    if word.endswith("ies") and len(word) >= _SHORTEST_WITH_Y:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    return word[:-1]
