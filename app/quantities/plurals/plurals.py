"""What a language's table of plurals holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Plurals:
    """The words of one language that the rules get wrong, all folded: `Äpfel` is `apfel` and needs no rule."""

    same: frozenset[str]
    """Words that end like plurals and are none, or that nobody counts."""
    with_e: frozenset[str] = frozenset()
    """Singulars in -che, -sse, -xe, -oe and -ie; other plurals in -ches and so on lose the e too, and -ies is of -y."""
    endings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Plural and singular endings."""
    irregular: Mapping[str, str] = field(default_factory=dict[str, str])
    """Plurals and singulars of whole words."""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def singulars(**of_plurals: str) -> dict[str, str]:
    """Plurals with their singulars."""
    return of_plurals
