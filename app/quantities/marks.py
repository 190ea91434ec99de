"""The marks of a list before a line: `- milk`, `[x] butter`, `☐ bread`, `1. eggs`, `2. [ ] tea`."""

import re
from typing import Final, NamedTuple

from app.quantities.vocabulary import AFTER_ORDINALS
from app.text import fold

_MARK: Final = re.compile(
    r"""
    (?: [-–—*+>]\s+ | [•·‣◦▪●○■◆➤→]\s* )?
    (?: [0-9]{1,3}[.)]\s+ (?=[\[☐⬜□◻☑☒✓✔✅]) )?
    (?: \[\s?\]\s* | \(\s\)\s+ | [☐⬜□◻]\ufe0f?\s* | (?P<ticked> \[[xX✓✔]\]\s* | \([xX✓✔]\)\s+ | [☑☒✓✔✅]\ufe0f?\s* ) )?
    (?P<number> [0-9]{1,3}[.)]\s+ )?
    """,
    re.VERBOSE,
)
_WORD: Final = re.compile(r"\w+")


class Unmarked(NamedTuple):
    """A line without its mark, and whether that says that the thing was bought."""

    text: str
    is_ticked: bool


def remove_mark(text: str) -> Unmarked:
    """Take the bullet, box and number of a list off a line; a line that is nothing else keeps them."""
    if text[:1].isalpha():
        return Unmarked(text, is_ticked=False)
    mark = _MARK.match(text)
    if mark is None or not mark[0]:
        return Unmarked(text, is_ticked=False)
    end = mark.start("number") if mark["number"] and _is_ordinal(text, mark.end()) else mark.end()
    rest = text[end:]
    if not _WORD.search(rest):
        return Unmarked(text, is_ticked=False)
    return Unmarked(rest, mark["ticked"] is not None)


def _is_ordinal(text: str, index: int) -> bool:
    """Whether `1.` belongs to the word that follows: 1. Wahl."""
    word = _WORD.match(text, index)
    return word is not None and fold(word[0]) in AFTER_ORDINALS
