"""Pages about the service, and the files that browsers, crawlers and finders of faults look for."""

from datetime import datetime, timedelta

import httpx
import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette

from app.mcp.catalogue import TOOLS
from app.runtime.clock import system_clock
from app.settings import Settings
from app.web.about import TEMPLATES, about_routes

pytestmark = pytest.mark.anyio

OPERATOR = {
    "operator_name": "Ada <b>Lovelace</b>",
    "operator_address": "1 Engine Street, London",
    "operator_email": "ada@example.org",
}


async def get(settings: Settings, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=about_routes(settings, [], system_clock)))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_origin) as client:
        return await client.get(path)


def run_by_somebody() -> Settings:
    return Settings(_env_file=None, public_url="https://lists.example.org/shop", **OPERATOR)  # pyright: ignore


@pytest.mark.parametrize("path", ["/privacy", "/terms", "/support"])
async def test_pages_name_who_runs_the_service(path: str) -> None:
    page = BeautifulSoup((await get(run_by_somebody(), path)).text, "html.parser")
    address = page.select_one("address")
    assert address is not None
    assert list(address.stripped_strings) == list(OPERATOR.values())
    assert not page.select("main .notice")
    assert not page.select("meta[name=robots]")


@pytest.mark.parametrize("path", ["/privacy", "/terms", "/support"])
async def test_pages_say_so_where_nobody_is_named(http: httpx.AsyncClient, path: str) -> None:
    page = BeautifulSoup((await http.get(path)).text, "html.parser")
    assert "OPERATOR_NAME" in page.select("main .notice")[0].get_text()


async def test_the_page_of_privacy_names_passkeys_where_people_can_have_them() -> None:
    settings = run_by_somebody()
    assert "If you add passkeys" in (await get(settings, "/privacy")).text
    for off in ({"password_sign_in": False}, {"public_url": "https://192.0.2.7/shop"}):
        assert "passkey" not in (await get(settings.model_copy(update=off), "/privacy")).text


async def test_the_page_of_the_tools_is_made_of_the_catalogue(http: httpx.AsyncClient) -> None:
    page = BeautifulSoup((await http.get("/docs/tools")).text, "html.parser")
    assert [str(each["id"]) for each in page.select("main h2")] == [tool.name for tool in TOOLS]
    add = page.select("main section")[[tool.name for tool in TOOLS].index("add_items")]
    assert "items" in [each.get_text() for each in add.select("dt")]
    assert "changes something" in add.get_text()


async def test_security_txt_names_a_contact_and_an_end_that_is_ahead() -> None:
    response = await get(run_by_somebody(), "/.well-known/security.txt")
    assert response.headers["content-type"].startswith("text/plain")
    fields = dict(line.split(": ", 1) for line in response.text.splitlines())
    assert fields["Contact"] == "mailto:ada@example.org"
    assert fields["Canonical"] == "https://lists.example.org/shop/.well-known/security.txt"
    left = datetime.fromisoformat(fields["Expires"]) - system_clock()
    assert timedelta(days=100) < left < timedelta(days=365)


async def test_without_an_address_the_contact_is_the_help_page(http: httpx.AsyncClient, settings: Settings) -> None:
    assert f"Contact: {settings.public_url}/support\n" in (await http.get("/.well-known/security.txt")).text


async def test_browsers_and_crawlers_find_their_files(http: httpx.AsyncClient) -> None:
    icon = await http.get("/favicon.ico")
    assert (icon.status_code, icon.content[:6]) == (200, b"\0\0\1\0\1\0")
    robots = await http.get("/robots.txt")
    assert "Disallow: /account\n" in robots.text
    assert "Disallow: /connect" not in robots.text


async def test_every_page_leads_to_these_pages(http: httpx.AsyncClient) -> None:
    page = BeautifulSoup((await http.get("/")).text, "html.parser")
    linked = {str(each["href"]) for each in page.select("footer a")}
    assert linked == {"/connect", "/support", "/privacy", "/terms"}
    for path in {*linked, *TEMPLATES}:
        assert (await http.get(path)).status_code == 200, path
