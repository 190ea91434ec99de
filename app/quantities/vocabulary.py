"""The words of all languages together: a line may be in any of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from app.quantities.language import Code, Language, read_language
from app.text import fold

Value = TypeVar("Value")

LANGUAGES: Final[Sequence[Language]] = sorted(
    map(read_language, Path(__file__).with_name("languages").glob("*.toml")), key=lambda language: language.rank
)
"""Every file in `languages/`."""


def _all_words(words: Callable[[Language], frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*map(words, LANGUAGES))


def _all_pairs(pairs: Callable[[Language], Mapping[str, Value]]) -> Mapping[str, Value]:
    """Return the pairs of all languages, with folded words; of several, that of the lowest rank."""
    return {fold(word): value for language in reversed(LANGUAGES) for word, value in pairs(language).items()}


def _by_first_word(phrases: Callable[[Language], Sequence[Sequence[str]]]) -> Mapping[str, Sequence[Sequence[str]]]:
    table: dict[str, list[Sequence[str]]] = defaultdict(list)
    for phrase in sorted(chain.from_iterable(map(phrases, LANGUAGES)), key=len, reverse=True):
        table[phrase[0]].append(phrase)
    return dict(table)


OF_IN: Final[Mapping[Code, frozenset[str]]] = {language.code: language.of for language in LANGUAGES}
"""Each language's words between a unit and a name."""

WITHOUT_OF: Final = frozenset(language.code for language in LANGUAGES if language.without_of)
"""The languages in which a name follows its unit without such a word."""

OF: Final = _all_words(lambda language: language.of)
CONNECTING: Final = _all_words(lambda language: language.connecting)
ONE: Final = _all_words(lambda language: language.one)
HALF_OF_A_THING: Final = _all_words(lambda language: language.half_of_a_thing)
AND: Final = _all_words(lambda language: language.and_)
PLUS: Final = _all_words(lambda language: language.plus)
BETWEEN: Final = _all_words(lambda language: language.between)
UNTIL: Final = _all_words(lambda language: language.until)
EACH: Final = _all_words(lambda language: language.each)
FEW: Final = _all_words(lambda language: language.few)
JOINING: Final = _all_words(lambda language: language.joining)
CONTINUING: Final = _all_words(lambda language: language.continuing)
ADJECTIVES: Final = _all_words(lambda language: language.adjectives)
ORDINALS: Final = _all_words(lambda language: language.ordinals)
AFTER_ORDINALS: Final = _all_words(lambda language: language.after_ordinals)
PACK_ENDINGS: Final = _all_words(lambda language: language.pack_endings)
PLURAL_MARKS: Final = _all_words(lambda language: language.plural_marks)
NOT_COUNTED: Final = _by_first_word(lambda language: language.not_counted)
ABOUT: Final = _by_first_word(lambda language: language.about)
LIMITS: Final = _by_first_word(lambda language: language.limits)
AMOUNTS: Final = _all_pairs(lambda language: language.amounts)
AMOUNT_PHRASES: Final = _by_first_word(lambda language: [phrase.split() for phrase in language.amounts])
NUMBERS: Final = _all_pairs(lambda language: language.numbers)
COUNT_PLURALS_ONLY: Final = frozenset(
    fold(word) for language in LANGUAGES if language.counts_plurals_only for word in language.numbers
)
"""The numbers in words that count only names in the plural."""

FRACTIONS: Final = _all_pairs(lambda language: language.fractions)
NOT_PLURAL: Final = _all_words(lambda language: language.not_plural)
SINGULAR_IN_E: Final = _all_words(lambda language: language.singular_in_e)
PLURAL_ENDINGS: Final = _all_pairs(lambda language: language.plural_endings)
IRREGULAR_PLURALS: Final = _all_pairs(lambda language: language.irregular_plurals)
