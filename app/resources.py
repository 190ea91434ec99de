"""The MCP endpoints as OAuth resources (RFC 8707): where each is, and which scopes belong to it."""

from dataclasses import dataclass
from typing import Final

from app.scopes import ALL_SCOPES, DEFAULT_SCOPES, LISTS_READ


@dataclass(frozen=True, slots=True)
class Resource:
    """An endpoint: its path below PUBLIC_URL, the scopes that can be granted for it, and those a client should ask."""

    path: str
    scopes: tuple[str, ...]
    default_scopes: tuple[str, ...]

    def identifier(self, public_url: str) -> str:
        """Its canonical identifier: its address."""
        return f"{public_url}{self.path}"

    def admits(self, path: str) -> bool:
        """Whether a grant for the resource at `path` covers this one: itself, and those below it."""
        return self.path == path or self.path.startswith(f"{path}/")


MAIN: Final = Resource("/mcp", ALL_SCOPES, DEFAULT_SCOPES)
READ_ONLY: Final = Resource("/mcp/readonly", (LISTS_READ,), (LISTS_READ,))
CORE: Final = Resource("/mcp/core", DEFAULT_SCOPES, DEFAULT_SCOPES)
RESOURCES: Final = (MAIN, CORE, READ_ONLY)
GUEST: Final = Resource("/mcp/guest", (LISTS_READ,), (LISTS_READ,))
"""Where the assistants of guests read one list. It is no OAuth resource: it takes keys of guests and nothing else."""

NONE_OF_OURS: Final = Resource("", (), ())
"""Stands for an address at which we have no endpoint."""


def resource_at(identifier: str) -> Resource:
    """The endpoint with this identifier, whatever PUBLIC_URL was when it was written down: a service that moves keeps
    its grants. What is at no endpoint counts as `/mcp`."""
    found = [each for each in RESOURCES if identifier.endswith(each.path)]
    return max(found, key=lambda each: len(each.path), default=MAIN)
