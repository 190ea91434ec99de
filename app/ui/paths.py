"""Paths of pages that other parts of the service lead to."""

from typing import Final
from urllib.parse import urlencode

HOUSEHOLD: Final = "/household"
JOIN: Final = "/join"
GUEST: Final = "/guest"


def join_path(code: str) -> str:
    """Return the path of the page of an invitation."""
    return f"{JOIN}?{urlencode({'code': code})}"


def guest_path(code: str, cursor: str = "") -> str:
    """Return the path of the page of a list that is shared with a guest; `cursor` is where in a long one it starts."""
    query = {"code": code, "cursor": cursor} if cursor else {"code": code}
    return f"{GUEST}?{urlencode(query)}"
