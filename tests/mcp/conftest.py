"""A connected person and bare clients in both protocol eras, and by both ways of a call."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from starlette.applications import Starlette

from app.main import create_app
from app.settings import Settings
from tests.factory import Connected
from tests.mcp.client import ERAS, Era, McpClient
from tests.mcp.streaming import on_its_port, stop_watching_for_shutdown


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@pytest.fixture
def client(http: httpx.AsyncClient, ada: Connected) -> McpClient:
    """Ada's client, in the newest era."""
    return McpClient(http, ada.token)


@pytest.fixture
async def each_era(http: httpx.AsyncClient, ada: Connected, era: Era) -> AsyncGenerator[McpClient]:
    """Ada's client, in one era after the other."""
    yield McpClient(http, ada.token, era)
    await stop_watching_for_shutdown()


@pytest.fixture
async def server(settings: Settings) -> AsyncGenerator[Starlette]:
    """The application on its port, in this process."""
    async with on_its_port(settings) as app:
        yield app
    await stop_watching_for_shutdown()


def http_to(app: Starlette, settings: Settings) -> httpx.AsyncClient:
    """A client that calls an application in this process."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    return httpx.AsyncClient(transport=transport, base_url=settings.public_url)


@pytest.fixture
async def sdk_app(settings: Settings) -> AsyncGenerator[Starlette]:
    """An application on the same database, where every request goes through the SDK's transport."""
    application = create_app(settings, short_way=False)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(params=["short way", "SDK"])
async def each_way(
    request: pytest.FixtureRequest, app: Starlette, sdk_app: Starlette, settings: Settings, ada: Connected, era: Era
) -> AsyncGenerator[McpClient]:
    """Ada's client, in one era after the other, by the short way and through the SDK's transport."""
    async with http_to(app if request.param == "short way" else sdk_app, settings) as http:
        yield McpClient(http, ada.token, era)
    await stop_watching_for_shutdown()
