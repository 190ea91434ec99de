"""A person whose household travels, and their client."""

import httpx
import pytest

from tests.factory import Connected
from tests.mcp.client import McpClient


@pytest.fixture
def client(http: httpx.AsyncClient, ada: Connected) -> McpClient:
    """Ada's client."""
    return McpClient(http, ada.token)
