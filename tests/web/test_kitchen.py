"""Who sees recipes, plan and pantry and who changes them, and what stored text and foreign forms can do: nothing."""

from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.web.lists.conftest import Member, SignIn, anna, assistant, member, sign_in
from tests.web.lists.pages import ListBrowser

__all__ = ["anna", "assistant", "member", "sign_in"]

pytestmark = pytest.mark.anyio

WEEK = "2031-03-03"
PAGES = ("/recipes", "/recipes/new", "/recipes/R1", "/recipes/R1/edit", "/plan", "/pantry")
FORMS: dict[str, dict[str, str]] = {
    "/recipes/new": {"from": "lines", "name": "Soup", "items": "salt"},
    "/recipes/R1/edit": {"do": "delete"},
    "/recipes/R1/apply": {"list": "L1"},
    "/recipes/undo": {"change": "e1"},
    "/plan/add": {"day": WEEK, "dish": "soup"},
    "/plan/move": {"planned": "", "to": WEEK},
    "/plan/remove": {"planned": ""},
    "/plan/apply": {"week": WEEK, "list": "L1"},
    "/plan/undo": {"change": "e1"},
    "/pantry/say": {"name": "rice", "do": "out"},
    "/pantry/put": {"put": "||rice", "list": "L1"},
    "/pantry/undo": {"change": "e1"},
}
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7919 * 7919 }}{% raw %}",
    "javascript:alert(1)",
    "https://evil.example/?q=1",
    "%(who)s %s",
    "</textarea><b>bold",
]


async def stock(assistant: McpClient, name: str = "Pancakes") -> None:
    """A recipe that is planned, and something at home."""
    await assistant.call("save_recipe", name=name, servings=2, items=["200 g flour"])
    await assistant.call("save_plan", entries=[{"date": WEEK, "recipe": "R1"}])
    await assistant.call("update_pantry", items=[{"name": "rice"}])


async def state(assistant: McpClient) -> list[Any]:
    """What there is, to see whether it has changed."""
    return [
        (await assistant.call("get_recipes"))["recipes"],
        (await assistant.call("get_recipes", plan_from="2031-01-01", plan_to="2031-12-31"))["plan"],
        [each["name"] for each in (await assistant.call("get_pantry"))["items"]],
        (await assistant.call("list_items"))["items"],
    ]


async def proof(browser: ListBrowser) -> dict[str, str]:
    """The hidden fields that every form of a household has."""
    page = await browser.open_list()
    fields = page.fields("/add") if page.has_form("/add") else page.fields("/check")
    return {name: fields[name][0] for name in ("form_token", "household")}


def address(path: str, household: str) -> str:
    """The address of a page about a household."""
    return f"{path}?household={quote(household)}&week={WEEK}"


async def test_an_editor_may_what_an_owner_may(member: Member, assistant: McpClient) -> None:
    await stock(assistant)
    async with member("editor") as ben:
        sent = await proof(ben)
        done = [
            (await ben.http.post(path, data={**sent, **FORMS[path]})).status_code
            for path in ("/recipes/new", "/recipes/R1/apply", "/plan/add", "/plan/apply", "/pantry/say", "/pantry/put")
        ]
        assert done == [200] * 6
        assert (await ben.http.post("/recipes/R1/edit", data={**sent, "do": "delete"})).status_code == 200
        assert (await ben.open(address("/recipes/R1", ben.household))).status == 404


async def test_a_viewer_sees_everything_is_told_so_and_changes_nothing(
    anna: ListBrowser, member: Member, assistant: McpClient
) -> None:
    await stock(assistant)
    before = await state(assistant)
    stolen = await proof(anna)
    async with member("viewer") as vera:
        for path in PAGES:
            page = await vera.open(address(path, vera.household))
            assert page.status == 200, path
            assert [each["action"] for each in page.soup.select("main form[method=post]")] == [], path
            assert "You can look at this household but not change it." in page.text, path
        assert "flour" in (await vera.open(address("/recipes/R1", vera.household))).text
        assert "Pancakes" in (await vera.open(address("/plan", vera.household))).text
        assert "rice" in (await vera.open(address("/pantry", vera.household))).text
        for path, fields in FORMS.items():
            assert (await vera.http.post(path, data={**stolen, **fields})).status_code == 400, path
    assert await state(assistant) == before


@pytest.mark.proves("li-role")
@pytest.mark.parametrize(("change", "status"), [("viewer", 403), ("remove", 404)])
async def test_forms_of_somebody_who_lost_the_right_meanwhile_change_nothing(
    member: Member, assistant: McpClient, change: str, status: int
) -> None:
    await stock(assistant)
    before = await state(assistant)
    async with member("editor") as ben:
        sent = await proof(ben)
        await assistant.call("update_member", person="Ben", role=change)
        for path, fields in FORMS.items():
            refused = await ben.http.post(path, data={**sent, **fields})
            assert (refused.status_code, "Pancakes" in refused.text) == (status, False), path
        for path in PAGES:
            assert (await ben.open(address(path, ben.household))).status == (200 if change == "viewer" else 404), path
    assert await state(assistant) == before


