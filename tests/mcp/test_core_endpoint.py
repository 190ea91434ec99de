"""The endpoint `/mcp/core`: a resource of its own with the tools of every day."""

import httpx
import pytest

from app.mcp.catalogue import ENDPOINTS, TOOLS
from app.resources import CORE, READ_ONLY
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import Era, McpClient

pytestmark = pytest.mark.anyio

PATH = "/mcp/core"
MOST_BYTES = 18_000


async def test_its_metadata_and_its_challenge_name_itself_and_never_ask_to_manage(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    challenge = (await http.post(PATH, json={})).headers["www-authenticate"]
    metadata = f"{settings.public_url}/.well-known/oauth-protected-resource/mcp/core"
    assert challenge == f'Bearer resource_metadata="{metadata}", scope="lists:read lists:write"'
    document = (await http.get(metadata)).json()
    assert document["resource"] == f"{settings.public_url}{PATH}"
    assert document["scopes_supported"] == ["lists:read", "lists:write"]
    assert "household:manage" not in CORE.scopes
    for endpoint in ENDPOINTS:
        if endpoint.resource == CORE:
            assert all(tool.scopes <= {"lists:read", "lists:write"} for tool in endpoint.tools)


async def test_it_has_the_everyday_tools_within_their_budget(http: httpx.AsyncClient, ada: Connected, era: Era) -> None:
    core = McpClient(http, ada.token, era, PATH)
    response = await core.send("tools/list")
    assert len(response.content) < MOST_BYTES
    names = [tool["name"] for tool in response.json()["result"]["tools"]]
    assert names == [
        "get_overview",
        "list_items",
        "get_suggestions",
        "search",
        "fetch",
        "add_items",
        "update_items",
        "check_items",
        "move_items",
        "remove_items",
        "save_list",
        "undo",
    ]
    everywhere = [tool.name for tool in TOOLS]
    assert names == [name for name in everywhere if name in names], "in the same order as at /mcp"
    await core.call("add_items", items=["milk"])
    assert [item["name"] for item in (await core.call("list_items"))["items"]] == ["milk"]
    assert (await core.error("tools/call", {"name": "delete_list", "arguments": {}}))["code"] == -32602


async def test_a_grant_for_it_is_valid_there_alone(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Era
) -> None:
    below = await factory.connect(ada.person, ada.household_id, scopes=CORE.scopes, resource=CORE)
    assert (await McpClient(http, below.token, era, PATH).call("list_items"))["items"] == []
    for path in ("/mcp", "/mcp/", READ_ONLY.path):
        assert (await McpClient(http, below.token, era, path).send("tools/list")).status_code == 401
