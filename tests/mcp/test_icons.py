"""Icons: each that is named is a public file of the kind that it is said to be."""

import struct
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from app.mcp.catalogue import ENDPOINTS
from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from app.settings import Settings
from app.ui.static_files import STATIC_FILES
from tests.factory import Connected
from tests.mcp.client import Era, McpClient

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n"
each_endpoint = pytest.mark.parametrize("path", [endpoint.path for endpoint in ENDPOINTS])


async def assert_served(http: httpx.AsyncClient, settings: Settings, icon: dict[str, Any]) -> None:
    """The icon is below PUBLIC_URL, needs no token, and is what it says it is."""
    assert icon["src"].startswith(f"{settings.public_url}/static/")
    response = await http.get(urlsplit(str(icon["src"])).path)
    assert (response.status_code, response.headers["content-type"]) == (200, icon["mimeType"])
    assert len(response.content) < 5_000
    if icon["mimeType"] == "image/png":
        assert response.content.startswith(PNG)
        width, height = struct.unpack(">II", response.content[16:24])
        assert icon["sizes"] == [f"{width}x{height}"]
    else:
        assert icon["mimeType"] == "image/svg+xml"
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(response.content).iter()}
        assert tags <= {"svg", "rect", "path", "g"}


@each_endpoint
async def test_the_service_has_an_icon(http: httpx.AsyncClient, settings: Settings, ada: Connected, path: str) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
    begun = await McpClient(http, ada.token, "2025-11-25", path).result("initialize", hello)
    discovered = await McpClient(http, ada.token, path=path).result("server/discover")
    info = discovered["_meta"]["io.modelcontextprotocol/serverInfo"]
    assert info["icons"] == begun["serverInfo"]["icons"]
    assert info["title"] == begun["serverInfo"]["title"] == "Shopping lists"
    assert [each["mimeType"] for each in info["icons"]] == ["image/png", "image/svg+xml"]
    for icon in info["icons"]:
        await assert_served(http, settings, icon)


@each_endpoint
async def test_resources_templates_and_prompts_have_icons_and_titles(
    http: httpx.AsyncClient, settings: Settings, ada: Connected, path: str, era: Era
) -> None:
    client = McpClient(http, ada.token, era, path)
    entries = [
        *(await client.result("resources/list"))["resources"],
        *(await client.result("resources/templates/list"))["resourceTemplates"],
        *(await client.result("prompts/list"))["prompts"],
    ]
    for entry in entries:
        assert entry["title"]
        (icon,) = entry["icons"]
        await assert_served(http, settings, icon)


async def test_tools_have_titles_and_leave_the_room_of_icons_to_descriptions(client: McpClient) -> None:
    for tool in (await client.result("tools/list"))["tools"]:
        assert tool["title"]
        assert "icons" not in tool


def test_every_icon_file_is_used_and_has_its_drawing() -> None:
    files = {path.name for path in (STATIC_FILES / "icons").iterdir()}
    used = {each.icon for each in (*PROMPTS, *RESOURCES)}
    assert files == {"LICENSE", *(f"{name}.{ending}" for name in used for ending in ("png", "svg"))}
