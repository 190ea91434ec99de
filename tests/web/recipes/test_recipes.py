"""The pages of recipes: finding, showing, making, changing and deleting them, and putting one on a list."""

from urllib.parse import quote

import pytest
from bs4 import Tag

from tests.mcp.client import McpClient
from tests.oauth.browser import Page
from tests.web.lists.pages import ListBrowser, alert, lines, said

pytestmark = pytest.mark.anyio

PANCAKES = {"name": "Pancakes", "servings": 4, "items": ["200 g flour", "3 eggs", "0.5 l milk (cold)"]}


async def at(browser: ListBrowser, part: str = "", **asked: str) -> Page:
    """A page of recipes of the browser's household."""
    query = "".join(f"&{name}={quote(value)}" for name, value in asked.items())
    return await browser.open(f"/recipes{part}?household={browser.household}{query}")


def names(page: Page) -> list[str]:
    """The recipes on a page."""
    return [str(each.get_text(strip=True)) for each in page.soup.select("main ul.lines > li > a")]


def ingredients(page: Page) -> list[str]:
    """What the recipe on a page takes."""
    return [" ".join(each.get_text(" ").split()) for each in page.soup.select("main ul.lines > li > span")]


async def save(browser: ListBrowser, **fields: str) -> Page:
    """Send the form for a new recipe."""
    return await browser.submit(await at(browser, "/new"), "/recipes/new", **{"from": "lines", "items": "", **fields})


async def change(browser: ListBrowser, do: str, ref: str = "R1", page: Page | None = None, **fields: str) -> Page:
    """Send one of the forms that change a recipe."""
    page = page or await at(browser, f"/{ref}/edit")
    form = page.soup.find("form", id=do)
    assert isinstance(form, Tag), page.text
    sent = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    sent |= {str(each["name"]): each.get_text().removeprefix("\n") for each in form.find_all("textarea")}
    return await browser.shown(await browser.http.post(str(form["action"]), data={**sent, **fields}))


async def test_a_recipe_is_made_shown_for_more_people_and_put_on_a_list(anna: ListBrowser) -> None:
    page = await save(anna, name="Pancakes", servings="4", items="200 g flour\r\n3 eggs\r\n0,5 l milk (cold)")
    assert (page.status, page.title) == (200, "Pancakes")
    assert said(page) == ["Saved: Pancakes"]
    assert ingredients(page) == ["200 g flour", "3 eggs", "0.5 l milk"]
    assert "cold" in page.text
    assert ingredients(await at(anna, "/R1", servings="6")) == ["300 g flour", "4.5 eggs", "750 ml milk"]
    await anna.add(await anna.open_list(), "1 kg flour")
    page = await anna.submit(page, "/apply", servings="6", list="L1")
    assert said(page) == [
        "Added to what was there already: 1.3 kg flour (before: 1 kg )",
        "Added: 5 eggs",
        "Added: 750 ml milk",
    ]
    assert lines(await anna.open_list()) == ["1.3 kg flour", "5 eggs", "750 ml milk"]
    item = await anna.open(f"/lists/L1/items/i2?household={anna.household}")
    assert (await anna.open(item.link("/recipes/R1"))).title == "Pancakes"
    undone = await anna.submit(page, "/recipes/undo")
    assert (undone.title, undone.status) == ("Pancakes", 200)
    assert lines(await anna.open_list()) == ["1 kg flour"]


async def test_recipes_are_found_by_the_words_of_their_names(anna: ListBrowser, assistant: McpClient) -> None:
    for name in ("Leek soup", "Tomato soup", "Pancakes"):
        await assistant.call("save_recipe", name=name, items=["salt"])
    assert names(await at(anna)) == ["Leek soup", "Pancakes", "Tomato soup"]
    assert names(await at(anna, q="SOUP")) == ["Leek soup", "Tomato soup"]
    assert names(await at(anna, q="soup toma")) == ["Tomato soup"]
    nothing = await at(anna, q="cake mix")
    assert (names(nothing), "Nothing has these words" in nothing.text) == ([], True)


