"""Small print of the RFCs that no other file is about, each tried at the endpoints."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from app.db import transaction
from app.oauth.tables import authorization_requests
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, register

pytestmark = pytest.mark.anyio


@pytest.mark.proves("""as-no-empty-arrays MUST RFC 8414 §3.2
    Metadata without a value is left out.
    Here: The documents are fixed and have no empty member.""")
async def test_no_member_of_the_metadata_is_empty(http: httpx.AsyncClient) -> None:
    """RFC 8414 section 3.2: what has no value is left out."""
    for name in ("oauth-authorization-server", "openid-configuration"):
        document: dict[str, Any] = (await http.get(f"/.well-known/{name}")).json()
        assert [member for member, value in document.items() if value in ([], "", None, {})] == []


@pytest.mark.proves("az-no-next")
async def test_a_page_for_the_request_of_another_browser_shows_and_forwards_nothing(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    client = await register(http, server.url, client_name="Somebody's app")
    opened = await Browser(http).open(Attempt(client["client_id"], server.url).url())
    async with server.browser() as stranger:
        for step in ("sign-in", "sign-up", "consent"):
            address = str(opened.response.url).replace("sign-in", step)
            page = await Browser(stranger).open(address)
            assert page.status == 400
            assert "Somebody's app" not in page.text
    async with transaction(server.engine) as connection:
        kept = (await connection.execute(select(authorization_requests.c.id))).scalars().all()
    assert parse_qs(urlsplit(str(opened.response.url)).query)["request"] == [str(each) for each in kept]
