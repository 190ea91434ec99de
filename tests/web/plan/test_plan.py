"""The page of the meal plan: a week, what is planned and moved, and putting it on a list."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import Tag

from tests.mcp.client import McpClient
from tests.oauth.browser import Page
from tests.web.lists.pages import ListBrowser, alert, lines, said

pytestmark = pytest.mark.anyio

MONDAY = date(2031, 3, 3)
"""Of a week to come."""

PANCAKES: dict[str, Any] = {"name": "Pancakes", "servings": 4, "items": ["200 g flour", "3 eggs"]}


async def at(browser: ListBrowser, week: date | str = MONDAY) -> Page:
    """A week of the browser's household."""
    return await browser.open(f"/plan?household={browser.household}&week={quote(str(week))}")


def planned(page: Page, day: date = MONDAY) -> list[str]:
    """What is planned for a day, each in one line."""
    section = page.soup.find(id=f"day-{day}")
    assert isinstance(section, Tag)
    return [" ".join(each.get_text(" ").split()) for each in section.select("ul > li > div")]


async def plan(browser: ListBrowser, page: Page, dish: str, day: date = MONDAY, **fields: str) -> Page:
    """Plan something for a day."""
    form = page.soup.find("form", id=f"for-{day}")
    assert isinstance(form, Tag)
    sent = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    return await browser.shown(await browser.http.post(str(form["action"]), data={**sent, "dish": dish, **fields}))


async def move(browser: ListBrowser, page: Page, number: int, to: date | str) -> Page:
    """Move the planned dish with this number on the page."""
    return await browser.shown(await browser.http.post("/plan/move", data={**_of_dish(page, number), "to": str(to)}))


async def remove(browser: ListBrowser, page: Page, number: int) -> Page:
    """Remove the planned dish with this number on the page."""
    return await browser.shown(await browser.http.post("/plan/remove", data=_of_dish(page, number)))


def _of_dish(page: Page, number: int) -> dict[str, str]:
    form = page.soup.select("ul.planned form")[number]
    return {str(each["name"]): str(each["value"]) for each in form.find_all("input")}