async def test_more_recipes_than_fit_a_page_are_on_the_next(anna: ListBrowser, assistant: McpClient) -> None:
    for number in range(101):
        await assistant.call("save_recipe", name=f"Dish {number:03}", items=["salt"])
    page = await at(anna)
    assert len(names(page)) == 100
    assert names(await anna.open(page.link("cursor="))) == ["Dish 100"]
    assert len(names(await at(anna, cursor="nonsense"))) == 100


async def test_a_recipe_is_changed_put_away_used_again_deleted_and_brought_back(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    page = await change(anna, "save", name="Crêpes", servings="2", items="100 g flour")
    assert (page.title, ingredients(page)) == ("Crêpes", ["100 g flour"])
    page = await anna.submit(page, "/recipes/undo")
    assert (page.title, ingredients(page)) == ("Pancakes", ["200 g flour", "3 eggs", "0.5 l milk"])
    page = await change(anna, "away")
    assert "This recipe was put away." in page.text
    assert not page.has_form("/apply")
    assert (names(await at(anna)), names(await at(anna, away="1"))) == ([], ["Pancakes"])
    page = await change(anna, "away")
    assert "put away." not in page.text
    page = await change(anna, "delete")
    assert (page.title, said(page), names(page)) == ("Recipes", ["Deleted: Pancakes"], [])
    assert (await at(anna, "/R1")).status == 404
    page = await anna.submit(page, "/recipes/undo")
    assert (names(page), (await at(anna, "/R1")).status) == (["Pancakes"], 200)


async def test_a_form_that_changes_nothing_says_so(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    page = await change(anna, "save")
    assert said(page) == ["As it was: Pancakes"]
    assert ingredients(page) == ["200 g flour", "3 eggs", "0.5 l milk"]


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    page = await at(anna, "/R1/edit")
    await assistant.call("save_recipe", recipe="R1", items=["1 kg flour"])
    refused = await change(anna, "save", page=page, items="2 eggs")
    assert refused.status == 400
    assert "Somebody has changed this recipe meanwhile." in alert(refused)
    assert ingredients(await at(anna, "/R1")) == ["1 kg flour"]


async def test_a_recipe_comes_from_a_text(anna: ListBrowser) -> None:
    text = "Leek soup\r\nServes 3\r\n2 leeks\r\n1 l stock\r\nMethod\r\nBoil."
    page = await save(anna, **{"from": "text", "text": text})
    assert (page.title, ingredients(page)) == ("Leek soup", ["2 leeks", "1 l stock"])
    assert [each.get_text() for each in page.soup.select("ol.steps > li")] == ["Boil."]
    page = await save(anna, **{"from": "text", "text": "2 leeks\r\n1 l stock"})
    assert (page.status, alert(page)) == (400, "There is no title. Type a name for the recipe.")
    assert "2 leeks" in str(page.soup.find("textarea", attrs={"name": "text"}))
    page = await save(anna, **{"from": "text", "text": "2 leeks\r\n1 l stock", "name": "Soup"})
    assert page.title == "Soup"


async def test_steps_and_where_it_is_from_are_kept_shown_changed_and_undone(
    anna: ListBrowser, assistant: McpClient
) -> None:
    address = "https://example.org/soup?a=1&b=2"
    page = await save(anna, name="Soup", items="2 leeks", steps="1. Chop.\r\n\r\n2. Boil <b>", source=address)
    assert [each.get_text() for each in page.soup.select("ol.steps > li")] == ["Chop.", "Boil <b>"]
    link = page.soup.select_one("main a[rel]")
    assert isinstance(link, Tag)
    assert (link["href"], link["rel"]) == (address, ["noopener", "noreferrer", "nofollow"])
    recipe = (await assistant.call("get_recipes", recipe="Soup"))["recipes"][0]
    assert (recipe["steps"], recipe["source"]) == ("1. Chop.\n2. Boil <b>", address)
    assert said(await change(anna, "save")) == ["As it was: Soup"]
    page = await change(anna, "save", steps="", source="")
    assert page.soup.select("ol.steps, main a[rel]") == []
    page = await anna.submit(page, "/recipes/undo")
    assert len(page.soup.select("ol.steps > li")) == 2
    await assistant.call("save_recipe", recipe="Soup", steps="Just eat.")
    assert "Just eat." in (await at(anna, "/R1")).text


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x", "https://a:b@example.org", "/recipes"],
)
async def test_only_addresses_of_the_web_are_kept(anna: ListBrowser, assistant: McpClient, address: str) -> None:
    page = await save(anna, name="Soup", items="2 leeks", source=address)
    assert (page.status, alert(page)) == (
        400,
        "Write the address of a web page, such as https://example.org/pancakes.",
    )
    refused = await assistant.refusal("save_recipe", name="Soup", items=["salt"], source=address)
    assert refused["field"] == "source"
    assert names(await at(anna)) == []


async def test_without_reading_pages_there_is_no_form_for_an_address(anna: ListBrowser) -> None:
    assert (await at(anna, "/new")).soup.find("form", id="url") is None
    page = await save(anna, **{"from": "url", "url": "https://example.org/pancakes"})
    assert (page.status, alert(page)) == (
        400,
        "There is no recipe to read at this address. Paste it as a text instead.",
    )
    assert names(await at(anna)) == []


@pytest.mark.parametrize(
    ("fields", "at_field", "told"),
    [
        ({"name": " ", "items": "salt"}, "name", "The name is empty"),
        ({"name": "Soup", "items": " \r\n"}, "items", "Write what the recipe takes"),
        ({"name": "Soup", "items": "salt", "servings": "four"}, "servings", "four is not a number of portions."),
        ({"name": "Soup", "items": "salt", "servings": "0"}, "servings", "0 is not a number of portions."),
        ({"name": "Soup", "items": "salt", "servings": "1001"}, "servings", "1001 is not a number of portions."),
        ({"name": "Pancakes", "items": "salt"}, "name", "There is a recipe of that name already."),
        ({"name": "Soup", "items": "x" * 3000}, "items", "The line has 3000 characters"),
        ({"name": "Soup", "items": "salt\r\n" * 101}, "items", "100"),
        ({"name": "Soup", "items": "salt", "steps": "x" * 10_001}, "steps", "Write the steps as plain text"),
    ],
)
async def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    anna: ListBrowser, assistant: McpClient, fields: dict[str, str], at_field: str, told: str
) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    page = await save(anna, **fields)
    assert page.status == 400
    assert told in alert(page)
    assert page.soup.select_one(f"[name={at_field}][aria-describedby=error]") is not None
    name = page.soup.find("input", attrs={"name": "name"})
    assert isinstance(name, Tag)
    assert name["value"] == fields["name"]
    assert names(await at(anna)) == ["Pancakes"]


