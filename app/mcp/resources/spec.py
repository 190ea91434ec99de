"""What a resource is: everything a client sees of it, and the function that reads it (MCP specification, resources)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import mcp_types as types
from mcp.shared.uri_template import UriTemplate

from app.households.tenant import Tenant
from app.mcp.icons import Icons

LONGEST_URI: Final = 200
LARGEST: Final = 1_000_000
"""Characters of one resource: a list of 10,000 items can be longer, and is for `list_items` and `export_list`."""

Variables = Mapping[str, str]
"""The values of a template's variables, by name."""


@dataclass(frozen=True, kw_only=True)
class ResourceSpec:
    """One resource, or with variables in its URI the template of many. `icon` is the name of its file."""

    template: UriTemplate
    name: str
    title: str
    description: str
    icon: str
    mime_type: str

    @property
    def is_template(self) -> bool:
        """Whether its URI has variables."""
        return bool(self.template.variables)

    def match(self, uri: str) -> Variables | None:
        """Return the values of the variables in a URI, or None if it is not one of this resource in canonical form."""
        found = self.template.match(uri, max_uri_length=LONGEST_URI)
        # With other forms (percent-encoded, say), one resource would have several URIs.
        if found is None or self.template.expand(found) != uri:
            return None
        return {name: str(value) for name, value in found.items()}

    def listed(self, uri: str, title: str, icons: Icons) -> types.Resource:
        """Return the entry of `resources/list` for one of its URIs."""
        return types.Resource(
            uri=uri,
            name=self.name,
            title=title,
            description=self.description,
            mime_type=self.mime_type,
            icons=icons.of(self.icon),
        )

    def definition(self, icons: Icons) -> types.ResourceTemplate:
        """Return its entry in `resources/templates/list`."""
        return types.ResourceTemplate(
            uri_template=str(self.template),
            name=self.name,
            title=self.title,
            description=self.description,
            mime_type=self.mime_type,
            icons=icons.of(self.icon),
        )


@dataclass(frozen=True, kw_only=True)
class HouseholdResource(ResourceSpec):
    """One that belongs to the household named by the variable `household`.

    `read` is given a transaction in that household, and raises `NotFound` for other variables that name nothing.
    """

    read: Callable[[Tenant, Variables], Awaitable[str]]


@dataclass(frozen=True, kw_only=True)
class PublicResource(ResourceSpec):
    """One that is the same for everybody; `read` raises `NotFound` for variables out of bounds."""

    read: Callable[[Variables], str]
