"""The endpoint `/mcp/readonly`: a resource of its own, for those who want to let an assistant look and nothing more."""

from typing import Any

import httpx
import pytest

from app.mcp.catalogue import TOOLS
from app.resources import READ_ONLY
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import Era, McpClient

pytestmark = pytest.mark.anyio

PATH = "/mcp/readonly"


@pytest.fixture
def looking(http: httpx.AsyncClient, ada: Connected, era: Era) -> McpClient:
    """Ada's client for `/mcp`, at the endpoint below it."""
    return McpClient(http, ada.token, era, PATH)


@pytest.mark.proves("""prm-every-door MUST RFC 9728 §3.3
    Every further MCP endpoint of the host has metadata of its own that names it.
    Here: /mcp and /mcp/readonly each have a document of their own, which names its endpoint.""")
@pytest.mark.proves("""prm-scopes-minimal SHOULD MCP authorization (Scope Selection Strategy);
    MCP security_best_practices (Scope Minimization)
    `scopes_supported` of the resource is the small set for basic use, not the whole catalogue.
    Here: The document of an endpoint lists what its challenge asks for: lists:read and lists:write, or lists:read at
    /mcp/readonly.""")
async def test_its_metadata_and_its_challenge_name_itself_and_ask_for_reading(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    challenge = (await http.post(PATH, json={})).headers["www-authenticate"]
    metadata = f"{settings.public_url}/.well-known/oauth-protected-resource/mcp/readonly"
    assert challenge == f'Bearer resource_metadata="{metadata}", scope="lists:read"'
    document = (await http.get(metadata)).json()
    assert document["resource"] == f"{settings.public_url}{PATH}"
    assert document["scopes_supported"] == ["lists:read"]


async def test_it_has_the_tools_that_change_nothing(looking: McpClient) -> None:
    listed: list[dict[str, Any]] = (await looking.result("tools/list"))["tools"]
    assert {tool["name"] for tool in listed} == {tool.name for tool in TOOLS if not tool.writes}
    assert all(tool["annotations"]["readOnlyHint"] for tool in listed)
    assert (await looking.call("list_items"))["items"] == []
    assert (await looking.error("tools/call", {"name": "add_items", "arguments": {"items": ["x"]}}))["code"] == -32602


async def test_a_grant_for_it_is_good_there_and_nowhere_above(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, era: Era
) -> None:
    below = await factory.connect(ada.person, ada.household_id, resource=READ_ONLY)
    assert (await McpClient(http, below.token, era, PATH).call("list_items"))["items"] == []
    for path in ("/mcp", "/mcp/"):
        response = await McpClient(http, below.token, era, path).send("tools/list")
        assert response.status_code == 401
        assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_a_token_that_may_not_read_is_told_what_it_needs_there(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    nothing = await factory.connect(ada.person, ada.household_id, token_scopes=())
    response = await McpClient(http, nothing.token, path=PATH).send("tools/call", {"name": "list_items"})
    assert response.status_code == 403
    assert 'scope="lists:read"' in response.headers["www-authenticate"]
    assert f"{PATH}" in response.headers["www-authenticate"]
