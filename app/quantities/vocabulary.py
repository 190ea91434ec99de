"""The words of all languages together: a line may be in any of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Final

from app.quantities.language import Code, Language
from app.quantities.languages import LANGUAGES


def _all(words: Callable[[Language], frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*map(words, LANGUAGES))


def _phrases(phrases: Callable[[Language], frozenset[tuple[str, ...]]]) -> Mapping[str, Sequence[Sequence[str]]]:
    """Phrases by their first word."""
    table: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for phrase in chain.from_iterable(map(phrases, LANGUAGES)):
        table[phrase[0]].append(phrase)
    return dict(table)


OF_OF: Final[dict[Code, frozenset[str]]] = {language.code: language.of for language in LANGUAGES}
"""Each language's words between a unit and a name."""

OF: Final = _all(lambda language: language.of)
ONE: Final = _all(lambda language: language.one)
HALF_OF_A_THING: Final = _all(lambda language: language.half_of_a_thing)
HALF_MORE: Final = _phrases(lambda language: language.half_more)
ABOUT: Final = _phrases(lambda language: language.about)
UNTIL: Final = _all(lambda language: language.until)
EACH: Final = _all(lambda language: language.each)
FEW: Final = _all(lambda language: language.few)
JOINING: Final = _all(lambda language: language.joining)
NUMBERS: Final[dict[str, Decimal]] = {word: value for language in LANGUAGES for word, value in language.numbers.items()}
FRACTIONS: Final[dict[str, Decimal]] = {
    word: value for language in LANGUAGES for word, value in language.fractions.items()
}
