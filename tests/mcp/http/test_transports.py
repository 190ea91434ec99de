"""Calls of tools that send something before their result are answered by a stream, and all others in JSON."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.households.tenant import Tenant
from app.main import create_app
from app.mcp.catalogue import ENDPOINTS, TOOLS, McpEndpoint
from app.mcp.spec import Hints, Preparation, ToolArguments, ToolResult, ToolSpec
from app.resources import MAIN
from app.scopes import LISTS_READ
from app.settings import Settings
from tests.factory import Connected
from tests.mcp.client import Era, McpClient
from tests.mcp.streaming import stop_watching_for_shutdown

pytestmark = [pytest.mark.anyio, pytest.mark.own_database]

ASKING: dict[str, Any] = {"progressToken": "p1", "io.modelcontextprotocol/logLevel": "info"}


class Bread(ToolResult):
    loaves: int

    def in_words(self) -> str:
        return "Baked."

    def touched(self) -> int:
        return self.loaves


async def bake(arguments: ToolArguments, preparation: Preparation) -> Callable[[Tenant], Awaitable[Bread]]:
    """Bake, and report how far it is."""
    await preparation.report(1, 2, "The dough rises.")

    async def take_out(tenant: Tenant) -> Bread:
        return Bread(loaves=1)

    return take_out


BAKE = ToolSpec(
    None,
    ToolArguments,
    Bread,
    title="Bake",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True, why="It reads."),
    prepare=bake,
)


@pytest.fixture
async def bakery(settings: Settings) -> AsyncGenerator[Starlette]:
    """The application with one more tool, which reports its progress."""
    application = create_app(settings, [McpEndpoint(MAIN, (*TOOLS, BAKE))])
    async with application.router.lifespan_context(application):
        yield application
    await stop_watching_for_shutdown()


@pytest.fixture
async def baker(bakery: Starlette, ada: Connected, settings: Settings, era: Era) -> AsyncGenerator[McpClient]:
    """Ada's client there, in one era after the other."""
    transport = httpx.ASGITransport(bakery)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        yield McpClient(http, ada.token, era)


async def test_what_a_tool_reports_arrives_before_its_result(baker: McpClient) -> None:
    answer = await baker.send("tools/call", {"name": "bake", "arguments": {}, "_meta": ASKING})
    assert answer.headers["content-type"] == "text/event-stream"
    report, result = events(answer)
    assert report["method"] == "notifications/progress"
    assert report["params"] == {"progressToken": "p1", "progress": 1, "total": 2, "message": "The dough rises."}
    assert result["result"]["structuredContent"] == {"loaves": 1}


async def test_who_does_not_ask_gets_the_result_alone(baker: McpClient) -> None:
    answer = await baker.send("tools/call", {"name": "bake", "arguments": {}})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["result"]["structuredContent"] == {"loaves": 1}


async def test_tools_that_report_nothing_answer_in_json_even_if_asked(baker: McpClient) -> None:
    for message in ({"name": "list_items", "arguments": {}, "_meta": ASKING}, {"name": "nothing", "_meta": ASKING}):
        answer = await baker.send("tools/call", message)
        assert answer.headers["content-type"] == "application/json"
    assert (await baker.send("tools/list", {"_meta": ASKING})).headers["content-type"] == "application/json"


async def test_in_a_batch_all_answers_are_json(baker: McpClient) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "bake", "_meta": ASKING}}
    headers = {**baker.headers("tools/call", "bake"), "MCP-Protocol-Version": "2025-03-26"}
    answer = await baker.http.post("/mcp", json=[call], headers=headers)
    [entry] = answer.json()
    assert entry["result"]["structuredContent"] == {"loaves": 1}


def test_tools_that_report_are_the_ones_that_take_long() -> None:
    assert {tool.name for endpoint in ENDPOINTS for tool in endpoint.tools if tool.prepare} == {"import_items", "undo"}


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
