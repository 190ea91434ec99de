"""Protected Resource Metadata where clients look for it, also with a path in PUBLIC_URL."""

import httpx
import pytest
from pydantic import SecretStr

from app.db.embedded import DatabaseUrls
from app.main import create_app
from app.mcp.catalogue import ENDPOINTS
from app.settings import Settings
from tests.shared import SECRET

pytestmark = pytest.mark.anyio


@pytest.mark.proves("""prm-served MUST MCP authorization (Overview); MCP authorization-server-discovery; RFC 9728 §3
    The MCP endpoint publishes protected resource metadata as JSON over plain GET.
    Here: We serve the document path-inserted for each endpoint and at the root of the host, readable from any
    origin.""")
@pytest.mark.proves("""prm-resource-equal MUST RFC 9728 §3.3
    The `resource` in the document is identical to the address from which its well-known address was formed.
    Here: Each path-inserted document names its own endpoint, byte for byte.""")
@pytest.mark.proves("""prm-cache SHOULD RFC 9728 §7.10
    The metadata says by HTTP headers for how long it may be cached.
    Here: The answer is public for an hour.""")
async def test_it_is_at_the_root_and_path_inserted_and_names_the_endpoint(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"):
        response = await http.get(path, headers={"Origin": "https://anywhere.example"})
        assert response.json()["resource"] == settings.resource
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["cache-control"].startswith("public")


async def test_the_document_of_each_door_names_that_very_door(http: httpx.AsyncClient, settings: Settings) -> None:
    """VS Code refuses a resource that is not equal to the address it was given."""
    for endpoint in ENDPOINTS:
        document = (await http.get(f"/.well-known/oauth-protected-resource{endpoint.path}")).json()
        assert document["resource"] == f"{settings.public_url}{endpoint.path}"


@pytest.mark.proves("""prm-path-inserted MUST RFC 9728 §3.1
    For a resource with a path, the well-known part stands between host and path.
    Here: The address is made from PUBLIC_URL's origin, the well-known part, PUBLIC_URL's path and the endpoint's
    path.""")
async def test_with_a_path_in_public_url_everything_carries_it(database: DatabaseUrls) -> None:
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        public_url="https://Example.org/shop/",
        database_url=SecretStr(database.service),
        migration_database_url=SecretStr(database.owner),
        secret_key=SECRET,
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://example.org") as http,
    ):
        challenge = (await http.post("/mcp", json={})).headers["www-authenticate"]
        address = "https://example.org/.well-known/oauth-protected-resource/shop/mcp"
        assert f'resource_metadata="{address}"' in challenge
        document = (await http.get(address)).json()
        assert document["resource"] == "https://example.org/shop/mcp"
        assert document["authorization_servers"] == ["https://example.org/shop"]
        server = (await http.get("https://example.org/.well-known/oauth-authorization-server/shop")).json()
        assert server["issuer"] == "https://example.org/shop"
        assert server["token_endpoint"].startswith("https://example.org/shop/")
