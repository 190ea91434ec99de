"""What leaves without the SDK's serialisation is what the SDK would have made of it."""

from typing import Any

import anyio
import pytest
from mcp_types import methods
from starlette.applications import Starlette

from app.mcp.dispatch import Dispatch
from app.settings import Settings
from tests.factory import Connected
from tests.mcp.client import Era, McpClient
from tests.mcp.conftest import http_to

pytestmark = pytest.mark.anyio

ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("get_overview", {}),
    ("add_items", {"items": ["2 kg flour", ""]}),
    ("list_items", {"detail": "full"}),
    ("list_items", {"list": "Nowhere"}),
    ("undo", {"undo_ref": "e1"}),
]


async def test_every_answer_is_just_what_the_schema_of_its_revision_keeps(each_way: McpClient) -> None:
    for tool, arguments in ANSWERS:
        result = await each_way.result("tools/call", {"name": tool, "arguments": arguments})
        assert methods.serialize_server_result("tools/call", each_way.era, result) == result


async def test_the_answers_are_the_same_with_and_without_the_middleware(
    sdk_app: Starlette, settings: Settings, ada: Connected, era: Era
) -> None:
    server = sdk_app.state.endpoints.servers[0]
    async with http_to(sdk_app, settings) as http:
        client = McpClient(http, ada.token, era)
        direct = [await client.result(*request) for request in requests()]
        del server.middleware[-1]
        assert [await client.result(*request) for request in requests()] == direct


def requests() -> list[tuple[str, dict[str, Any]]]:
    listing: list[tuple[str, dict[str, Any]]] = [("tools/list", {}), ("tools/list", {})]
    calls = [{"name": name, "arguments": given} for name, given in ANSWERS if name in ("get_overview", "list_items")]
    return listing + [("tools/call", call) for call in calls]


BAD: list[tuple[str, Any]] = [
    ("tools/call", {}),
    ("tools/call", {"name": "list_items", "arguments": []}),
    ("tools/list", {"cursor": 7}),
    ("tools/list", {"cursor": "next"}),
]


@pytest.mark.parametrize(("method", "params"), BAD)
async def test_malformed_params_are_refused_before_anything_is_answered(
    each_era: McpClient, method: str, params: dict[str, Any]
) -> None:
    await each_era.result("tools/list")  # now it is in memory
    response = await each_era.send(method, params)
    assert response.json()["error"]["code"] == -32602


async def test_a_call_that_asks_for_no_answer_is_not_made(each_era: McpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    async def call(self: Dispatch, caller: object, address: object, name: str, arguments: object) -> bytes:
        made.append(name)
        return b"{}"

    message = each_era.message("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
    del message["id"]
    headers = each_era.headers("tools/call", "add_items")
    monkeypatch.setattr(Dispatch, "call", call)
    assert (await each_era.http.post(each_era.path, json=message, headers=headers)).status_code == 202
    await anyio.wait_all_tasks_blocked()
    assert made == []
