"""The official SDK's client knows a URL and a person with a browser, and gets to the shopping list by itself."""

import httpx
import pytest

from tests.journeys.device import ERAS, Mode
from tests.journeys.official import official
from tests.journeys.person import Person
from tests.journeys.product import Product
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("journeys"), pytest.mark.processes]


async def test_a_person_pastes_the_url_signs_up_approves_and_shops(product: Product, ada: Person, mode: Mode) -> None:
    async with official(product.mcp_url, ada, mode) as client:
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


@pytest.mark.proves("""token-in-header MUST OAuth 2.1 §5.1.1; RFC 6750 §2.1
    The resource server takes tokens from the Authorization header.
    Here: The middleware reads that header and nothing else; the metadata says so.""")
async def test_the_client_finds_its_way_from_the_first_refusal_to_a_token(product: Product, ada: Person) -> None:
    async with official(product.mcp_url, ada) as client:
        assert client.wire.seen == [
            ("POST", "/mcp", 401),
            ("GET", "/.well-known/oauth-protected-resource/mcp", 200),
            ("GET", "/.well-known/oauth-authorization-server", 200),
            ("POST", "/oauth/register", 201),
            ("POST", "/oauth/token", 200),
            ("POST", "/mcp", 200),
        ]
    assert ada.scope_asked == "lists:read lists:write"


async def test_a_slash_at_the_end_of_the_pasted_url_does_no_harm(product: Product, ada: Person, mode: Mode) -> None:
    async with official(f"{product.mcp_url}/", ada, mode) as client:
        await client.call("add_items", items=["milk"])
        assert await client.names() == ["milk"]


async def test_an_expired_access_token_is_refreshed_without_the_person(
    product: Product, ada: Person, mode: Mode
) -> None:
    async with official(product.mcp_url, ada, mode) as client:
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


async def test_the_progress_of_an_import_is_heard(product: Product, ada: Person, mode: Mode) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with official(product.mcp_url, ada, mode) as client:
        data = {"data": "\n".join(f"thing {number}" for number in range(600))}
        result = await client.call_tool("import_items", data, progress_callback=listen)
        assert (result.structured_content or {})["counts"] == {"added": 600}
    assert [(progress, total) for progress, total, _ in heard] == [(0, 1200), (500, 1200), (600, 1200), (1100, 1200)]
    assert heard[1][2] == "500 of 600 rows read"


async def test_a_refreshed_token_is_refreshed_again(product: Product, ada: Person) -> None:
    settings = product.settings()
    async with official(product.mcp_url, ada) as client:
        for name in ("milk", "bread", "salt"):
            await client.let_the_access_token_expire(settings)
            await client.call("add_items", items=[name])
        assert await client.names() == ["milk", "bread", "salt"]
    assert len(ada.asked) == 1
