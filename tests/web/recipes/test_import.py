"""A recipe from a web page, saved by the page of a new recipe."""

from collections.abc import AsyncGenerator

import pytest
from starlette.applications import Starlette

from app.main import create_app
from app.settings import Settings
from tests.mcp.client import McpClient
from tests.recipes.test_web_page import HTML, page, soup
from tests.site import Answer, Authority, Site
from tests.web.lists.conftest import Member
from tests.web.lists.pages import ListBrowser, alert
from tests.web.recipes.test_recipes import at, ingredients, names, save

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]


@pytest.fixture
async def app(settings: Settings, authority: Authority) -> AsyncGenerator[Starlette]:
    """An application that may fetch pages, here from this machine."""
    allowed = {"recipe_import": True, "fetch_allow_loopback": True, "fetch_ca_file": authority.ca_file}
    application = create_app(settings.model_copy(update=allowed))
    async with application.router.lifespan_context(application):
        yield application


async def test_a_recipe_comes_from_an_address_with_its_steps(anna: ListBrowser, site: Site) -> None:
    recipe = {**soup(), "recipeInstructions": [{"@type": "HowToStep", "text": "Boil."}]}
    site.answers["/soup"] = Answer(page(recipe), headers=HTML)
    shown = await save(anna, **{"from": "url", "url": site.url("/soup")})
    assert (shown.title, ingredients(shown)) == ("Leek soup", ["1 l stock", "2 leeks", "salt"])
    assert [each.get_text() for each in shown.soup.select("ol.steps > li")] == ["Boil."]
    assert shown.link(site.url("/soup"))


@pytest.mark.parametrize("path", ["", "/nothing", "x", "javascript:alert(1)", "http://127.0.0.1/"])
async def test_an_address_without_a_recipe_is_told_in_the_same_words(anna: ListBrowser, site: Site, path: str) -> None:
    url = site.url(path) if path.startswith("/") else path
    shown = await save(anna, **{"from": "url", "url": url})
    told = "There is no recipe to read at this address. Paste it as a text instead."
    assert (shown.status, alert(shown)) == (400, told)
    assert shown.soup.select_one("form#url [name=url][aria-describedby=error]") is not None
    assert names(await at(anna)) == []


async def test_who_may_only_look_by_now_has_nothing_fetched(member: Member, assistant: McpClient, site: Site) -> None:
    site.answers["/soup"] = Answer(page(soup()), headers=HTML)
    async with member("editor") as ben:
        shown = await at(ben, "/new")
        await assistant.call("update_member", person="Ben", role="viewer")
        fields = {name: values[0] for name, values in shown.fields("/recipes/new").items()}
        refused = await ben.http.post("/recipes/new", data={**fields, "from": "url", "url": site.url("/soup")})
        assert refused.status_code == 403
    assert site.seen == []
