"""fastmcp's client, with the OAuth that it brings: a callback server of its own, and tokens kept in files."""

from pathlib import Path

import httpx
import pytest

from tests.journeys.device import ERAS, Mode
from tests.journeys.fast import fastmcp
from tests.journeys.person import Person
from tests.journeys.product import Product
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("journeys"), pytest.mark.processes]


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """Where the client keeps its registration and tokens."""
    directory = tmp_path / "tokens"
    directory.mkdir()
    return directory


async def test_a_person_pastes_the_url_signs_up_approves_and_shops(
    product: Product, ada: Person, storage: Path, mode: Mode
) -> None:
    async with fastmcp(product.mcp_url, ada, storage, mode) as client:
        assert client.protocol_version == ERAS[mode]
        added = await client.call("add_items", items=["2 kg flour", "milk"])
        assert added["counts"] == {"added": 2}
        listed = await client.call("list_items")
    assert listed["name"] == "Groceries"
    assert [(item["name"], item.get("quantity"), item.get("unit")) for item in listed["items"]] == [
        ("flour", 2, "kg"),
        ("milk", None, None),
    ]
    assert len(ada.asked) == 1


async def test_an_expired_access_token_is_refreshed_without_the_person(
    product: Product, ada: Person, storage: Path, mode: Mode
) -> None:
    async with fastmcp(product.mcp_url, ada, storage, mode) as client:
        await client.call("add_items", items=["milk"])
        first = client.tokens
        expired = await client.let_the_access_token_expire(product.settings())
        async with httpx.AsyncClient(base_url=product.url) as http:
            refused = await McpClient(http, expired).send("tools/list")
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
        client.wire.forget()
        await client.call("add_items", items=["bread"])
        assert client.wire.seen == [("POST", "/oauth/token", 200), ("POST", "/mcp", 200)]
        assert await client.names() == ["milk", "bread"]
        assert client.tokens.access_token not in (first.access_token, expired)
        assert client.tokens.refresh_token != first.refresh_token
    assert len(ada.asked) == 1


async def test_a_client_that_is_started_again_is_still_signed_in(product: Product, ada: Person, storage: Path) -> None:
    async with fastmcp(product.mcp_url, ada, storage) as client:
        await client.call("add_items", items=["milk"])
    async with fastmcp(product.mcp_url, ada, storage) as client:
        assert await client.names() == ["milk"]
    assert len(ada.asked) == 1


async def test_a_client_that_is_started_again_after_an_hour_is_still_signed_in(
    product: Product, ada: Person, storage: Path
) -> None:
    async with fastmcp(product.mcp_url, ada, storage) as client:
        await client.call("add_items", items=["milk"])
        await client.let_the_access_token_expire(product.settings())
        await client.keep_what_it_holds()
    async with fastmcp(product.mcp_url, ada, storage) as client:
        assert await client.names() == ["milk"]
    assert len(ada.asked) == 1
