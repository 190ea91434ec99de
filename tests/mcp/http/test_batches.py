"""Batches of calls: bounded in number, and in what they answer together."""

from typing import Any

import httpx
import pytest

from app.mcp.http import batch
from app.mcp.http.batch import LARGEST_BATCH, LONGEST_ANSWERS
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def sent(client: McpClient, calls: list[dict[str, Any]]) -> httpx.Response:
    """The answer to a batch of the revision that has them."""
    headers = {name: value for name, value in client.headers("x").items() if not name.lower().startswith("mcp-")}
    return await client.http.post("/mcp", json=calls, headers=headers)


async def test_exports_of_a_long_list_in_one_batch_are_bounded_together(client: McpClient) -> None:
    for part in range(5):
        items = [{"name": f"thing {part} {number}", "note": "€" * 900} for number in range(100)]
        await client.call("add_items", items=items)
    export = {"name": "export_list", "arguments": {"format": "json"}}
    calls = [{"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": export} for number in range(50)]
    answer = await sent(client, calls)
    assert answer.status_code == 200
    answers = answer.json()
    assert [each["id"] for each in answers] == list(range(50))
    refused = [each for each in answers if "Send it by itself" in str(each.get("error"))]
    assert 5 < len(refused) < 45
    assert LONGEST_ANSWERS < len(answer.content) < LONGEST_ANSWERS + 400_000


async def test_what_comes_after_too_long_answers_is_not_done_and_says_so(
    client: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "LONGEST_ANSWERS", 10)
    names = ("milk", "tea", "salt")
    calls: list[dict[str, Any]] = [
        {
            "jsonrpc": "2.0",
            "id": name,
            "method": "tools/call",
            "params": {"name": "add_items", "arguments": {"items": [name]}},
        }
        for name in names
    ]
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answers = (await sent(client, [calls[0], notification, *calls[1:]])).json()
    assert [each["id"] for each in answers] == list(names)
    assert ["Send it by itself" in str(each.get("error")) for each in answers] == [False, True, True]
    assert [item["name"] for item in (await client.call("list_items"))["items"]] == ["milk"]


async def test_an_entry_that_is_no_request_fails_alone(client: McpClient, ada: Connected) -> None:
    listing = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
    answers = (await sent(client, [{"nothing": True}, listing, {**listing, "method": "initialize"}])).json()
    assert ["error" in each for each in answers] == [True, False, True]
    assert (await sent(client, [listing] * (LARGEST_BATCH + 1))).status_code == 400
