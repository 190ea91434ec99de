"""The page of the pantry: what is at home, what people say of it, and what is put on a list."""

from datetime import date, timedelta
from urllib.parse import quote

import pytest
from bs4 import Tag

from tests.mcp.client import McpClient
from tests.oauth.browser import Page
from tests.web.lists.pages import ListBrowser, alert, lines, said

pytestmark = pytest.mark.anyio


async def at(browser: ListBrowser, **asked: str) -> Page:
    """The page of the browser's household."""
    query = "".join(f"&{name}={quote(value)}" for name, value in asked.items())
    return await browser.open(f"/pantry?household={browser.household}{query}")


def at_home(page: Page) -> list[str]:
    """What is known, by name."""
    return [str(each.get_text()) for each in page.soup.select("ul.holdings > li > div > bdi")]


def suggested(page: Page) -> list[str]:
    """What may be missing, each in one line."""
    return [" ".join(each.get_text(" ").split()) for each in page.soup.select("ul.suggestions > li > div")]


async def say(browser: ListBrowser, page: Page, number: int | None, do: str, **fields: str) -> Page:
    """Say something of the thing with this number on the page, or of another one."""
    forms = page.soup.select("ul.holdings form") if number is not None else page.soup.select("form#say")
    sent = {str(each["name"]): str(each.get("value", "")) for each in forms[number or 0].find_all("input")}
    return await browser.shown(await browser.http.post("/pantry/say", data={**sent, "do": do, **fields}))


async def put(browser: ListBrowser, page: Page, number: int, **fields: str) -> Page:
    """Press one of the buttons that put something on the list."""
    button = page.soup.select("button[form=put]")[number]
    sent = {name: values[0] for name, values in page.fields("/pantry/put").items()}
    data = {**sent, "list": "L1", "put": str(button["value"]), **fields}
    return await browser.shown(await browser.http.post("/pantry/put", data=data))


async def buy(assistant: McpClient, item: str, days_ago: int) -> None:
    """Record a purchase."""
    day = (date.today() - timedelta(days=days_ago)).isoformat()  # noqa: DTZ011
    await assistant.call("record_purchase", items=[{"item": item}], date=day)


async def test_what_is_at_home_is_shown_with_the_reason_and_corrected(anna: ListBrowser, assistant: McpClient) -> None:
    await buy(assistant, "1 kg rice", 3)
    page = await at(anna)
    assert at_home(page) == ["rice"]
    assert "bought 1 kg on " in page.text
    page = await say(anna, page, 0, "there", amount="500 g", expires="2031-03-03")
    assert said(page)[0].startswith("Saved: 500 g rice said on ")
    assert "keeps until Mar 3, 2031" in page.text
    field = page.soup.select_one("ul.holdings input[name=expires]")
    assert isinstance(field, Tag)
    assert field["value"] == "2031-03-03"
    page = await say(anna, page, 0, "out")
    assert at_home(page) == []
    assert at_home(await at(anna, q="ric")) == ["rice"]
    assert "to be used up" in (await at(anna, q="ric")).text
    page = await anna.submit(page, "/pantry/undo")
    assert at_home(page) == ["rice"]


async def test_another_thing_is_said_to_be_there(anna: ListBrowser) -> None:
    page = await say(anna, await at(anna), None, "there", name="2 packs pasta")
    assert at_home(page) == ["pasta"]
    assert "about 2 packs left" in page.text


async def test_what_is_missing_is_put_on_the_list_with_one_press(anna: ListBrowser, assistant: McpClient) -> None:
    for days_ago in (40, 30, 20, 10):
        await buy(assistant, "2 l milk", days_ago)
    page = await at(anna)
    assert suggested(page)[0].startswith("2 l milk ")
    assert "every 10 days" in suggested(page)[0]
    page = await put(anna, page, 0)
    assert said(page) == ["Added: 2 l milk"]
    assert lines(await anna.open_list()) == ["2 l milk"]
    assert not any("milk" in each for each in suggested(page)), "it is on a list"
    page = await anna.submit(page, "/pantry/undo")
    assert lines(await anna.open_list()) == []


async def test_what_is_at_home_can_be_put_on_a_list_too(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_list", name="Market")
    page = await say(anna, await at(anna), None, "there", name="rice")
    page = await put(anna, page, 0, list="L2")
    assert said(page) == ["Added: rice"]
    assert lines(await anna.open_list("Market")) == ["rice"]


async def test_forms_that_are_sent_twice_do_it_once(anna: ListBrowser) -> None:
    page = await say(anna, await at(anna), None, "there", name="rice")
    await put(anna, page, 0)
    again = await put(anna, page, 0)
    assert said(again) == ["Added: rice"]
    assert lines(await anna.open_list()) == ["rice"]


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"name": ""}, "name", "Write the name of a thing"),
        ({"name": "x" * 500}, "name", "Write the name of a thing"),
        ({"name": "rice", "amount": "a little"}, "amount", "Write an amount such as 500 g or 2 packs."),
        ({"name": "rice", "expires": "soon"}, "expires", "The day is not a date"),
    ],
)
async def test_a_refusal_stands_beside_its_field(
    anna: ListBrowser, fields: dict[str, str], field: str, told: str
) -> None:
    page = await say(anna, await at(anna), None, "there", **fields)
    assert (page.status, told in alert(page)) == (400, True)
    assert page.soup.select_one(f"form#say [name={field}][aria-describedby=error]") is not None
    assert at_home(await at(anna)) == []


@pytest.mark.parametrize("thing", ["", "|", "||", "x||milk", "-1||milk", "1e99||milk", "1|l|", "\0||milk", "nan||x"])
async def test_any_text_of_a_button_is_answered(anna: ListBrowser, thing: str) -> None:
    page = await at(anna)
    sent = {name: values[0] for name, values in page.fields("/pantry/put").items()}
    answer = await anna.http.post("/pantry/put", data={**sent, "list": "L1", "put": thing})
    assert answer.status_code in (200, 400)
    assert len(lines(await anna.open_list())) <= 1


@pytest.mark.parametrize("query", ["\0", "x" * 5000, "%00", "(", "💥"])
async def test_any_search_is_answered(anna: ListBrowser, query: str) -> None:
    assert (await at(anna, q=query)).status == 200
    assert (await at(anna, cursor=query)).status == 200


async def test_in_german_amounts_dates_and_texts_are_german(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("update_pantry", items=[{"name": "Mehl", "amount": "1.5 kg", "expires": "2031-03-03"}])
    anna.http.headers["Accept-Language"] = "de"
    page = await at(anna)
    assert "1,5 kg" in page.text
    assert "03.03.2031" in page.text
