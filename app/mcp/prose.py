"""Sentences for people who see only the text of a result.

Names are stored text, which anybody of the household may have written. So that nothing in a sentence can be taken for a
request, they stand in it on one line and short, and in quotation marks unless they are a word or two
(docs/decisions/0030-answers.md).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from app.quantities import Quantity
from app.text import printable_start

MOST_NAMED: Final = 6
"""Things that a sentence names; of more, it says how many."""

_PLAIN_WORDS: Final = 2
_MOST_WORDS: Final = 5
_WORDS_OF_LONG: Final = 3
_LONGEST: Final = 40
_PLAIN: Final = re.compile(r"[\w'’&%+,. -]*", re.UNICODE)
_NUMBER: Final = re.compile(r"[\d./ ]+")
_QUOTES: Final = re.compile('["“”„«»‹›]')


def shown_name(name: str) -> str:
    """Return a name as it stands in a sentence."""
    if len(name) <= _LONGEST and name.replace(" ", "", 1).isalnum() and name.strip() == name:
        return name  # most are a word or two of letters, and a page has many
    words = printable_start(" ".join(name[: 2 * _LONGEST].split()), 2 * _LONGEST).split()
    text = " ".join(words)
    if len(words) <= _PLAIN_WORDS and len(text) <= _LONGEST and _PLAIN.fullmatch(text):
        return text
    if len(words) > _MOST_WORDS or len(text) > _LONGEST:
        text = f"{' '.join(words[:_WORDS_OF_LONG])[: _LONGEST - 1]}…"
    return f"“{_QUOTES.sub('', text)}”"


@lru_cache(4096)
def quantity_text(quantity: Quantity) -> str:
    """Return an amount as people write it. Few are in use, and they are the same to everyone."""
    return str(quantity)


def shown_amount(quantity: str | None, name: str) -> str:
    """Return an amount of a thing: `2 kg flour`."""
    return shown_name(name) if quantity is None else f"{shown_quantity(quantity)} {shown_name(name)}"


@lru_cache(4096)
def shown_quantity(quantity: str) -> str:
    """Return an amount as it stands in a sentence: people may have invented its unit, which is shown as a name is."""
    number, unit = _NUMBER.match(quantity), _NUMBER.sub("", quantity, 1)
    return f"{number[0].strip() if number is not None else ''} {shown_name(unit) if unit else ''}".strip()


def shown_change(change: str) -> str:
    """Return a change of a detail, `before → after`, each side as a name."""
    return " → ".join(shown_name(side) if side != "–" else side for side in change.split(" → ", 1))


def some_of(things: Sequence[str], total: int | None = None) -> str:
    """Return the first of some things, and how many more there are in all: `milk, bread and 5 more`."""
    named = things[:MOST_NAMED]
    more = (len(things) if total is None else total) - len(named)
    return f"{', '.join(named)} and {more:,} more" if more > 0 else ", ".join(named)
