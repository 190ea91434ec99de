"""Text that people type: what is refused, what is stripped, and how names are compared.

Postgres never folds: under `LANG=C` it would fold wrongly, so `fold` makes every `*_key` column.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from app.errors import Invalid, gettext_noop

_INVISIBLE: Final = dict.fromkeys(
    character
    for first, last in (
        (0x00AD, 0x00AD),  # soft hyphen
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x061C, 0x061C),  # direction marks and overrides
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors
        (0x200B, 0x200B),  # zero-width space
        (0x200E, 0x200F),
        (0x2028, 0x202E),  # line and paragraph separators, direction overrides
        (0x2060, 0x206F),  # word joiner, invisible operators, isolates
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),
        (0xFEFF, 0xFEFF),  # byte-order mark
        (0xFFA0, 0xFFA0),
        (0xFE00, 0xFE0D),  # variation selectors
        (0xFFF0, 0xFFFB),  # unassigned, and interlinear annotations
        (0x1BCA0, 0x1BCA3),  # shorthand format controls
        (0x1D173, 0x1D17A),  # musical formatting
        (0xE0000, 0xE0FFF),  # tags and variation selectors, which can carry whole hidden sentences
    )
    for character in range(first, last + 1)
)
"""Characters that change how text looks or reads without being seen. The joiners U+200C and U+200D and the selectors of
text and emoji, U+FE0E and U+FE0F, stay where Persian and emoji need them: see `_NEEDLESS`."""

_NEEDLESS: Final = re.compile(
    r"""
      (?<![^\x00-\x7f\s])[\u200c\u200d]+             # joiners behind ASCII or nothing
    | [\u200c\u200d]+(?![^\x00-\x7f\s])              # and before it
    | (?<=[\u200c\u200d])[\u200c\u200d]+             # all but the first in a row
    | (?<![^\w\s\u200c\u200d\ufe0e\ufe0f]|[0-9\u2139\u24c2\u3297\u3299])[\ufe0e\ufe0f]+  # selectors behind no symbol
    | (?<=[0-9\#*])[\ufe0e\ufe0f](?!\u20e3)          # behind a digit that becomes no key
    | (?<=[\ufe0e\ufe0f])[\ufe0e\ufe0f]+             # all but the first in a row
    """,
    re.VERBOSE,
)
"""What is left of them that no script and no emoji needs, and that could carry hidden text."""

_REFUSED_IN_LINES: Final = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_REFUSED: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
"""Control characters and lone surrogates; several lines of text may hold tabs and line ends."""

_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?(?:\d{1,30},\d{1,2}|0,\d{1,30})")
"""Not `1,500`, which may be meant either way."""

_UNSEEN_ALONE: Final = dict.fromkeys((0x200C, 0x200D, *range(0xFE00, 0xFE10)))
_SPELLED_OUT: Final = str.maketrans({"œ": "oe", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "ё": "е"})
_ACCENTS: Final = re.compile("(?<=[a-z\u00df-\u024f\u0370-\u03ff\u1f00-\u1fff])[\u0300-\u036f]+")
"""Combining marks behind a Latin or Greek letter."""


MOST_MARKS: Final = 30
"""As many as the Stream-Safe Text Format allows (Unicode Standard Annex 15, section 13): normalizing sorts the marks in
a row, in a time that grows with the square of their number."""

_SLACK: Final = 100
"""Characters that may be stripped, beside those that composing removes: a text is bounded before it is looked at."""


_TOO_LONG: Final = gettext_noop("{field} has {length} characters; {most} is the limit.")


def clean(text: str, field: str, longest: int, *, multiline: bool = False) -> str:
    """`text` ready to be stored: NFC, invisible characters and outer white space stripped, and no Markdown image: a
    chat that renders what it was told would fetch one, and with it tell its address's owner what else is on the list.

    Raises `Invalid`, naming `field`, when it is empty, longer than `longest` characters, or holds NUL, control
    characters, lone surrogates or more than MOST_MARKS combining marks in a row.
    """
    if len(text) > 4 * longest + _SLACK:
        raise Invalid(_TOO_LONG, values={"field": field, "length": len(text), "most": longest}, field=field)
    refused = (_REFUSED_IN_LINES if multiline else _REFUSED).search(text)
    if refused is not None:
        raise Invalid(
            "{field} holds {character}; leave it out.",
            values={"field": field, "character": _named(refused[0])},
            field=field,
        )
    if not text.isascii() and _has_stacked_marks(text):
        raise Invalid(
            "{field} stacks more than {most} marks on one letter; leave them out.",
            values={"field": field, "most": MOST_MARKS},
            field=field,
        )
    cleaned = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).strip().replace("![", "! [")
    if not cleaned.isascii():
        cleaned = _without_needless(cleaned)
    if not cleaned.translate(_UNSEEN_ALONE).strip():
        raise Invalid(
            "{field} is empty; it needs at least one visible character.", values={"field": field}, field=field
        )
    if len(cleaned) > longest:
        raise Invalid(_TOO_LONG, values={"field": field, "length": len(cleaned), "most": longest}, field=field)
    return cleaned


def _without_needless(text: str) -> str:
    """Return a text without joiners and selectors that nothing needs, nor what is needless once those are gone."""
    while (shorter := _NEEDLESS.sub("", text)) != text:
        text = shorter
    return text.strip()


def fold(name: str) -> str:
    """The key under which a name is found: case, accents, width and white space make no difference.

    `Käse`, `kase` and `KÄSE` share a key. Accents fold in Latin and Greek only; elsewhere the marks are letters
    (か and が are different words).
    """
    if name.isascii():
        return " ".join(name.lower().split())
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    folded = unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed))
    return " ".join(folded.casefold().translate(_SPELLED_OUT).split())


_MIXED_ANYWAY: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "KATAKANA-HIRAGANA", "LATIN"})
"""Scripts that are written together in one word."""


def mixes_scripts(name: str) -> bool:
    """Whether a word has letters of several scripts that are not written together, as `\u0421laude` with a Cyrillic
    letter does, which looks like another name (Unicode Technical Standard 39, section 5)."""
    for word in name.split():
        scripts = {unicodedata.name(each, "?").partition(" ")[0] for each in word if each.isalpha()}
        if len(scripts) > 1 and not scripts <= _MIXED_ANYWAY:
            return True
    return False


def plain_number(text: str) -> Decimal | None:
    """Return the number that a text plainly is: `2`, `-2.5`, `1,5`; None for any other."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return Decimal(stripped)
    return Decimal(stripped.replace(",", ".")) if _DECIMAL_COMMA.fullmatch(stripped) else None


def _has_stacked_marks(text: str) -> bool:
    row = 0
    for character in text:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > MOST_MARKS:
            return True
    return False


def _named(character: str) -> str:
    if character == "\0":
        return "a NUL character"
    kind = "a lone surrogate (half a character)" if character >= "\ud800" else "the control character"
    return f"{kind} U+{ord(character):04X}"


def check_text(text: str, field: str) -> None:
    """Raise `Invalid`, naming `field`, for text that Postgres or UTF-8 can't hold: NUL and lone surrogates."""
    if "\0" in text:
        raise Invalid("The {field} contains a NUL character. Leave it out.", values={"field": field}, field=field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(
            "The {field} contains a broken character. Type it again.", values={"field": field}, field=field
        ) from None


def printable_start(text: str, longest: int) -> str:
    """Return the start of a text, without what can't be printed."""
    start = text[:longest]
    return start if start.isprintable() else "".join([each for each in start if each.isprintable()])


def printable(text: str, longest: int = 40) -> str:
    """Return the start of a text as a message repeats it: without what can't be printed, and with a mark where it was
    cut off."""
    start = printable_start(text, longest)
    return start if len(text) <= longest else f"{start}…"
