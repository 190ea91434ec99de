"""Clients of older revisions, which the other tests leave out: the handshake, listing, calling, ping."""

from typing import Any

import httpx
import pytest

from app.mcp.catalogue import TOOLS
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

NEWEST_HANDSHAKE = "2025-11-25"
REVISIONS = ("2025-03-26", "2025-06-18", NEWEST_HANDSHAKE)
each_revision = pytest.mark.parametrize("revision", REVISIONS)


def client_of(http: httpx.AsyncClient, ada: Connected, revision: str) -> McpClient:
    return McpClient(http, ada.token, revision)  # pyright: ignore[reportArgumentType]


def hello(revision: str) -> dict[str, Any]:
    return {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}


async def initialize(client: McpClient, revision: str) -> dict[str, Any]:
    """The answer to `initialize`, which goes without MCP-Protocol-Version: nothing is agreed yet."""
    headers = client.headers("initialize")
    del headers["MCP-Protocol-Version"]
    response = await client.http.post("/mcp", json=client.message("initialize", hello(revision)), headers=headers)
    assert response.status_code == 200, response.text
    assert "mcp-session-id" not in response.headers, "there are no sessions to lose"
    return response.json()["result"]


@each_revision
async def test_the_revision_that_a_client_asks_for_is_agreed(
    http: httpx.AsyncClient, ada: Connected, revision: str
) -> None:
    client = client_of(http, ada, revision)
    agreed = await initialize(client, revision)
    assert agreed["protocolVersion"] == revision
    assert agreed["serverInfo"]["name"] == "shopping-list-mcp"
    assert "tools" in agreed["capabilities"]
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    response = await http.post("/mcp", json=notification, headers=client.headers("notifications/initialized"))
    assert (response.status_code, response.content) == (202, b"")


@pytest.mark.parametrize("revision", ["1999-01-01", "2099-01-01", "nonsense"])
async def test_a_client_of_an_unknown_revision_is_offered_the_newest_one_with_a_handshake(
    http: httpx.AsyncClient, ada: Connected, revision: str
) -> None:
    agreed = await initialize(client_of(http, ada, NEWEST_HANDSHAKE), revision)
    assert agreed["protocolVersion"] == NEWEST_HANDSHAKE


@each_revision
async def test_listing_calling_and_ping_work(http: httpx.AsyncClient, ada: Connected, revision: str) -> None:
    client = client_of(http, ada, revision)
    assert await client.result("ping") == {}
    assert [tool["name"] for tool in (await client.result("tools/list"))["tools"]] == [tool.name for tool in TOOLS]
    added = await client.call("add_items", items=["2 kg flour"])
    assert added["counts"] == {"added": 1}
    assert (await client.call("list_items"))["items"] == [{"ref": "i1", "name": "flour", "quantity": 2, "unit": "kg"}]
    assert (await client.refusal("list_items", list="Nowhere"))["code"] == "not_found"


async def test_a_request_that_names_no_revision_is_served_as_the_oldest_one(
    http: httpx.AsyncClient, ada: Connected
) -> None:
    client = client_of(http, ada, "2025-03-26")
    headers = client.headers("tools/call")
    del headers["MCP-Protocol-Version"]
    message = client.message("tools/call", {"name": "list_items", "arguments": {}})
    response = await http.post("/mcp", json=message, headers=headers)
    assert response.json()["result"]["structuredContent"]["list"] == "L1"
