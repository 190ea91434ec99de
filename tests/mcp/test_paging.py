"""Every list comes in pages with opaque cursors, and every cacheable result says how long it may be kept."""

from typing import Any

import httpx
import pytest
from mcp_types.methods import CACHEABLE_METHODS

from app.mcp import paging
from app.mcp.catalogue import ENDPOINTS
from tests.factory import Connected
from tests.mcp.client import MODERN, McpClient

pytestmark = pytest.mark.anyio

LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
each_list = pytest.mark.parametrize(("method", "field"), LISTS.items())


@each_list
async def test_the_pages_of_a_list_are_the_list(
    each_era: McpClient, monkeypatch: pytest.MonkeyPatch, method: str, field: str
) -> None:
    whole = await each_era.result(method)
    assert "nextCursor" not in whole
    monkeypatch.setattr(paging, "PER_PAGE", 2)
    found: list[Any] = []
    params: dict[str, Any] = {"cursor": paging.make_cursor(0)}
    while params:
        page = await each_era.result(method, params)
        assert 1 <= len(page[field]) <= 2
        assert ("ttlMs" in page) is (each_era.era == MODERN)
        found += page[field]
        params = {"cursor": page["nextCursor"]} if "nextCursor" in page else {}
    assert found == whole[field]
    assert len(found) > 2


@each_list
@pytest.mark.parametrize("cursor", ["made up", "", "LTE", "e30", "IjEi", "1" * 10_000])
async def test_a_cursor_that_we_did_not_make_is_refused(
    each_era: McpClient, method: str, field: str, cursor: str
) -> None:
    error = await each_era.error(method, {"cursor": cursor})
    assert error["code"] == -32602
    assert error["data"]["field"] == "cursor"


@each_list
async def test_a_page_behind_the_end_is_empty(each_era: McpClient, method: str, field: str) -> None:
    """What was listed may have gone since the page before."""
    page = await each_era.result(method, {"cursor": paging.make_cursor(1000)})
    assert page[field] == []
    assert "nextCursor" not in page


@pytest.mark.parametrize("path", [endpoint.path for endpoint in ENDPOINTS])
async def test_every_cacheable_result_says_how_long_and_for_whom(
    http: httpx.AsyncClient, ada: Connected, path: str
) -> None:
    client = McpClient(http, ada.token, path=path)
    household = (await client.call("get_overview"))["household"]["ref"]
    requests: list[tuple[str, dict[str, Any], str]] = [
        ("server/discover", {}, "public"),
        ("tools/list", {}, "public"),
        ("prompts/list", {}, "public"),
        ("resources/templates/list", {}, "public"),
        ("resources/list", {}, "private"),
        ("resources/read", {"uri": f"shopping://{household}/lists/L1"}, "private"),
        ("resources/read", {"uri": f"shopping://{household}/lists/L1.csv"}, "private"),
        ("resources/read", {"uri": f"shopping://{household}/lists"}, "private"),
        ("resources/read", {"uri": f"shopping://{household}/members"}, "private"),
        ("resources/read", {"uri": "shopping://guide/quantities"}, "public"),
        ("resources/read", {"uri": "shopping://sample/3"}, "public"),
    ]
    assert {method for method, _, _ in requests} == CACHEABLE_METHODS
    for method, params, scope in requests:
        result = await client.result(method, params)
        assert result["cacheScope"] == scope, method
        assert isinstance(result["ttlMs"], int)
        assert (result["ttlMs"] > 0) is (method != "resources/read" or scope == "public"), method


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
async def test_an_endpoint_introduces_itself_in_few_words(
    http: httpx.AsyncClient, ada: Connected, endpoint: Any
) -> None:
    client = McpClient(http, ada.token, path=endpoint.path)
    instructions: str = (await client.result("server/discover"))["instructions"]
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
    older = await McpClient(http, ada.token, "2025-11-25", endpoint.path).result("initialize", hello)
    assert older["instructions"] == instructions
    assert 20 < len(instructions.split()) < 120
    assert len({each.instructions for each in ENDPOINTS}) == len(ENDPOINTS)
    assert ("undo takes it back" in instructions) is ("undo" in endpoint.tools_by_name)
