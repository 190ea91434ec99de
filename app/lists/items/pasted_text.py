"""A text of several lines as one entry a line: people paste what they have."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from app.lists.models import ITEMS_PER_CALL

_LINE_ENDS: Final = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")
_ENDS_OR_TABS: Final = re.compile(r"[\n\r\v\f\x85\u2028\u2029\t]")
_COMMAS_OR_PARENTHESES: Final = re.compile(r"[,;](?=\s)|[()]")


LONGEST_TEXT: Final = 20_000
"""Characters of a text that is split; a longer one is refused like any name that is too long."""


@dataclass(frozen=True, slots=True)
class PastedLine:
    """One of several lines of a text."""

    name: str


def split_text(text: str, *, at_commas: bool) -> Sequence[str | PastedLine]:
    """Return the lines of a text that has several; of any other, the text without the line ends around it.

    A tab is a space in a text of several lines, and otherwise separates as a line end does. `at_commas` also splits at
    the commas and semicolons that a space follows, outside of parentheses.
    """
    if len(text) > LONGEST_TEXT or (not at_commas and _ENDS_OR_TABS.search(text) is None):
        return (text,)
    lines = list(islice(_lines(text, at_commas=at_commas), ITEMS_PER_CALL + 1))
    if len(lines) > 1:
        return [PastedLine(line) for line in lines]
    return lines or (text,)


def _lines(text: str, *, at_commas: bool) -> Iterator[str]:
    ends = _LINE_ENDS if _LINE_ENDS.search(text.strip()) is not None else _ENDS_OR_TABS
    for line in ends.split(text):
        for part in _parts(line) if at_commas else (line,):
            if part.strip():
                yield " ".join(part.split("\t")).strip()


def _parts(line: str) -> Iterator[str]:
    """Yield what stands between the commas of a line; those in parentheses are part of a note."""
    start = depth = 0
    for mark in _COMMAS_OR_PARENTHESES.finditer(line):
        if mark[0] in "()":
            depth = max(0, depth + (1 if mark[0] == "(" else -1))
        elif depth == 0:
            yield line[start : mark.start()]
            start = mark.end()
    yield line[start:]
