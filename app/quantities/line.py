"""A typed line as words, digits and signs."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from app.text import fold

Kind = Literal["word", "digits", "sign"]

# No two alternatives can begin with the same character, so reading takes one step per character.
# Signs such as ½ count as letters to `re`, and # is a word for pounds.
_PARTS: Final = re.compile(r"(?P<word>[^\W\d_¼-¾⅐-⅞]+|#)|(?P<digits>[0-9０-９]+)|(?P<space>\s+)|(?P<sign>.)", re.DOTALL)
_WIDE_DIGITS: Final = str.maketrans("０１２３４５６７８９", "0123456789")
_LONGEST_WORD: Final = 30
_END_READ: Final = 64
LONGEST_READ: Final = 2 * _END_READ
"""Characters of a line that is read as a whole. Of a longer one, only as much is read at its beginning and its end, so
that no line takes long: what is between them is one long word."""


class Token(NamedTuple):
    """A run of letters, a run of digits, or one other character; `spaced` if white space or nothing precedes it.

    `key` is a word with case and accents folded; empty if it is longer than any word in the tables.
    """

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool
    key: str

    def is_sign(self, signs: str) -> bool:
        """Whether it is one of these characters."""
        return self.kind == "sign" and self.text in signs


_LookUp = Callable[[int], Token | None]


class Line:
    """A line and its tokens, at most LONGEST_READ + 1; an index is that of a token, and after the last one there is
    None."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        numbered = list(enumerate(self.tokens))
        # Looked up some sixty times for each line, so these are no functions of their own.
        self.at: Final[_LookUp] = dict(numbered).get
        """Return the token at an index."""
        self.glued: Final[_LookUp] = {number: token for number, token in numbered if not token.spaced}.get
        """Return the token at an index if nothing separates it from the one before."""
        self.spaced: Final[_LookUp] = {number: token for number, token in numbered if token.spaced}.get
        """Return the token at an index if white space precedes it."""

    def __len__(self) -> int:
        return len(self.tokens)

    def is_boundary(self, index: int) -> bool:
        """Whether a unit may end before this index: before a space, a parenthesis, a comma or another amount."""
        token = self.glued(index)
        if token is None or token.is_sign("("):
            return True
        if token.is_sign(","):
            return self.spaced(index + 1) is not None
        following = self.at(index + 1) if token.is_sign("/+*×") else None
        return following is not None and following.kind == "digits"

    def is_word(self, index: int, words: frozenset[str]) -> bool:
        """Whether a separate word that is one of these folded words stands at an index."""
        token = self.spaced(index)
        return token is not None and token.kind == "word" and token.key in words

    def skip_phrase(self, index: int, phrases: Mapping[str, Sequence[Sequence[str]]]) -> int | None:
        """Return the index after one of these phrases, keyed by their first word; None if none stands here."""
        first = self.spaced(index)
        for phrase in phrases.get(first.key, ()) if first is not None else ():
            tokens = self.tokens[index : index + len(phrase)]
            if [token.key for token in tokens if token.spaced] == list(phrase):
                return index + len(phrase)
        return None

    def between(self, index: int, end: int) -> str:
        """Return the text of the tokens from `index` up to `end`."""
        return self.text[self.tokens[index].start : self.tokens[end - 1].end] if index < end else ""

    def rest(self, index: int) -> str:
        """Return the text from an index on."""
        return self.between(index, len(self.tokens))


_KINDS: Final[Mapping[str | None, Kind]] = {"word": "word", "digits": "digits"}


def _key_of(part: str) -> str:
    if len(part) > _LONGEST_WORD:
        return ""
    return part.lower() if part.isascii() else fold(part)


def _tokens(text: str) -> list[Token]:
    if len(text) <= LONGEST_READ:
        return list(_tokens_between(text, 0, len(text)))
    # Cut at a space, so that no word or number is torn where there is one.
    head = text.rfind(" ", 1, _END_READ) + 1 or _END_READ
    tail = text.find(" ", len(text) - _END_READ) + 1 or len(text) - _END_READ
    middle = text[head:tail].strip()
    between = [Token("word", middle, text.index(middle, head), tail, text[head - 1].isspace(), "")] if middle else []
    return [*_tokens_between(text, 0, head), *between, *_tokens_between(text, tail, len(text))]


def _tokens_between(text: str, start: int, end: int) -> Iterator[Token]:
    spaced = start == 0 or text[start - 1].isspace()
    for match in _PARTS.finditer(text, start, end):
        kind = match.lastgroup
        if kind != "space":
            part = match.group()
            key = _key_of(part) if kind == "word" else part
            if kind == "digits" and not part.isascii():
                part = part.translate(_WIDE_DIGITS)
            yield Token(_KINDS.get(kind, "sign"), part, match.start(), match.end(), spaced, key)
        spaced = kind == "space"


def is_times(line: Line, index: int) -> bool:
    """Whether `x`, `×` or `*` stands at an index."""
    token = line.at(index)
    return token is not None and (token.is_sign("×*") or token.text == "x")


def is_times_after_number(line: Line, index: int) -> bool:
    """Whether an x stands after a number, where a capital counts too: 3X milk, but X3 is a name."""
    token = line.glued(index)
    return is_times(line, index) or (token is not None and token.text == "X")


def read_parenthesis(line: Line, index: int) -> tuple[str | None, int]:
    """Return the text in parentheses at an index, and the index after them; the same index if there are none."""
    opening = line.at(index)
    if opening is None or not opening.is_sign("("):
        return None, index
    for end in range(index + 1, len(line)):
        token = line.tokens[end]
        if token.is_sign("("):
            break
        if token.is_sign(")"):
            return line.between(index + 1, end).strip() or None, end + 1
    return None, index
