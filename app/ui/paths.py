"""Paths of pages that other parts of the service lead to."""

from typing import Final
from urllib.parse import urlencode

HOUSEHOLD: Final = "/household"
JOIN: Final = "/join"
GUEST: Final = "/guest"
LISTS: Final = "/lists"
ACCESS: Final = "/access"
ACTIVITY: Final = "/activity"
SPENDING: Final = "/spending"
NOTIFICATIONS: Final = "/notifications"
RECIPES: Final = "/recipes"
PLAN: Final = "/plan"
PANTRY: Final = "/pantry"

SECOND_STEP: Final = "/second-step"
"""Below `/account` or `/oauth`: the page that asks for the passkey after the password."""


def join_path(code: str) -> str:
    """Return the path of the page of an invitation."""
    return f"{JOIN}?{urlencode({'code': code})}"


def guest_path(code: str, cursor: str = "") -> str:
    """Return the path of the page of a list that is shared with a guest; `cursor` is where in a long one it starts."""
    query = {"code": code, "cursor": cursor} if cursor else {"code": code}
    return f"{GUEST}?{urlencode(query)}"


def list_path(household_ref: str, list_ref: str, part: str = "", **query: str) -> str:
    """Return the path of the page of a list, or of a part of it, such as `shop`.

    Refs of lists are those of their household, so the address names it.
    """
    return f"{LISTS}/{list_ref}{part and '/'}{part}?{urlencode({'household': household_ref, **query})}"


def recipe_path(household_ref: str, recipe_ref: str, part: str = "", **query: str) -> str:
    """Return the path of the page of a recipe, or of a part of it, such as `edit`."""
    return f"{RECIPES}/{recipe_ref}{part and '/'}{part}?{urlencode({'household': household_ref, **query})}"
