"""Password strength, as zxcvbn estimates it."""

import re
import threading
from collections.abc import Iterable
from functools import cache
from typing import Final

from app.errors import Invalid

WEAKEST: Final = 3
"""The lowest accepted score, from 0 to 4: at least a hundred million guesses."""

LONGEST_LOOKED_AT: Final = 72
"""In characters; the rest makes no password weaker."""

MOST_SIGNS: Final = 6
LONGEST_WITH_MORE_SIGNS: Final = 24
"""The estimate tries every reading of the characters that may stand for letters. With all kinds of them in 72
characters it takes seconds, so less of a password with more than six kinds is scored."""

LONGEST_WORD: Final = 100
SERVICE_WORDS: Final = ("shopping", "list", "lists", "groceries")

# The library stores the personal words of a call in a dictionary that all calls share.
_one_at_a_time: Final = threading.Lock()


def check_strength(password: str, personal: Iterable[str]) -> None:
    """Raise `Invalid` for `password` if it is easy to guess, also for someone who knows the `personal` texts.

    Takes milliseconds, or tenths of a second for a password made for it: never call it on the event loop.
    """
    looked_at = password[:LONGEST_LOOKED_AT]
    if len(_signs().intersection(looked_at)) > MOST_SIGNS:
        looked_at = looked_at[:LONGEST_WITH_MORE_SIGNS]
    with _one_at_a_time:
        score = _score(looked_at, [*_words(personal), *SERVICE_WORDS])
    if score < WEAKEST:
        raise Invalid(
            "The password is too easy to guess. Use more words or more characters; names, dates, keyboard patterns and "
            "common words add little.",
            field="password",
        )


# Imported late: the library's word lists take 13 MiB, which a process needs only when someone chooses a password.


def _score(password: str, words: list[str]) -> int:
    from zxcvbn import zxcvbn

    return zxcvbn(password, words)["score"]


@cache
def _signs() -> frozenset[str]:
    from zxcvbn.matching import L33T_TABLE

    return frozenset(sign for signs in L33T_TABLE.values() for sign in signs)


def _words(personal: Iterable[str]) -> list[str]:
    """Return the texts, the words in them, and their beginnings at the length at which some passwords are scored."""
    found: set[str] = set()
    for text in personal:
        words = [text, text[:LONGEST_WITH_MORE_SIGNS], *re.split(r"\W+", text)]
        found.update(word[:LONGEST_WORD] for word in words if word)
    return sorted(found)