@pytest.mark.proves("li-strangers")
async def test_a_stranger_gets_the_answer_of_a_household_that_does_not_exist(
    anna: ListBrowser, sign_in: SignIn, factory: Factory, assistant: McpClient
) -> None:
    await stock(assistant)
    before = await state(assistant)
    stranger, _ = await factory.person("Eve")
    async with sign_in(stranger) as eve:
        own = await proof(eve)
        for path in PAGES:
            answers = {
                (page.status, page.text)
                for household in (anna.household, "zzzzzz", "x" * 3000)
                for page in [await eve.open(address(path, household))]
            }
            assert len(answers) == 1, path
            assert answers.pop()[0] == 404, path
        for path, fields in FORMS.items():
            refused = await eve.http.post(path, data={**own, **fields, "household": anna.household})
            assert (refused.status_code, "Pancakes" in refused.text) == (400, False), path
        for path in ("/recipes/R1/edit", "/recipes/R1/apply"):
            assert (await eve.http.post(path, data={**own, **FORMS[path]})).status_code == 404, path
    assert await state(assistant) == before


async def test_a_planned_meal_of_another_household_is_not_moved(
    anna: ListBrowser, sign_in: SignIn, factory: Factory, assistant: McpClient
) -> None:
    await stock(assistant)
    page = await anna.open(address("/plan", anna.household))
    planned = page.fields("/plan/move")["planned"][0]
    stranger, _ = await factory.person("Eve")
    before = await state(assistant)
    async with sign_in(stranger) as eve:
        own = await proof(eve)
        for form in ("move", "remove"):
            refused = await eve.http.post(f"/plan/{form}", data={**own, "planned": planned, "to": "2031-03-04"})
            assert (refused.status_code, "not on the plan any more" in refused.text) == (400, True)
    assert await state(assistant) == before


async def test_who_is_signed_out_or_a_guest_signs_in_first(
    app: Starlette, settings: Settings, assistant: McpClient, ada: Connected
) -> None:
    await stock(assistant)
    async with http_to(app, settings) as http:
        for path in PAGES:
            answer = await http.get(f"{path}?household=abc")
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith(f"/account/sign-in?next={quote(path, safe='')}"), path
        for path, fields in FORMS.items():
            refused = await http.post(path, data={**fields, "household": "abc"})
            assert (refused.status_code, "out of date" in refused.text) == (400, True), path


async def test_several_households_are_told_apart(
    anna: ListBrowser, factory: Factory, sign_in: SignIn, assistant: McpClient, ada: Connected
) -> None:
    await stock(assistant)
    ben, _ = await factory.person("Ben")
    async with sign_in(ben) as browser:
        assert (await browser.open(address("/recipes/R1", anna.household))).status == 404
        assert (await browser.open("/recipes/R1")).status == 404, "of his own household"
    await factory.join(ben, ada.household_id, "editor")
    async with sign_in(ben) as browser:
        assert (await browser.open(address("/recipes/R1", anna.household))).title == "Pancakes"
        assert (await browser.open("/recipes/R1")).title == "Recipes", "nothing is guessed"
        for path in ("/recipes", "/plan", "/pantry"):
            links = [str(each["href"]) for each in (await browser.open(path)).soup.select("main nav.ways a")]
            assert sum("?household=" in each for each in links) >= 2, path


@pytest.mark.proves("li-text")
@pytest.mark.parametrize("text", MARKUP)
async def test_stored_text_is_shown_as_text(anna: ListBrowser, assistant: McpClient, text: str) -> None:
    await assistant.call("save_recipe", name=text, servings=2, items=[f"200 g {text} ({text})"], steps=text)
    await assistant.call("save_plan", entries=[{"date": WEEK, "recipe": "R1", "meal": text[:50]}])
    await assistant.call("save_plan", entries=[{"date": WEEK, "text": text}])
    await assistant.call("update_pantry", items=[{"name": text}])
    await assistant.call("save_list", list="L1", name=text)
    pages = [await anna.open(address(path, anna.household)) for path in PAGES]
    pages.append(await anna.submit(pages[2], "/apply", list="L1"))
    pages.append(await anna.submit(pages[4], "/plan/apply", list="L1", all="1"))
    pages.append(await anna.open(f"/recipes?household={anna.household}&q={quote(text)}"))
    pages.append(await anna.open(f"/lists/L1/items/i1?household={anna.household}"))
    for page in pages:
        assert page.status == 200
        assert all(str(each.get("src", "")).startswith("/static/") for each in page.soup.find_all("script"))
        assert page.soup.find("img", src="x") is None
        assert page.soup.find("b") is None
        assert not any(str(each["href"]).startswith(("javascript:", "https://evil")) for each in page.soup("a"))
        assert "62710561" not in page.text  # 7919 times 7919
    assert " ".join(text.split()) in pages[2].text