async def test_a_form_that_is_sent_twice_makes_one_recipe_and_one_purchase_of_it(anna: ListBrowser) -> None:
    page = await at(anna, "/new")
    fields = {"from": "lines", "name": "Soup", "items": "2 leeks"}
    first = await anna.submit(page, "/recipes/new", **fields)
    again = await anna.submit(page, "/recipes/new", **fields)
    assert (first.title, again.title) == ("Soup", "Recipes")
    assert names(again) == ["Soup"]
    for _ in range(2):
        await anna.submit(first, "/apply", list="L1")
    assert lines(await anna.open_list()) == ["2 leeks"]


@pytest.mark.parametrize("servings", ["0", "-1", "x", "1e9", "9" * 500, "²"])
async def test_any_number_of_portions_is_answered(anna: ListBrowser, assistant: McpClient, servings: str) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    assert ingredients(await at(anna, "/R1", servings=servings)) == ["200 g flour", "3 eggs", "0.5 l milk"]
    refused = await anna.submit(await at(anna, "/R1"), "/apply", servings=servings, list="L1")
    assert (refused.status, "is not a number of portions" in alert(refused)) == (400, True)
    assert lines(await anna.open_list()) == []


async def test_in_german_amounts_and_texts_are_german(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", name="Brot", servings=1, items=["1.5 kg Mehl"])
    anna.http.headers["Accept-Language"] = "de"
    page = await at(anna, "/R1")
    assert ingredients(page) == ["1,5 kg Mehl"]
    assert said(await anna.submit(page, "/apply", list="L1")) == ["Hinzugefügt: 1,5 kg Mehl"]
