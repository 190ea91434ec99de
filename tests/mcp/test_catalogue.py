"""What an assistant sees of each tool. A changed snapshot is a change that a reviewer reads."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.errors import AppError
from app.mcp.catalogue import TOOLS
from app.mcp.spec import AnyTool
from app.mcp.validation import validate
from tests.mcp.client import McpClient
from tests.mcp.test_tenancy import ARGUMENTS

SNAPSHOTS = Path(__file__).parent / "snapshots"
CHARACTERS_PER_TOKEN = 4
MOST_TOKENS = 12_000
MOST_TOOLS = 28

each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


def definition(tool: AnyTool) -> dict[str, Any]:
    return tool.definition.model_dump(by_alias=True, mode="json", exclude_none=True)


@each_tool
def test_the_definition_is_the_reviewed_one(tool: AnyTool) -> None:
    """Write the new one with: python -m tests.mcp.test_catalogue"""
    reviewed = json.loads((SNAPSHOTS / f"{tool.name}.json").read_text())
    assert definition(tool) == reviewed


def test_there_is_a_snapshot_for_each_tool_and_no_other() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == {tool.name for tool in TOOLS}


def schemas_in(schema: Any) -> list[dict[str, Any]]:
    """A schema and every schema below it."""
    found: list[dict[str, Any]] = [schema]
    for each in schema.get("properties", {}).values():
        found += schemas_in(each)
    for each in [schema.get("items"), *schema.get("anyOf", [])]:
        if each:
            found += schemas_in(each)
    return found


@each_tool
def test_schemas_are_reduced_and_arguments_are_described(tool: AnyTool) -> None:
    entry = definition(tool)
    for schema in schemas_in(entry["inputSchema"]) + schemas_in(entry["outputSchema"]):
        assert not {"title", "$ref", "$defs"} & set(schema), schema
        assert schema.get("type") != "null"
        assert schema != {}
        assert "x-mcp-header" not in schema, "the server tells the SDK that there is none"
    for name, argument in entry["inputSchema"]["properties"].items():
        assert argument.get("description"), name
        assert "anyOf" not in argument, "no argument is of two types"
    jsonschema.Draft202012Validator.check_schema(entry["inputSchema"])
    jsonschema.Draft202012Validator.check_schema(entry["outputSchema"])


NOT_PUBLISHED = {
    "const",
    "examples",
    "additionalProperties",
    "minLength",
    "maxLength",
    "minItems",
    "title",
    "$ref",
    "$defs",
}


@each_tool
def test_what_is_published_is_what_other_hosts_can_read(tool: AnyTool) -> None:
    """tests/converters has the hosts' own converters; this says what they taught."""
    entry = definition(tool)
    for schema in schemas_in(entry["inputSchema"]) + schemas_in(entry["outputSchema"]):
        assert not NOT_PUBLISHED & set(schema), schema
        assert all(abs(schema.get(bound, 0)) <= 2**53 - 1 for bound in ("minimum", "maximum"))
        assert schema.get("format") in (None, "date"), "a day is taken where a time is"
        if schema.get("type") == "array":
            assert schema["items"]


@each_tool
def test_an_argument_that_is_not_published_is_refused_all_the_same(tool: AnyTool) -> None:
    with pytest.raises(AppError) as refused:
        validate(tool.arguments, {**ARGUMENTS[tool.name], "colour": "green"}, tool.input_schema)
    assert refused.value.as_dict()["field"] == "colour"


@each_tool
def test_title_and_every_hint_are_stated(tool: AnyTool) -> None:
    annotations = definition(tool)["annotations"]
    assert set(annotations) == {"title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert annotations["openWorldHint"] is False
    assert tool.title
    assert tool.writes is (tool.scopes in ({"lists:write"}, {"household:manage"}))
    assert tool.writes or tool.scopes == {"lists:read"}


@each_tool
def test_a_description_says_what_it_does_and_gives_no_orders(tool: AnyTool) -> None:
    description = definition(tool)["description"].lower()
    assert 40 < len(description) < 600
    for order in ("always", "never", "must", "call this", "first", "important"):
        assert order not in description.split(), order


def test_the_whole_catalogue_fits_its_budget() -> None:
    size = len(json.dumps([definition(tool) for tool in TOOLS], separators=(",", ":")))
    assert size / CHARACTERS_PER_TOKEN < MOST_TOKENS
    assert len(TOOLS) <= MOST_TOOLS


@pytest.mark.anyio
async def test_the_list_of_tools_is_the_catalogue_in_its_order(each_era: McpClient) -> None:
    listed = await each_era.result("tools/list")
    assert [tool["name"] for tool in listed["tools"]] == [tool.name for tool in TOOLS]
    assert listed["tools"] == [definition(tool) for tool in TOOLS]
    if each_era.era == "2026-07-28":
        assert listed["ttlMs"] > 0
        assert listed["cacheScope"] == "public"


@pytest.mark.anyio
async def test_results_are_as_the_output_schemas_say(client: McpClient) -> None:
    items: list[Any] = ["milk", "", {"name": "tea", "quantity": 1, "unit": "kg", "assignee": "nobody"}]
    both: list[Any] = [{"item": "milk", "note": "fresh"}, {"item": "milk", "price": -1}]
    calls: dict[str, dict[str, Any]] = {
        "add_items": {"items": items},
        "list_items": {"detail": "full"},
        "get_overview": {},
        "search": {"query": "milk"},
        "fetch": {"id": "i1"},
        "save_list": {"name": "Hardware", "store": "Depot", "currency": "EUR"},
        "update_items": {"items": both},
        "check_items": {"items": ["milk", "gold"]},
        "move_items": {"items": ["i1"], "to_list": "L2"},
        "remove_items": {"items": ["i1"]},
        "delete_list": {"list": "L2", "confirm_name": "Hardware"},
        "undo": {"undo_ref": "e7"},
        "get_activity": {},
        "get_spending": {},
        "record_purchase": {"items": ["gum 0,99", "DEPOSIT -0,25"]},
        "export_list": {},
        "import_items": {"data": "name,price\nrice,NaN\n,2\n", "on_error": "skip", "repairs": "apply"},
        "save_recipe": {"name": "Porridge", "servings": 2, "items": ["100 g oats", "milk (warm)"]},
        "get_recipes": {"recipe": "porridge", "servings": 3},
        "apply_recipe": {"recipe": "R1", "servings": 3, "exclude": ["milk"]},
        "update_pantry": {"items": [{"name": "milk"}, {"name": "tea", "amount": "some"}]},
        "get_pantry": {},
        "get_suggestions": {},
        "save_plan": {"entries": [{"date": "2026-12-24", "recipe": "R1", "servings": 3, "meal": "dinner"}]},
        "join_household": {"code": (await client.call("invite_member"))["code"]},
        "invite_member": {},
        "update_member": {"person": "me", "role": "owner"},
        "save_household": {"name": "Home"},
    }
    assert calls.keys() == {tool.name for tool in TOOLS}
    for tool, arguments in calls.items():
        schema = next(each for each in TOOLS if each.name == tool).definition.output_schema
        assert schema is not None
        answer = await client.call(tool, **arguments)
        jsonschema.validate(answer, schema)
        assert "null" not in json.dumps(answer)


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for each in TOOLS:
        (SNAPSHOTS / f"{each.name}.json").write_text(json.dumps(definition(each), indent=2, ensure_ascii=False) + "\n")
