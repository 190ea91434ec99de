"""save_recipe with the address of a web page: only where the settings allow it, and for those who may write."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from starlette.applications import Starlette

from app.main import create_app
from app.mcp.catalogue import TOOLS
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.recipes.test_web_page import HTML, page, soup
from tests.site import Answer, Authority, Site

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]


@pytest.fixture
async def importing(settings: Settings, authority: Authority) -> AsyncGenerator[Starlette]:
    """An application that may fetch pages, here from this machine."""
    allowed = {"recipe_import": True, "fetch_allow_loopback": True, "fetch_ca_file": authority.ca_file}
    application = create_app(settings.model_copy(update=allowed))
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def http(importing: Starlette, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    async with http_to(importing, settings) as http:
        yield http


@pytest.fixture
def site(site: Site) -> Site:
    site.answers["/soup"] = Answer(page(soup()), headers=HTML)
    return site


async def test_a_recipe_comes_from_a_page_and_arguments_go_before_it(each_era: McpClient, site: Site) -> None:
    saved = await each_era.call("save_recipe", url=site.url("/soup"))
    assert saved["recipe"] == {
        "ref": "R1",
        "name": "Leek soup",
        "kind": "recipe",
        "servings": 4,
        "lines": 3,
        "items": ["1 l stock", "2 leeks", "salt"],
        "source": site.url("/soup"),
    }
    other = await each_era.call("save_recipe", url=site.url("/soup"), name="Soup of the page", servings=2)
    assert (other["recipe"]["name"], other["recipe"]["servings"]) == ("Soup of the page", 2)
    changed = await each_era.call("save_recipe", recipe="R2", url=site.url("/soup"))
    assert (changed["recipe"]["name"], changed["recipe"]["servings"]) == ("Soup of the page", 4)
    await each_era.call("undo", undo_ref=saved["undo_ref"])
    assert [each["name"] for each in (await each_era.call("get_recipes"))["recipes"]] == ["Soup of the page"]


async def test_what_is_wrong_with_a_page_names_the_url(client: McpClient, site: Site) -> None:
    site.answers["/long"] = Answer(page({**soup(), "recipeIngredient": ["egg", "x" * 3_000]}), headers=HTML)
    site.answers["/many"] = Answer(page({**soup(), "recipeIngredient": ["egg"] * 101}), headers=HTML)
    site.answers["/none"] = Answer(b"<p>nothing", headers=HTML)
    for path, field in (
        ("/long", "url.recipeIngredient[1]"),
        ("/many", "url.recipeIngredient"),
        ("/none", "url"),
        ("/404", "url"),
    ):
        assert (await client.refusal("save_recipe", url=site.url(path)))["field"] == field
    for beside in ({"text": "Soup\negg"}, {"items": ["egg"]}):
        assert (await client.refusal("save_recipe", url=site.url("/soup"), **beside))["field"] == "url"
    assert site.asked("/soup") == 0
    assert (await client.call("get_recipes"))["recipes"] == []


async def test_the_same_key_fetches_once(client: McpClient, site: Site) -> None:
    first = await client.call("save_recipe", url=site.url("/soup"), idempotency_key="a")
    assert await client.call("save_recipe", url=site.url("/soup"), idempotency_key="a") == first
    assert site.asked("/soup") == 1


async def test_who_may_not_write_has_nothing_fetched(
    factory: Factory, http: httpx.AsyncClient, ada: Connected, client: McpClient, site: Site
) -> None:
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(http, (await factory.connect(vic, ada.household_id)).token)
    assert (await viewer.refusal("save_recipe", url=site.url("/soup")))["code"] == "role"
    eve = McpClient(http, (await factory.connected("Eve")).token)
    assert (await eve.refusal("save_recipe", url=site.url("/soup"), household="Ada"))["code"] == "not_found"
    reader = await factory.connect(ada.person, ada.household_id, scopes=("lists:read",))
    response = await McpClient(http, reader.token).send(
        "tools/call", {"name": "save_recipe", "arguments": {"url": site.url("/soup")}}
    )
    assert response.status_code == 403
    assert site.seen == []


async def test_the_tool_says_that_it_reaches_outside(client: McpClient) -> None:
    offered = {each["name"]: each for each in (await client.result("tools/list"))["tools"]}
    assert [*offered] == [tool.name for tool in TOOLS]
    assert "url" in offered["save_recipe"]["inputSchema"]["properties"]
    assert [name for name, each in offered.items() if each["annotations"]["openWorldHint"]] == ["save_recipe"]


async def test_without_the_setting_there_is_no_url(app: Starlette, settings: Settings, ada: Connected) -> None:
    async with http_to(app, settings) as http:
        client = McpClient(http, ada.token)
        refusal = await client.refusal("save_recipe", url="https://app.example/soup")
        assert (refusal["code"], refusal["field"]) == ("invalid", "url")
        offered = {each["name"]: each for each in (await client.result("tools/list"))["tools"]}
        assert not any(each["annotations"]["openWorldHint"] for each in offered.values())
