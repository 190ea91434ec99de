"""The singular of one folded word."""

from itertools import chain
from typing import Final

from app.quantities.plurals.english import ENGLISH
from app.quantities.plurals.french import FRENCH
from app.quantities.plurals.german import GERMAN
from app.quantities.plurals.spanish import SPANISH

_LANGUAGES: Final = (ENGLISH, GERMAN, FRENCH, SPANISH)
_SAME: Final = frozenset(chain.from_iterable(language.same for language in _LANGUAGES))
_WITH_E: Final = frozenset(chain.from_iterable(language.with_e for language in _LANGUAGES))
_IRREGULAR: Final = {plural: one for language in _LANGUAGES for plural, one in language.irregular.items()}
_ENDINGS: Final = {plural: one for language in _LANGUAGES for plural, one in language.endings.items()}
_LENGTHS: Final = sorted({len(ending) for ending in _ENDINGS}, reverse=True)
_SHORTEST: Final = 4
_SHORTEST_OF_Y: Final = 6


def singular(word: str) -> str:
    """The singular of a folded word; the word itself where it is one, or where no rule is sure."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _SAME or len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return word
    for length in _LENGTHS:
        if word[-length:] in _ENDINGS:
            return word[:-length] + _ENDINGS[word[-length:]]
    return _without_s(word)


def _without_s(word: str) -> str:
    """The word without a plural s: eggs, boxes, berries, tomatoes, huevos, Kiwis; but hummus and molasses keep it."""
    if not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word[:-1] in _WITH_E:
        return word[:-1]
    if word.endswith("ies") and len(word) >= _SHORTEST_OF_Y:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    return word[:-1]
