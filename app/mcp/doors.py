"""A door: one MCP endpoint, with its slice of the catalogue.

A door is an OAuth resource of its own; a client connects to the address of the one it wants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from app.mcp.catalogue import TOOLS
from app.mcp.spec import AnyTool
from app.resources import MAIN, READ_ONLY, RESOURCES, Resource
from app.scopes import LISTS_READ

OPEN_METHODS: Final = frozenset({"initialize", "ping", "server/discover", "tools/list", "logging/setLevel"})
"""Methods that any valid token may call: they tell nothing of a household."""


@dataclass(frozen=True)
class McpEndpoint:
    """The endpoint as a resource, and the tools it has."""

    resource: Resource
    tools: tuple[AnyTool, ...]

    @property
    def path(self) -> str:
        """Where it is, below PUBLIC_URL."""
        return self.resource.path

    @cached_property
    def by_name(self) -> Mapping[str, AnyTool]:
        """The tools by the names they are called by."""
        return {tool.name: tool for tool in self.tools}

    def scopes_of(self, method: str, tool_name: str | None) -> frozenset[str]:
        """The scopes that a method, or a tool, needs; nothing for a notification."""
        if method in OPEN_METHODS or method.startswith("notifications/"):
            return frozenset()
        tool = self.by_name.get(tool_name or "") if method == "tools/call" else None
        return tool.scopes if tool is not None else frozenset({LISTS_READ})


_TOOLS_AT: Final = {MAIN: TOOLS, READ_ONLY: tuple(tool for tool in TOOLS if not tool.writes)}
DOORS: Final = tuple(McpEndpoint(resource, _TOOLS_AT[resource]) for resource in RESOURCES)
