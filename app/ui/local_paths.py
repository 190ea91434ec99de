"""Addresses within the service that a browser hands back to us."""

import re
from typing import Final

LONGEST: Final = 500

# Every segment has a letter or digit, so it can be neither `//host` nor `/\host`, which browsers take for other hosts.
_LOCAL: Final = re.compile(r"(?:/[A-Za-z0-9_-]+)+(?:\?[A-Za-z0-9_=&.-]*)?")


def local_path(text: str, otherwise: str) -> str:
    """`text` if it can only be a path of ours, as from a parameter `next`; else `otherwise`."""
    return text if len(text) <= LONGEST and _LOCAL.fullmatch(text) else otherwise