async def test_a_week_is_planned_and_put_on_a_list(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    page = await plan(anna, await at(anna), "pancakes", meal="dinner", servings="8")
    assert said(page) == ["Saved: Pancakes"]
    assert planned(page) == ["dinner Pancakes 8 portions"]
    page = await plan(anna, page, "eating out", MONDAY + timedelta(days=1))
    page = await plan(anna, page, "Pancakes", MONDAY + timedelta(days=6), servings="4")
    assert planned(page, MONDAY + timedelta(days=1)) == ["eating out"]
    assert (await anna.open(page.link("/recipes/R1"))).title == "Pancakes"
    await anna.add(await anna.open_list(), "1 kg flour")
    page = await anna.submit(page, "/plan/apply", list="L1")
    assert said(page) == [
        "Planned in words alone: eating out",
        "Added to what was there already: 1.4 kg flour (before: 1 kg )",
        "Added: 6 eggs",
        "Added to what was there already: 1.6 kg flour (before: 1.4 kg )",
        "Added to what was there already: 9 eggs (before: 6 )",
    ]
    assert lines(await anna.open_list()) == ["1.6 kg flour", "9 eggs"]
    page = await anna.submit(page, "/plan/undo")
    assert lines(await anna.open_list()) == ["1 kg flour"]
    assert planned(page) == ["dinner Pancakes 8 portions"]


async def test_one_of_several_dishes_of_a_day_is_moved_and_removed(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    await assistant.call("save_recipe", name="Soup", items=["salt"])
    day = MONDAY.isoformat()
    entries = [
        {"date": day, "recipe": "Pancakes", "meal": "dinner", "servings": 2},
        {"date": day, "recipe": "Soup", "meal": "dinner"},
        {"date": day, "text": "bread", "meal": "dinner"},
    ]
    await assistant.call("save_plan", entries=entries)
    await assistant.call("save_recipe", recipe="Soup", archived=True)
    tuesday = MONDAY + timedelta(days=1)
    page = await at(anna)
    assert planned(page) == ["dinner Pancakes 2 portions", "dinner Soup put away", "dinner bread"]
    page = await move(anna, page, 0, tuesday)
    assert planned(page) == ["dinner Soup put away", "dinner bread"]
    assert planned(page, tuesday) == ["dinner Pancakes 2 portions"]
    page = await anna.submit(page, "/plan/undo")
    assert planned(page) == ["dinner Pancakes 2 portions", "dinner Soup put away", "dinner bread"]
    refused = await move(anna, page, 1, tuesday)
    assert "put away or deleted" in alert(refused)
    assert planned(refused) == ["dinner Pancakes 2 portions", "dinner Soup put away", "dinner bread"]
    page = await remove(anna, page, 2)
    assert said(page) == ["Removed: bread"]
    page = await remove(anna, page, 1)
    assert planned(page) == ["dinner Pancakes 2 portions"]
    page = await anna.submit(page, "/plan/undo")
    assert planned(page) == ["dinner Pancakes 2 portions", "dinner Soup put away"]
    page = await move(anna, page, 0, MONDAY)
    assert planned(page) == ["dinner Pancakes 2 portions", "dinner Soup put away"]


async def test_what_is_at_home_stays_off_the_list_unless_it_is_wanted(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    await assistant.call("update_pantry", items=[{"name": "flour"}])
    page = await plan(anna, await at(anna), "Pancakes")
    page = await anna.submit(page, "/plan/apply", list="L1")
    assert said(page)[0].startswith("Probably at home: 200 g flour said on ")
    assert said(page)[1:] == ["Added: 3 eggs"]
    page = await anna.submit(page, "/plan/undo")
    page = await anna.submit(page, "/plan/apply", list="L1", all="1")
    assert said(page) == ["Added: 200 g flour", "Added: 3 eggs"]
    assert sorted(lines(await anna.open_list())) == ["200 g flour", "3 eggs"]


async def test_of_this_week_only_what_is_to_come_is_bought(anna: ListBrowser, assistant: McpClient) -> None:
    today = date.fromisoformat((await assistant.call("get_recipes", plan_from="2020-01-01"))["today"])
    monday, sunday = today - timedelta(days=today.weekday()), today + timedelta(days=6 - today.weekday())
    for name, day in (("Early", monday), ("Late", sunday)):
        await assistant.call("save_recipe", name=name, items=[f"{name} thing"])
        await assistant.call("save_plan", entries=[{"date": day.isoformat(), "recipe": name}])
    page = await at(anna, today)
    marked = page.soup.select("h2[aria-current=date]")
    assert len(marked) == 1
    assert str(today.day) in marked[0].get_text()
    await anna.submit(page, "/plan/apply", list="L1")
    expected = ["Early thing", "Late thing"] if today == monday else ["Late thing"]
    assert sorted(lines(await anna.open_list())) == expected


@pytest.mark.parametrize("week", ["x", "", "0001-01-01", "9999-12-31", "2026-W01", "9" * 500, "2026-02-30", "\0"])
async def test_any_week_is_answered(anna: ListBrowser, week: str) -> None:
    page = await at(anna, week)
    assert page.status == 200
    assert len(page.soup.select("section[id^=day-]")) == 7


async def test_weeks_lead_to_one_another(anna: ListBrowser) -> None:
    page = await at(anna, MONDAY + timedelta(days=3))
    links = [str(each["href"]) for each in page.soup.select("nav.ways a")]
    assert [each.rpartition("=")[2] for each in (links[0], links[2])] == ["2031-02-24", "2031-03-10"]
    assert page.soup.find(id="day-2031-03-03") is not None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"dish": " "}, "empty"),
        ({"dish": "x" * 300}, "300 characters"),
        ({"dish": "soup", "servings": "many"}, "many is not a number of portions."),
        ({"dish": "soup", "meal": "x" * 60}, "60 characters"),
    ],
)
async def test_a_refused_dish_says_why_and_stays_in_its_field(
    anna: ListBrowser, fields: dict[str, str], told: str
) -> None:
    dish, others = fields["dish"], {name: value for name, value in fields.items() if name != "dish"}
    page = await plan(anna, await at(anna), dish, MONDAY, **others)
    assert page.status == 400
    assert told in alert(page)
    field = page.soup.find("input", attrs={"name": "dish", "value": dish[:254]})
    assert isinstance(field, Tag)
    assert field.find_parent("details", open=True) is not None
    assert planned(await at(anna)) == []


@pytest.mark.parametrize("day", ["tomorrow", "", "0001-01-01", "9999-12-31", "\0", "\n"])
async def test_no_day_of_a_form_fails(anna: ListBrowser, day: str) -> None:
    page = await at(anna)
    sent = {name: values[0] for name, values in page.fields("/plan/add").items()}
    answer = await anna.shown(await anna.http.post("/plan/add", data={**sent, "dish": "soup", "day": day}))
    assert (answer.status, alert(answer) != "" or answer.title == "That did not work") == (400, True)
    assert planned(await at(anna)) == []


async def test_a_form_that_is_sent_twice_plans_and_buys_once(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", **PANCAKES)
    page = await at(anna)
    for _ in range(2):
        await plan(anna, page, "Pancakes")
    page = await at(anna)
    assert planned(page) == ["Pancakes"]
    for _ in range(2):
        await anna.submit(page, "/plan/apply", list="L1")
    assert sorted(lines(await anna.open_list())) == ["200 g flour", "3 eggs"]


async def test_nothing_planned_or_no_list_is_said(anna: ListBrowser, assistant: McpClient) -> None:
    page = await at(anna)
    assert alert(await anna.submit(page, "/plan/apply", list="L1")) == "Nothing is planned for these days."
    await plan(anna, page, "soup")
    assert alert(await anna.submit(page, "/plan/apply", list="L9")) == "Choose a list: this one is gone."
    gone = await anna.http.post("/plan/remove", data={**_form(page), "planned": "nothing"})
    assert "That is not on the plan any more." in gone.text


def _form(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in page.fields("/plan/apply").items() if name != "key"}


async def test_in_german_days_and_texts_are_german(anna: ListBrowser) -> None:
    anna.http.headers["Accept-Language"] = "de"
    page = await at(anna)
    assert "Montag, 3. März" in page.text
