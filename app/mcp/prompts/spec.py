"""What a prompt is: everything a client sees of it, and the function that writes it (MCP specification, prompts)."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import mcp_types as types

from app.households.tenant import Tenant
from app.lists import export
from app.lists.resolve_list import resolve_list
from app.mcp.icons import Icons
from app.mcp.resources.lists import LIST_AS_MARKDOWN
from app.mcp.resources.spec import LARGEST

Completed = Literal["list", "store", "month", "group", "member", "recipe"]
"""What the values of a variable are, for `completion/complete`."""

Values = Mapping[str, str]
"""The arguments that were given, cleaned, by name."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a prompt; none is required, so that a person can choose a prompt and start."""

    name: str
    description: str
    completed: Completed | None = None


@dataclass(frozen=True, kw_only=True)
class PromptSpec:
    """One prompt, for endpoints that have the `tools` it names.

    `write` is given a transaction in the caller's household; it raises `NotFound` for an argument that
    names nothing. `icon` is the name of its file."""

    name: str
    title: str
    description: str
    icon: str
    arguments: tuple[Argument, ...]
    tools: frozenset[str]
    write: Callable[[Tenant, Values], Awaitable[Sequence[types.PromptMessage]]]

    def definition(self, icons: Icons) -> types.Prompt:
        """Return its entry in `prompts/list`."""
        return types.Prompt(
            name=self.name,
            title=self.title,
            description=self.description,
            icons=icons.of(self.icon),
            arguments=[
                types.PromptArgument(name=each.name, description=each.description, required=False)
                for each in self.arguments
            ],
        )


def quote(name: str) -> str:
    """Return a name in quotes that nothing in it can end: others may have written it."""
    return json.dumps(name, ensure_ascii=False)


def say(text: str) -> types.PromptMessage:
    """Return a message of the person."""
    return types.PromptMessage(role="user", content=types.TextContent(text=" ".join(text.split())))


async def attach_list(tenant: Tenant, name: str | None) -> tuple[str, types.PromptMessage]:
    """Return a list's ref, and a message with the list as a resource: data, and never part of what the person says.

    Raises `NotFound` for the name, and `Invalid` for a list that is too long; without a name it is the default list.
    """
    found = await resolve_list(tenant, name)
    exported = await export.export_resolved(tenant, found, "markdown", "open", longest=LARGEST)
    variables = {"household": tenant.membership.ref, "list": exported.list.ref}
    contents = types.TextResourceContents(
        uri=LIST_AS_MARKDOWN.template.expand(variables), mime_type=LIST_AS_MARKDOWN.mime_type, text=exported.text
    )
    return exported.list.ref, types.PromptMessage(role="user", content=types.EmbeddedResource(resource=contents))
