"""A typed line as words, digits and signs."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from app.text import fold

Kind = Literal["word", "digits", "sign"]

# Every alternative is one run of characters that no other can begin, so reading is one step a character.
# Signs such as ½ count as letters to `re`.
_PARTS: Final = re.compile(r"(?P<word>[^\W\d_¼-¾⅐-⅞]+)|(?P<digits>[0-9]+)|(?P<space>\s+)|(?P<sign>.)", re.DOTALL)
_LONGEST_WORD: Final = 30


class Token(NamedTuple):
    """A run of letters, a run of digits, or one other character; `spaced` when white space or the start is before."""

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool

    @property
    def key(self) -> str:
        """The text with case and accents folded; empty when it is longer than any word of the tables."""
        if len(self.text) > _LONGEST_WORD:
            return ""
        return self.text.lower() if self.text.isascii() else fold(self.text)

    def is_sign(self, signs: str) -> bool:
        """Whether it is one of these characters."""
        return self.kind == "sign" and self.text in signs


class Line:
    """A line and its tokens; places are indices of tokens, and behind the last one there is None."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)

    def __len__(self) -> int:
        return len(self.tokens)

    def at(self, place: int) -> Token | None:
        """The token at a place."""
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def glued(self, place: int) -> Token | None:
        """The token at a place if nothing stands between it and the one before."""
        token = self.at(place)
        return token if token is not None and not token.spaced else None

    def spaced(self, place: int) -> Token | None:
        """The token at a place if white space is before it."""
        token = self.at(place)
        return token if token is not None and token.spaced else None

    def is_free(self, place: int) -> bool:
        """Whether what ended before this place ended there for people too."""
        token = self.glued(place)
        return token is None or token.is_sign("(")

    def is_word(self, place: int, words: frozenset[str]) -> bool:
        """Whether a word of its own from among these folded words is there."""
        token = self.spaced(place)
        return token is not None and token.kind == "word" and token.key in words

    def after_any(self, place: int, phrases: Mapping[str, Sequence[Sequence[str]]]) -> int | None:
        """The place behind one of these phrases, each of folded words and found by its first, if it stands here."""
        first = self.spaced(place)
        for phrase in phrases.get(first.key, ()) if first is not None else ():
            tokens = self.tokens[place : place + len(phrase)]
            if [token.key for token in tokens if token.spaced] == list(phrase):
                return place + len(phrase)
        return None

    def between(self, place: int, end: int) -> str:
        """The text of the tokens from `place` up to `end`."""
        return self.text[self.tokens[place].start : self.tokens[end - 1].end] if place < end else ""

    def rest(self, place: int) -> str:
        """The text from a place on."""
        return self.between(place, len(self.tokens))


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    spaced = True
    for match in _PARTS.finditer(text):
        kind = match.lastgroup
        if kind != "space":
            kinds: dict[str | None, Kind] = {"word": "word", "digits": "digits"}
            tokens.append(Token(kinds.get(kind, "sign"), match.group(), match.start(), match.end(), spaced))
        spaced = kind == "space"
    return tokens


def is_times(line: Line, place: int) -> bool:
    """Whether `x` or `×` is there."""
    token = line.at(place)
    return token is not None and (token.is_sign("×") or token.text == "x")


def is_times_after_number(line: Line, place: int) -> bool:
    """The same behind a number, where a capital will do too: 3X milk, but X3 is a name."""
    token = line.glued(place)
    return is_times(line, place) or (token is not None and token.text == "X")


def parenthesis_at(line: Line, place: int) -> tuple[str | None, int]:
    """What stands in parentheses at a place, and the place behind; the same place where there are none."""
    opening = line.at(place)
    if opening is None or not opening.is_sign("("):
        return None, place
    for end in range(place + 1, len(line)):
        token = line.tokens[end]
        if token.is_sign("("):
            break
        if token.is_sign(")"):
            return line.between(place + 1, end).strip() or None, end + 1
    return None, place
