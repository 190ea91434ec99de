"""Cursors that somebody made up: each tool refuses them, or shows a page, but none fails."""

from typing import Any
from uuid import UUID

import pytest

from app.cursors import make_cursor
from app.mcp.catalogue import TOOLS
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

SOMETHING = str(UUID(int=7))
PLACES: list[Any] = [
    None,
    True,
    -1,
    1.5,
    2**31,
    2**63,
    1e300,
    "x" * 1_001,
    "a\0b",
    [],
    {},
    [2**31, 2**31],
    ["\ud800"],
    ["f", 2**63, []],
    ["2026-11-01", 2**63, SOMETHING],
    ["0001-01-01", -(2**31), SOMETHING],
    ["f", 1, [0, False, False, "\ud800", 2**63, 2**31]],
    # Moments that are in no year once they are moved to UTC, or in none that Postgres has.
    ["0001-01-01T00:00:00+23:59", SOMETHING],
    ["9999-12-31T23:59:59-23:59", SOMETHING],
    ["2026-01-01T00:00:00", SOMETHING],
    [-(10**15), SOMETHING],
    [10**300, SOMETHING],
]
CALLS: list[tuple[str, dict[str, Any]]] = [
    *((tool.name, {}) for tool in TOOLS if "cursor" in tool.definition.input_schema.get("properties", {})),
    ("get_spending", {"show": "purchases"}),
    ("get_recipes", {"plan_from": "2026-11-01"}),
    ("list_items", {"view": "checked"}),
    ("list_items", {"group_by": "category"}),
]


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
async def test_no_cursor_makes_a_tool_fail(client: McpClient, tool: str, arguments: dict[str, Any]) -> None:
    for place in PLACES:
        cursor = make_cursor(place)
        result = await client.result("tools/call", {"name": tool, "arguments": {**arguments, "cursor": cursor}})
        told = str(result["content"])
        assert "on our side" not in told, (place, told)


async def test_a_moment_in_no_year_is_no_place_among_purchases(client: McpClient) -> None:
    for moment in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        error = await client.refusal("get_spending", show="purchases", cursor=make_cursor([moment, SOMETHING]))
        assert (error["code"], error["field"]) == ("invalid", "cursor")
