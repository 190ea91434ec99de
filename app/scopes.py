"""Scope names and their hierarchy: `household:manage` > `lists:write` > `lists:read`."""

from collections.abc import Iterable
from typing import Final

LISTS_READ: Final = "lists:read"
LISTS_WRITE: Final = "lists:write"
HOUSEHOLD_MANAGE: Final = "household:manage"

ALL_SCOPES: Final = (LISTS_READ, LISTS_WRITE, HOUSEHOLD_MANAGE)
"""Every scope, from the weakest to the strongest; each contains the ones before it."""

DEFAULT_SCOPES: Final = (LISTS_READ, LISTS_WRITE)
"""What is asked for, and granted, when a client names no scope."""


_SCOPES_OF_ROLE: Final = {"viewer": (LISTS_READ,), "editor": DEFAULT_SCOPES, "owner": ALL_SCOPES}


def scopes_of_role(role: str) -> tuple[str, ...]:
    """The scopes that a member of this role has a use for; the role itself is checked at every call."""
    return _SCOPES_OF_ROLE[role]


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """The given scopes and every scope they contain; unknown names are dropped."""
    held = set(scopes)
    strongest = max((level for level, scope in enumerate(ALL_SCOPES) if scope in held), default=-1)
    return frozenset(ALL_SCOPES[: strongest + 1])


def next_scope(scopes: Iterable[str], possible: Iterable[str]) -> str | None:
    """Return the weakest of the possible scopes that goes beyond what is held; None if there is none."""
    held, offered = expand(scopes), set(possible)
    return next((scope for scope in ALL_SCOPES if scope in offered and scope not in held), None)


def strongest_scope(scopes: Iterable[str]) -> str:
    """Return the one of these scopes that contains the others. Raises `ValueError` if none of them is known."""
    return max(expand(scopes), key=ALL_SCOPES.index)


def requested_scopes(asked: str | None) -> frozenset[str] | None:
    """Return the scopes that a client asks for, with those they contain; None if it names none of ours: hosts send
    names of their own, such as `openid profile` or `claudeai`, which mean nothing here."""
    return expand(asked.split()) or None if asked is not None else None


def format_scope(scopes: Iterable[str]) -> str:
    """Scopes as OAuth writes them: space-separated, weakest first (RFC 6749 section 3.3)."""
    named = set(scopes)
    return " ".join(scope for scope in ALL_SCOPES if scope in named)
