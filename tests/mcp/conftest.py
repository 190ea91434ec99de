"""A connected person and bare clients in both protocol eras."""

import httpx
import pytest

from tests.factory import Connected
from tests.mcp.client import ERAS, Era, McpClient


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@pytest.fixture
def client(http: httpx.AsyncClient, ada: Connected) -> McpClient:
    """Ada's client, in the newest era."""
    return McpClient(http, ada.token)


@pytest.fixture
def each_era(http: httpx.AsyncClient, ada: Connected, era: Era) -> McpClient:
    """Ada's client, in one era after the other."""
    return McpClient(http, ada.token, era)
