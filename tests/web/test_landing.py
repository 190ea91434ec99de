"""The front page: what a person copies from it must work as it stands."""

import base64
import json
import shlex
from collections.abc import Sequence
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette

from app.settings import Settings
from app.web.landing import landing_routes

pytestmark = pytest.mark.anyio

ADDRESS = "https://lists.example.org/it's/mcp"


@pytest.fixture
def public() -> Settings:
    """A service on the internet, below a path that a shell would trip over."""
    return Settings(_env_file=None, public_url="https://lists.example.org/it's")  # pyright: ignore[reportCallIssue]


async def page_of(settings: Settings, external_issuers: Sequence[str] = (), path: str = "/connect") -> BeautifulSoup:
    routes = landing_routes(settings.public_url, external_issuers, has_passwords=settings.password_sign_in)
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_origin) as client:
        response = await client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def text_of(page: BeautifulSoup, selector: str) -> list[str]:
    return [each.get_text() for each in page.select(selector)]


def link(page: BeautifulSoup, start: str) -> str:
    return next(str(each["href"]) for each in page.select("a") if str(each["href"]).startswith(start))


async def test_the_page_shows_the_address_to_paste(public: Settings) -> None:
    assert text_of(await page_of(public), "pre.address") == [ADDRESS]


async def test_the_page_tells_how_to_add_the_service_to_each_client(public: Settings) -> None:
    clients = text_of(await page_of(public), "summary")
    assert clients == [
        *("Claude", "ChatGPT", "Claude Code", "Cursor", "VS Code", "Codex", "MCP Inspector", "Home Assistant")
    ]


async def test_the_commands_give_the_address_to_a_shell_as_it_is(public: Settings) -> None:
    commands = [shlex.split(text) for text in text_of(await page_of(public), "details pre") if not text.startswith("{")]
    assert [command[0] for command in commands] == ["claude", "code", "codex", "npx"]
    assert commands[0][-1] == ADDRESS
    assert json.loads(commands[1][-1]) == {"name": "shopping-list", "type": "http", "url": ADDRESS}
    assert commands[2][-1] == commands[3][-1] == ADDRESS


async def test_the_links_for_editors_carry_the_address(public: Settings) -> None:
    page = await page_of(public)
    cursor = parse_qs(urlsplit(link(page, "cursor:")).query)
    assert cursor["name"] == ["shopping-list"]
    assert json.loads(base64.b64decode(cursor["config"][0])) == {"url": ADDRESS}
    vs_code = json.loads(unquote(urlsplit(link(page, "vscode:mcp/install?")).query))
    assert vs_code == {"name": "shopping-list", "type": "http", "url": ADDRESS}


async def test_the_file_for_cursor_is_valid_json(public: Settings) -> None:
    (text,) = (text for text in text_of(await page_of(public), "details pre") if text.startswith("{"))
    assert json.loads(text) == {"mcpServers": {"shopping-list": {"url": ADDRESS}}}


async def test_only_a_local_service_warns_that_web_assistants_cannot_reach_it(
    public: Settings, settings: Settings
) -> None:
    assert text_of(await page_of(public), ".notice") == []
    (notice,) = text_of(await page_of(settings), ".notice")
    assert "public https address" in notice


async def test_the_page_leads_to_accounts_only_where_there_are_any(public: Settings) -> None:
    assert link(await page_of(public, path="/"), "/it's/lists")
    assert link(await page_of(public, path="/"), "/it's/account/sign-up?next=/lists")
    page = await page_of(public, ["https://id.example.org"], path="/")
    assert not any(str(each["href"]).endswith(("/account", "/lists")) for each in page.select("a"))
    assert "you sign in at https://id.example.org." in page.get_text()
    assert "ign in here" not in page.get_text()


async def test_the_page_needs_no_script_and_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    response = await http.get("/")
    page = BeautifulSoup(response.text, "html.parser")
    assert not page.select("script:not([src]), iframe, [style], [onclick]")
    loaded = [str(each.get("href") or each.get("src")) for each in page.select("link, img, script")]
    assert loaded
    for path in loaded:
        assert (await http.get(path)).status_code == 200
    assert "script-src 'self';" in response.headers["content-security-policy"]
