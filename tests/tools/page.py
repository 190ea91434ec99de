"""docs/tools.md, written from the catalogue of tools: what each takes, why its hints are as they are, and its size."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from app.mcp.catalogue import EVERY_ENDPOINT, GUEST_ENDPOINT, TOOLS, McpEndpoint
from app.mcp.spec import AnyTool
from tests.documents import ROOT

PAGE: Final = ROOT / "docs" / "tools.md"

_TEMPLATE: Final = """\
# The tools

`make docs` writes this page from the tools in `app/mcp/tools`: sentences and arguments are those that assistants read
in `tools/list`. [README.md](../README.md#what-it-can-do-today) says in a line each what they are for.

## The hints

Hosts read them to decide whether to ask their person before a call (MCP schema, `ToolAnnotations`). Everything that a
tool changes in lists is an event for 400 days, and `undo` restores it, so no hint says that a call destroys something
unless data can be lost for good. No tool reaches outside the service (`openWorldHint` is false), unless `RECIPE_IMPORT`
is on: then `save_recipe` fetches a page that a person names, and its `openWorldHint` is true.

| tool | read-only | destructive | idempotent | why |
|---|---|---|---|---|
{% for tool in tools -%}
| `{{ tool.name }}` | {{ yes[tool.hints.read_only] }} | {{ yes[tool.hints.destructive] }} \
| {{ yes[tool.hints.idempotent] }} | {{ tool.hints.why }} |
{% endfor %}
## What a model reads

Every conversation begins with `tools/list`, so it is as short as it can be without saying less.

| endpoint | tools | bytes of JSON |
|---|---|---|
{% for each in endpoints -%}
| `{{ each.path }}` | {{ each.tools | length }} | {{ "{:,}".format(size_of(each)) }} |
{% endfor %}
Tests keep `/mcp` under 48,000 bytes and `/mcp/core`, which leaves out what the tools that change something answer,
under 18,000. What was cut for that:

- `household`, `idempotency_key` and `all_or_nothing` are said in a third of the words, and only `add_items` and
  `update_items` have `all_or_nothing`: what the others do is undone by one `undo`.
- Results: the schema says which lists and objects there are, once and without their parts, which speak for themselves
  in an answer.
- Bounds of texts, examples, `additionalProperties`, defaults of `false`: not published, and checked all the same.

## Schemas that other hosts compile

`make typescript` puts every schema through what hosts use, in
[tests/converters](../tests/converters/test_converters.py): ajv in strict mode (2020-12 and draft-07, with formats),
google-genai's and OpenAI's strict converters, and llama.cpp's grammar compiler. What they taught is in `reduced_schema`
of `app/mcp/schemas.py`:

- google-genai fails at `additionalProperties: false` and at `examples`. Unknown arguments are refused all the same.
- llama.cpp compiles no text of up to 2,000 characters, so no length of a text is published.
- JavaScript has no numbers of 64 bits: bounds beyond 2^53 are left out.
- One allowed value is an `enum` of one, not a `const`; `format: date` is only where nothing else is accepted, and
  `date-time` nowhere, because `2026-12-24` is taken as well.

## Lints

`tdqs lint` finds no error in the list of tools. It warns that three tools may be shadowed by others because those take
less to call; their purposes have nothing in common. `mcp-tool-auditor` has one finding, by a name alone: it takes the
argument `priority` of `list_items` for a hint to the model, and it is the priority of an item.

## Each tool

Every tool takes `household`, for people who have several, and every tool that changes something `idempotency_key`: a
call that is repeated with the same key within 24 hours is done once, and answered the same.
{% for tool in tools %}
### {{ tool.name }}

{{ where(tool) }}

{{ tool.definition.description }}

| argument | type | what |
|---|---|---|
{% for name, kind, what in arguments(tool) -%}
| {{ name }} | {{ kind }} | {{ what }} |
{% endfor -%}
{% endfor %}
## For guests

At `/mcp/guest`, with the key that the page of a [guest's link](guests.md) makes, `{{ for_guest.name }}` is the only
tool.
{{ for_guest.definition.description }}
"""

_OF_ALL: Final = ("household", "idempotency_key")


def render_page() -> str:
    """Return the page's text."""
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
    return environment.from_string(_TEMPLATE).render(
        tools=TOOLS,
        endpoints=EVERY_ENDPOINT,
        for_guest=GUEST_ENDPOINT.tools[0],
        yes={True: "yes", False: "no"},
        size_of=size_of,
        where=_where,
        arguments=_arguments,
    )


def size_of(endpoint: McpEndpoint) -> int:
    """Return how many bytes of JSON the definitions of the tools at an endpoint are."""
    tools = [each.model_dump(by_alias=True, mode="json", exclude_none=True) for each in endpoint.definitions]
    return len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode())


def _where(tool: AnyTool) -> str:
    paths = " and ".join(f"`{each.path}`" for each in EVERY_ENDPOINT if tool in each.tools)
    return f"*{tool.title}.* At {paths}, with the scope {' and '.join(f'`{each}`' for each in sorted(tool.scopes))}."


def _arguments(tool: AnyTool) -> Iterator[tuple[str, str, str]]:
    schema = tool.input_schema
    for name, argument in schema["properties"].items():
        if name not in _OF_ALL:
            yield from _rows(f"`{name}`", argument, is_required=name in schema.get("required", ()))


def _rows(name: str, schema: Mapping[str, Any], *, is_required: bool) -> Iterator[tuple[str, str, str]]:
    """Return the row of an argument, and those of its parts if it is an object, or several."""
    what = " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
    required = ", required" if is_required else ""
    yield name, f"{_kind(schema)}{required}", what
    for each in _choices(schema.get("items", schema)):
        for part, of_part in each.get("properties", {}).items():
            yield from _rows(f"{name} · `{part}`", of_part, is_required=part in each.get("required", ()))


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type in words: `text`, `text or object, up to 100`, `open, checked or all`."""
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        most = f", up to {schema['maxItems']}" if "maxItems" in schema else ""
        return f"list of {_kind(schema['items'])}{most}"
    return " or ".join(_WORDS[each["type"]] for each in _choices(schema))


def _choices(schema: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    choices: Sequence[Mapping[str, Any]] = schema.get("anyOf", (schema,))
    return choices


_WORDS: Final = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "object",
}
