"""Paths of pages that other parts of the service lead to."""

from typing import Final
from urllib.parse import urlencode

HOUSEHOLD: Final = "/household"
JOIN: Final = "/join"


def join_path(code: str) -> str:
    """Return the path of the page of an invitation."""
    return f"{JOIN}?{urlencode({'code': code})}"
