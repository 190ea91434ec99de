"""Items whose names resemble one that is on no list, as candidates for what was meant. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Final

from app.lists.model import Item

ALIKE_ENOUGH: Final = 0.5
"""From 0, nothing in common, to 1, the same: `mlk` and `milk` have 0.67."""

_COMPARED: Final = 40
"""Of a name, so that names of any length cost the same."""


class Resembling:
    """The items of a list by what their names are made of.

    Names are taken apart once, into words and pairs of neighbouring letters (Dice's coefficient tells how many of them
    two names share), because one call may ask a hundred times: comparing letter by letter would take minutes.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._named: dict[str, list[Item]] = {}
        for item in items:
            self._named.setdefault(item.name_key, []).append(item)
        self._words: Mapping[str, frozenset[str]] = {key: frozenset(key.split()) for key in self._named}
        self._pairs: Mapping[str, frozenset[str]] = {key: _pairs_of(key) for key in self._named}

    def to(self, name_key: str, most: int) -> Sequence[Item]:
        """At most so many items that share a word with a folded name, or nearly all its letters; the nearest first."""
        words, pairs = frozenset(name_key.split()), _pairs_of(name_key)
        near: list[tuple[float, str]] = []
        for key, others in self._pairs.items():
            likeness = 2 * len(pairs & others) / (len(pairs) + len(others))
            if likeness >= ALIKE_ENOUGH or not words.isdisjoint(self._words[key]):
                near.append((likeness, key))
        nearest = nlargest(most, near, key=lambda each: each[0])
        return [item for _, key in nearest for item in self._named[key]][:most]


def _pairs_of(name_key: str) -> frozenset[str]:
    padded = f" {name_key[:_COMPARED]} "
    return frozenset(padded[place : place + 2] for place in range(len(padded) - 1))
