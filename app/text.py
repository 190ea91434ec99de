"""Text that people type: what is refused, what is stripped, and how names are compared.

Postgres never folds: under `LANG=C` it would fold wrongly, so `fold` makes every `*_key` column.
"""

import unicodedata
from typing import Final

from app.errors import Invalid

_INVISIBLE: Final = dict.fromkeys(
    (0x00AD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, *range(0xE0000, 0xE0080))
)
"""Characters that change how text looks or reads without being seen: soft hyphen, zero-width space, byte-order
mark, direction marks and overrides, tag characters. The joiners U+200C and U+200D stay: Persian and emoji need them."""

_SPELLED_OUT: Final = str.maketrans({"œ": "oe", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "ё": "е"})
_ACCENTED_SCRIPTS: Final = ("LATIN", "GREEK")


def clean(text: str, field: str, longest: int, *, multiline: bool = False) -> str:
    """`text` ready to be stored: NFC, invisible characters and outer white space stripped.

    Raises `Invalid`, naming `field`, when it is empty, longer than `longest` characters, or holds NUL, control
    characters or lone surrogates.
    """
    for character in text:
        if unicodedata.category(character) == "Cs":
            raise Invalid(
                f"{field} holds half of a character pair (a lone surrogate); send valid Unicode.", field=field
            )
        if unicodedata.category(character) == "Cc" and not (character in "\t\n\r" and multiline):
            name = "a NUL character" if character == "\0" else f"the control character U+{ord(character):04X}"
            raise Invalid(f"{field} holds {name}; leave it out.", field=field)
    cleaned = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).strip()
    if not cleaned:
        raise Invalid(f"{field} is empty; it needs at least one visible character.", field=field)
    if len(cleaned) > longest:
        raise Invalid(f"{field} has {len(cleaned)} characters; {longest} is the limit.", field=field)
    return cleaned


def fold(name: str) -> str:
    """The key under which a name is found: case, accents, width and white space make no difference.

    `Käse`, `kase` and `KÄSE` share a key. Accents fold in Latin and Greek only; elsewhere the marks are letters
    (か and が are different words).
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    kept: list[str] = []
    base_has_accents = False
    for character in decomposed:
        if unicodedata.combining(character):
            if base_has_accents:
                continue
        else:
            base_has_accents = unicodedata.name(character, "").startswith(_ACCENTED_SCRIPTS)
        kept.append(character)
    folded = unicodedata.normalize("NFKC", "".join(kept)).casefold().translate(_SPELLED_OUT)
    return " ".join(folded.split())
