"""Protected Resource Metadata where clients look for it, also with a path in PUBLIC_URL."""

import httpx
import pytest
from pydantic import SecretStr

from app.config import Settings
from app.db.embedded import DatabaseUrls
from app.main import create_app
from app.mcp.door import DOORS
from tests.shared import SECRET

pytestmark = pytest.mark.anyio


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
    for door in DOORS:
        document = (await http.get(f"/.well-known/oauth-protected-resource{door.path}")).json()
        assert document["resource"] == f"{settings.public_url}{door.path}"


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
