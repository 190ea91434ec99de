"""Which of several things a name means, as people say it: `the hardware list`, `wood-screws`, `yoghurt`, `screws`.

Three ways are tried, and the first that finds anything decides: the same text but for case and accents; the same words
but for articles, plurals, hyphens, apostrophes, emoji and spelling; and the beginning or words of a longer name. What
fits two things is for the caller to ask about: nothing here guesses.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from typing import Final, Generic, TypeVar

from app.quantities.merge_key import singular
from app.text import fold

Thing = TypeVar("Thing")

LIST_WORDS: Final = frozenset(
    {"list", "shopping", "liste", "einkaufsliste", "einkaufszettel", "einkauf", "lista", "compra", "course"}
)
"""What people add to the name of a list, in the singular."""

SHORTEST_PART: Final = 3
"""Letters of the beginning of a name that may stand for it."""

ALIKE_ENOUGH: Final = 0.5
"""From 0 (nothing in common) to 1 (equal): `mlk` and `milk` have 0.67."""

_ARTICLES: Final = frozenset(
    """the a an my our your some der die das den dem ein eine einen mein meine meinen unser unsere unseren
    le la les l un une des mon ma mes notre nos el los las una unos unas mi mis nuestra nuestro""".split()  # noqa: SIM905
)
_SPELLINGS: Final = {
    "yoghurt": "yogurt",
    "yoghourt": "yogurt",
    "joghurt": "yogurt",
    "jogurt": "yogurt",
    "whiskey": "whisky",
    "doughnut": "donut",
    "chilli": "chili",
    "chile": "chili",
    "chilly": "chili",  # what is made of chillies
    "catsup": "ketchup",
    "omelet": "omelette",
    "liquorice": "licorice",
    "grey": "gray",
    "flavour": "flavor",
    "colour": "color",
    "aluminium": "aluminum",
    "tyre": "tire",
    "fibre": "fiber",
    "litre": "liter",
}
"""Spellings of one word, in the singular and folded, by the one that is compared."""

_POSSESSIVE: Final = re.compile(r"['’`]s\b")
_WORD: Final = re.compile(r"[^\W_]+")
_COMPARED_LETTERS: Final = 40
"""How many letters of a name are compared, so that long names cost no more than short ones."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A name without what people leave out or write in several ways."""

    folded: str
    keys: frozenset[str]
    """Texts of which two names that mean the same share one: its words, and its letters in one."""
    words: frozenset[str]
    start: str
    """Its words with spaces between them."""


def loosen(name: str, left_out: Collection[str] = ()) -> Loose:
    """Return a name as it is compared. `left_out` are words that make no difference, unless nothing else is left."""
    folded = fold(name)
    letters = "".join(_WORD.findall(folded))
    spelled = [_spelled(word) for word in _WORD.findall(_POSSESSIVE.sub("", folded))]
    while len(spelled) > 1 and spelled[0] in _ARTICLES:
        del spelled[0]
    words = [word for word in spelled if word not in left_out] or spelled
    start = " ".join(words)
    # A name of emoji alone has no words.
    keys = {start, "".join(words), letters} if words else {folded}
    return Loose(folded, frozenset(keys), frozenset(words), start)


@lru_cache(4096)
def _spelled(word: str) -> str:
    one = singular(word)
    return _SPELLINGS.get(one, one)


class Matcher(Generic[Thing]):
    """Things by their names. They are added one by one: thousands take a while, and others their turns meanwhile."""

    def __init__(self, things: Iterable[tuple[Loose, Thing]] = ()) -> None:
        self._things: list[Thing] = []
        self._folded: dict[str, list[int]] = defaultdict(list)
        self._keys: dict[str, list[int]] = defaultdict(list)
        self._words: dict[str, set[int]] = defaultdict(set)
        self._starts: list[str] = []
        for name, thing in things:
            self.add(name, thing)

    def add(self, name: Loose, thing: Thing) -> None:
        """Add a thing."""
        number = len(self._things)
        self._things.append(thing)
        self._folded[name.folded].append(number)
        for key in name.keys:
            self._keys[key].append(number)
        for word in name.words:
            self._words[word].add(number)
        self._starts.clear()

    def find(self, name: Loose, most: int) -> list[Thing]:
        """Return the things that a name means, at most so many: one, or several that it fits equally well, or none."""
        numbers = (
            self._folded.get(name.folded)
            or sorted({number for key in name.keys for number in self._keys.get(key, ())})
            or sorted({*self._beginning_with(name, most), *self._with_words(name)})
        )
        return [self._things[number] for number in numbers[:most]]

    def _beginning_with(self, name: Loose, most: int) -> set[int]:
        if not self._starts:
            self._starts = sorted(self._keys)
        found: set[int] = set()
        for start in {name.start, "".join(name.start.split())}:
            if len(start) < SHORTEST_PART:
                continue
            place = bisect_left(self._starts, start)
            while place < len(self._starts) and self._starts[place].startswith(start) and len(found) <= most:
                found.update(self._keys[self._starts[place]])
                place += 1
        return found

    def _with_words(self, name: Loose) -> set[int]:
        if not name.words:
            return set()
        return set[int].intersection(*(self._words.get(word, set[int]()) for word in name.words))


def find_named(
    name: str, things: Iterable[tuple[str, Thing]], most: int, left_out: Collection[str] = ()
) -> list[Thing]:
    """Return the things that a name means, of few that each have a name. `Matcher.find` says how."""
    matcher = Matcher((loosen(each, left_out), thing) for each, thing in things)
    return matcher.find(loosen(name, left_out), most)


def similar(name_key: str, others: Iterable[str], most: int) -> Sequence[str]:
    """Return at most `most` folded names that share most letters with another, the nearest first."""
    pairs = pairs_of(name_key)
    near = [(likeness(pairs, pairs_of(other)), other) for other in others]
    return [other for how_much, other in nlargest(most, near) if how_much >= ALIKE_ENOUGH]


def likeness(pairs: frozenset[str], others: frozenset[str]) -> float:
    """Return how much two names have in common, by Dice's coefficient."""
    return 2 * len(pairs & others) / (len(pairs) + len(others))


def pairs_of(name_key: str) -> frozenset[str]:
    """Return the pairs of neighbouring letters in the start of a folded name."""
    padded = f" {name_key[:_COMPARED_LETTERS]} "
    return frozenset(padded[place : place + 2] for place in range(len(padded) - 1))


_LABEL: Final = re.compile(r"(.*)\(([A-Za-z]\w{1,15})(?: on L\d{1,9})?\)\s*", re.DOTALL)


def split_label(text: str) -> tuple[str, str] | None:
    """Return the name and the ref in a candidate that was copied as it stands, such as `2 kg flour (i3)`, `nails (i9 on
    L2)` or `Hardware (L2)`. Whether there is such a ref, and what has it, is not known here."""
    found = _LABEL.fullmatch(text)
    return None if found is None else (found[1].strip(), found[2])
