"""How long clients may keep results, and whether they may share them (MCP 2026-07-28, SEP-2549)."""

from typing import Final

from mcp.server.caching import CacheHint
from mcp_types.methods import CacheableMethod

PUBLIC: Final = CacheHint(ttl_ms=5 * 60 * 1000, scope="public")
"""Of what is the same for everybody, and changes with a version of the service at most."""

_LISTED: Final = CacheHint(ttl_ms=10 * 1000, scope="private")
"""Of what belongs to one person: their lists may be renamed at any moment."""

_READ: Final = CacheHint(ttl_ms=0, scope="private")
"""Of what a household stored: it must be seen as it is now."""

CACHE_HINTS: Final[dict[CacheableMethod, CacheHint]] = {
    "server/discover": PUBLIC,
    "tools/list": PUBLIC,
    "prompts/list": PUBLIC,
    "resources/templates/list": PUBLIC,
    "resources/list": _LISTED,
    "resources/read": _READ,
}
"""A result that names its own, such as that of a public resource, keeps it."""
