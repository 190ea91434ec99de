"""A client of the product, in the revision that has more methods."""

import httpx
import pytest

from tests.factory import Connected
from tests.mcp.client import McpClient


@pytest.fixture
def client(http: httpx.AsyncClient, ada: Connected) -> McpClient:
    return McpClient(http, ada.token, "2025-11-25")
