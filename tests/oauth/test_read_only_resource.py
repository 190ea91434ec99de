"""Tokens for the endpoint `/mcp/readonly`: asked for by its address, and good for looking only."""

import httpx
import pytest

from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, code_of, consent_page, redeem, register

pytestmark = pytest.mark.anyio


def read_only(server: RunningServer) -> str:
    return f"{server.url}/mcp/readonly"


@pytest.mark.proves("az-resource")
@pytest.mark.parametrize("scope", [None, "lists:read lists:write household:manage", "lists:read"])
async def test_only_looking_can_be_asked_for_and_approved(
    server: RunningServer, http: httpx.AsyncClient, email: str, scope: str | None
) -> None:
    resource = read_only(server)
    attempt, page = await consent_page(http, server.url, email, resource=resource, scope=scope)
    assert "Look at the lists" in page.text
    assert "change the lists" not in page.text
    answer = await redeem(http, attempt, code_of(await Browser(http).approve(page)), resource=resource)
    assert answer.json()["scope"] == "lists:read"


async def test_a_form_that_asks_for_more_is_refused(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    _, page = await consent_page(http, server.url, email, resource=read_only(server))
    refused = await Browser(http).submit(page, "/oauth/consent", decision="approve", level="change")
    assert refused.status == 400
    assert "Choose what the app may do." in refused.text


async def test_a_scope_that_means_nothing_there_is_invalid(server: RunningServer, http: httpx.AsyncClient) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    page = await Browser(http).open(attempt.url(resource=read_only(server), scope="household:manage"))
    assert page.status == 400
    assert "invalid_scope" in page.text


@pytest.mark.proves("cd-resource-equal")
async def test_the_token_endpoint_takes_its_address_or_none_and_no_other(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    resource = read_only(server)
    attempt, page = await consent_page(http, server.url, email, resource=resource)
    tokens = (await redeem(http, attempt, code_of(await Browser(http).approve(page)), resource=None)).json()
    form = {"grant_type": "refresh_token", "client_id": attempt.client_id, "refresh_token": tokens["refresh_token"]}
    other = await http.post(f"{server.url}/oauth/token", data={**form, "resource": f"{server.url}/mcp"})
    assert (other.status_code, other.json()["error"]) == (400, "invalid_target")
    assert (await http.post(f"{server.url}/oauth/token", data={**form, "resource": resource})).status_code == 200
