"""What ends while a request is under way ends for that request too."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.mcp.http import batch
from app.oauth.grants.repository import by_id, end_grants
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

End = Callable[[], Awaitable[None]]


@pytest.fixture
def end(app: Starlette, engine: Engine, ada: Connected) -> End:
    """Ends Ada's grant."""

    async def end() -> None:
        async with transaction(engine) as connection:
            await end_grants(connection, by_id(ada.grant_id), "test", datetime.now(UTC))
        app.state.pubsub.grant_ended(ada.grant_id)

    return end


async def test_a_body_that_arrives_after_the_end_is_not_served(
    http: httpx.AsyncClient, ada: Connected, factory: Factory, end: End
) -> None:
    client = McpClient(http, ada.token)
    call = {"name": "add_items", "arguments": {"items": ["milk"]}}
    text = json.dumps(client.message("tools/call", call)).encode()

    async def slowly() -> AsyncIterator[bytes]:
        yield text[:10]
        await end()
        yield text[10:]

    response = await http.post("/mcp", content=slowly(), headers=client.headers("tools/call", "add_items"))
    assert response.status_code == 401
    other = McpClient(http, (await factory.connect(ada.person, ada.household_id)).token)
    assert (await other.call("list_items"))["items"] == []


async def test_the_rest_of_a_batch_is_not_served_after_the_end(
    http: httpx.AsyncClient, ada: Connected, factory: Factory, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = McpClient(http, ada.token, "2025-11-25")
    headers = {name: value for name, value in client.headers("x").items() if not name.lower().startswith("mcp-")}
    adding = [
        client.message("tools/call", {"name": "add_items", "arguments": {"items": [name]}}) for name in ("milk", "tea")
    ]
    looking = client.message("tools/call", {"name": "list_items", "arguments": {}})
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    real = batch._collect  # pyright: ignore[reportPrivateUsage]

    async def then_end(*given: Any) -> tuple[int, bytes]:
        answer = await real(*given)
        await end()
        return answer

    monkeypatch.setattr(batch, "_collect", then_end)
    answers = (await http.post("/mcp", json=[adding[0], notification, adding[1], looking], headers=headers)).json()
    assert [answer["id"] for answer in answers] == [adding[0]["id"], adding[1]["id"], looking["id"]]
    assert "result" in answers[0]
    assert ["ended" in answer["error"]["message"] for answer in answers[1:]] == [True, True]
    other = McpClient(http, (await factory.connect(ada.person, ada.household_id)).token)
    assert [item["name"] for item in (await other.call("list_items"))["items"]] == ["milk"]
