"""A service that gets another PUBLIC_URL keeps its grants: the address is in what it signs, not in who was let in."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.db import Engine, transaction
from app.main import create_app
from app.oauth.credentials.api_keys import NewKey, create_api_key
from app.oauth.credentials.service_accounts import NewAccount, create_service_account
from app.resources import MAIN, READ_ONLY, Resource, resource_at
from app.settings import Settings
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.oauth.tokens import basic, tokens_for

pytestmark = pytest.mark.anyio

MOVED = "https://lists.example.org"


@pytest.fixture
async def moved(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the same service under another address."""
    there = settings.model_copy(update={"public_url": MOVED, "limits": True})
    application = create_app(there)
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(application, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url=MOVED) as client:
            yield client


async def token_of(http: httpx.AsyncClient, data: dict[str, Any], **more: Any) -> str:
    response = await http.post("/oauth/token", data=data, **more)
    assert response.status_code == 200, response.text
    return response.json()["access_token"]


async def test_keys_service_accounts_and_approvals_go_on(
    http: httpx.AsyncClient, moved: httpx.AsyncClient, engine: Engine, settings: Settings, ada: Connected
) -> None:
    now = datetime.now(UTC)
    new_account = NewAccount("Robot", "Ada's household", "editor")
    async with transaction(engine) as connection:
        key = await create_api_key(connection, settings.resource, NewKey(str(ada.person.email), "Ada's household"), now)
        robot = await create_service_account(connection, settings.resource, new_account, now)
    approved = await tokens_for(http, settings.public_url, "bert@example.org")
    refreshing = {"grant_type": "refresh_token", **{name: approved[name] for name in ("refresh_token", "client_id")}}
    proof = basic(robot.client_id, robot.secret or "")
    tokens = [
        key.secret,
        await token_of(moved, {"grant_type": "client_credentials", "resource": f"{MOVED}/mcp"}, headers=proof),
        await token_of(moved, {**refreshing, "resource": f"{MOVED}/mcp"}),
    ]
    for token in tokens:
        assert (await McpClient(moved, token).call("list_items"))["items"] == []
    # What was signed for the address before is not good here.
    assert (await McpClient(moved, approved["access_token"]).send("tools/list")).status_code == 401


@pytest.mark.parametrize(
    ("identifier", "resource"),
    [
        ("https://a.example/mcp", MAIN),
        ("http://localhost:8000/shop/mcp/readonly", READ_ONLY),
        ("https://a.example/shop/mcp", MAIN),
        ("https://a.example/elsewhere", MAIN),
    ],
)
def test_an_endpoint_is_known_by_its_path(identifier: str, resource: Resource) -> None:
    assert resource_at(identifier) is resource
