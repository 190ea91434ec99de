"""Whether a password is hard enough to guess, as zxcvbn estimates it."""

import re
import threading
from collections.abc import Iterable
from functools import cache
from typing import Final

from app.errors import Invalid

WEAKEST: Final = 3
"""On zxcvbn's scale from 0 to 4: a hundred million guesses and more."""

LONGEST_LOOKED_AT: Final = 72
"""In characters; what follows makes no password weaker."""

MOST_SIGNS: Final = 6
LONGEST_WITH_MORE_SIGNS: Final = 24
"""The estimate tries every reading of the signs that may stand for letters: with all kinds of them in 72 characters it
takes seconds, so of a password with more than six kinds less is looked at."""

LONGEST_WORD: Final = 100
SERVICE_WORDS: Final = ("shopping", "list", "lists", "groceries")

# The library keeps the personal words of a call in a dictionary that all calls share.
_one_at_a_time: Final = threading.Lock()


def check_strength(password: str, personal: Iterable[str]) -> None:
    """Raise `Invalid` for `password` when it is easy to guess, also for those who know the `personal` texts.

    Takes milliseconds, or tenths of a second for those who want it to: not for the event loop.
    """
    looked_at = password[:LONGEST_LOOKED_AT]
    if len(_signs().intersection(looked_at)) > MOST_SIGNS:
        looked_at = looked_at[:LONGEST_WITH_MORE_SIGNS]
    with _one_at_a_time:
        score = _score(looked_at, [*_words(personal), *SERVICE_WORDS])
    if score < WEAKEST:
        raise Invalid(
            "The password is too easy to guess. Use more words, or more characters; names, dates, rows of keys and "
            "common words add little.",
            field="password",
        )


# The library's word lists take 13 MiB, which only a process needs in which somebody chooses a password.


def _score(password: str, words: list[str]) -> int:
    from zxcvbn import zxcvbn

    return zxcvbn(password, words)["score"]


@cache
def _signs() -> frozenset[str]:
    """The signs that may stand for letters."""
    from zxcvbn.matching import L33T_TABLE

    return frozenset(sign for signs in L33T_TABLE.values() for sign in signs)


def _words(personal: Iterable[str]) -> list[str]:
    """The texts, the words in them, and their beginnings as far as some passwords are looked at."""
    found: set[str] = set()
    for text in personal:
        words = [text, text[:LONGEST_WITH_MORE_SIGNS], *re.split(r"\W+", text)]
        found.update(word[:LONGEST_WORD] for word in words if word)
    return sorted(found)
