"""The words of all languages together: a line may be in any of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Final, TypeVar

from app.quantities.language import Code, Language
from app.quantities.languages.common import COMMON
from app.quantities.languages.english import ENGLISH
from app.quantities.languages.french import FRENCH
from app.quantities.languages.german import GERMAN
from app.quantities.languages.spanish import SPANISH

Value = TypeVar("Value")

LANGUAGES: Final[tuple[Language, ...]] = (COMMON, ENGLISH, GERMAN, FRENCH, SPANISH)
"""Where a word is in several and nothing else tells them apart, the first one wins."""


def _all_words(words: Callable[[Language], frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*map(words, LANGUAGES))


def _all_pairs(pairs: Callable[[Language], Mapping[str, Value]]) -> Mapping[str, Value]:
    return {word: value for language in LANGUAGES for word, value in pairs(language).items()}


def _by_first_word(
    phrases: Callable[[Language], frozenset[tuple[str, ...]]],
) -> Mapping[str, Sequence[Sequence[str]]]:
    table: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for phrase in chain.from_iterable(map(phrases, LANGUAGES)):
        table[phrase[0]].append(phrase)
    return dict(table)


OF_IN: Final[Mapping[Code, frozenset[str]]] = {language.code: language.of for language in LANGUAGES}
"""Each language's words between a unit and a name."""

OF: Final = _all_words(lambda language: language.of)
ONE: Final = _all_words(lambda language: language.one)
HALF_OF_A_THING: Final = _all_words(lambda language: language.half_of_a_thing)
UNTIL: Final = _all_words(lambda language: language.until)
EACH: Final = _all_words(lambda language: language.each)
FEW: Final = _all_words(lambda language: language.few)
JOINING: Final = _all_words(lambda language: language.joining)
AND_A_HALF: Final = _by_first_word(lambda language: language.and_a_half)
ABOUT: Final = _by_first_word(lambda language: language.about)
NUMBERS: Final = _all_pairs(lambda language: language.numbers)
FRACTIONS: Final = _all_pairs(lambda language: language.fractions)
NOT_PLURAL: Final = _all_words(lambda language: language.not_plural)
SINGULAR_IN_E: Final = _all_words(lambda language: language.singular_in_e)
PLURAL_ENDINGS: Final = _all_pairs(lambda language: language.plural_endings)
IRREGULAR_PLURALS: Final = _all_pairs(lambda language: language.irregular_plurals)
