"""What hosts, proxies and browsers send beside the message, and what they get: docs/clients/hosts.md lists it."""

import gzip
import json

import httpx
import pytest

from app.resources import RESOURCES, Resource
from app.settings import Settings
from tests.mcp.client import MODERN, McpClient, body_of

pytestmark = pytest.mark.anyio


async def post(
    client: McpClient, body: bytes | None = None, tool: str = "get_overview", **headers: str | None
) -> httpx.Response:
    """Call a tool with other headers; None leaves one out."""
    sent = {**client.headers("tools/call", tool), **{name.replace("_", "-"): value for name, value in headers.items()}}
    arguments = {"data": "milk"} if tool == "import_items" else {}
    body = body or json.dumps(client.message("tools/call", {"name": tool, "arguments": arguments})).encode()
    request = client.http.build_request("POST", client.path, content=body)
    for name in ("Accept", "Content-Type"):
        request.headers.pop(name, None)
    request.headers.update({name: value for name, value in sent.items() if value is not None})
    for name, value in headers.items():
        if value is None:
            request.headers.pop(name.replace("_", "-"), None)
    return await client.http.send(request)


@pytest.mark.parametrize("tool", ["get_overview", "import_items"])
@pytest.mark.parametrize("accept", [None, ""])
async def test_an_accept_header_may_be_missing(each_way: McpClient, tool: str, accept: str | None) -> None:
    response = await post(each_way, tool=tool, Accept=accept)
    assert response.status_code == 200, response.text
    assert "result" in body_of(response)


@pytest.mark.parametrize(
    "kind", ["Application/JSON", "APPLICATION/JSON; Charset=UTF-8", "application/json;charset=utf-8"]
)
async def test_content_types_compare_without_case(each_way: McpClient, kind: str) -> None:
    response = await post(each_way, Content_Type=kind)
    assert response.status_code == 200, response.text
    assert "result" in body_of(response)


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
async def test_a_compressed_body_is_415_with_the_reason(each_way: McpClient, encoding: str) -> None:
    body = json.dumps(each_way.message("tools/call", {"name": "get_overview", "arguments": {}})).encode()
    response = await post(each_way, gzip.compress(body), Content_Encoding=encoding)
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "compressed" in response.json()["error_description"]
    assert (await post(each_way, Content_Encoding="identity")).status_code == 200


async def test_a_byte_order_mark_is_skipped(each_way: McpClient) -> None:
    for tool in ("get_overview", "import_items"):
        arguments = {"data": "milk"} if tool == "import_items" else {}
        body = json.dumps(each_way.message("tools/call", {"name": tool, "arguments": arguments})).encode("utf-8-sig")
        response = await post(each_way, body, tool)
        assert response.status_code == 200, response.text
        assert "result" in body_of(response)


async def test_only_the_first_mark_is_skipped(client: McpClient) -> None:
    body = json.dumps(client.message("tools/call", {"name": "get_overview", "arguments": {}})).encode("utf-8-sig")
    assert (await post(client, b"\xef\xbb\xbf" + body)).status_code == 400


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)
@pytest.mark.parametrize("slash", ["", "/"])
async def test_an_endpoint_that_is_opened_in_a_browser_says_what_to_do_with_it(
    http: httpx.AsyncClient, settings: Settings, resource: Resource, slash: str
) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = await http.get(f"{resource.path}{slash}", headers={"Accept": accept})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-frame-options"] == "DENY"
    assert "www-authenticate" not in response.headers
    assert f"<code>{settings.public_url}{resource.path}</code>" in response.text
    assert "Copy it into the assistant" in response.text
    assert 'href="/"' in response.text
    assert "<script" not in response.text
    assert " style=" not in response.text


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json", "*/*", ""])
async def test_a_program_that_gets_an_endpoint_gets_a_line(http: httpx.AsyncClient, accept: str) -> None:
    response = await http.get("/mcp", headers={"Accept": accept})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.headers["content-type"].startswith("text/plain")


async def test_only_what_is_sent_is_said_to_change(each_era: McpClient) -> None:
    """Tools and prompts are the same for as long as the service runs; lists come and go."""
    if each_era.era == MODERN:
        capabilities = (await each_era.result("server/discover"))["capabilities"]
        assert capabilities["resources"] == {"subscribe": True, "listChanged": True}
    else:
        hello = {"protocolVersion": each_era.era, "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
        capabilities = (await each_era.result("initialize", hello))["capabilities"]
        assert not capabilities["resources"].get("listChanged")
        assert not capabilities["resources"].get("subscribe")
    assert not capabilities["tools"].get("listChanged")
    assert not capabilities["prompts"].get("listChanged")
