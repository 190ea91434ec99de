"""The page of what happened in a household, and undoing it there."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from bs4 import Tag
from sqlalchemy import update
from starlette.applications import Starlette

from app.db import Engine
from app.db.embedded import DatabaseUrls
from app.oauth.tables import grants
from app.settings import Settings
from app.text import clean
from app.web.activity.content import CHANGES, IN_BROWSER
from tests.db.looking import change
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.oauth.browser import Page
from tests.web.lists.conftest import Member, SignIn
from tests.web.lists.pages import ListBrowser, alert, lines, said

pytestmark = pytest.mark.anyio

MARKUP = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "%(who)s %s", "</option><b>"]


def told(page: Page) -> list[str]:
    """What the page says of each change, without when it was."""
    found = [each.select_one("div") for each in page.soup.select("ul.changes > li")]
    texts = [" ".join(each.get_text(" ").split()) for each in found if isinstance(each, Tag)]
    return [each.partition(" Nov ")[0].partition(" Dec ")[0] for each in texts]


async def at(browser: ListBrowser, **asked: str) -> Page:
    """The page of the browser's household."""
    query = "".join(f"&{name}={quote(value)}" for name, value in asked.items())
    return await browser.open(f"/activity?household={browser.household}{query}")


async def test_what_people_and_apps_did_is_told_by_day_and_undone(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk", "eggs"])
    await anna.press(await anna.open_list(), "check", "i1")
    page = await at(anna)
    assert told(page)[:2] == ["Ada ticked milk", "Ada , with Tests , added milk and 1 more"]
    assert len(page.soup.select("h2")) == 1
    page = await anna.press(page, "change", "e2")
    assert said(page) == ["As it was before: milk"]
    assert lines(await anna.open_list()) == ["milk", "eggs"]
    assert "undone" in page.soup.select("ul.changes > li")[1].get_text()
    page = await anna.press(page, "change", "e1")
    assert lines(await anna.open_list()) == []
    assert told(page)[0].startswith("Ada undid a change of")


async def test_no_app_can_pass_for_the_pages(anna: ListBrowser, assistant: McpClient, database: DatabaseUrls) -> None:
    named = clean(IN_BROWSER, "client_name", 100)  # as names of apps and keys are stored
    assert named != IN_BROWSER
    for name in ("-", named):
        await change(database.owner, update(grants).values(client={"name": name}))
        await assistant.call("add_items", items=[f"by {name}"])
        assert told(await at(anna, app=IN_BROWSER)) == []
        assert told(await at(anna, app=name))[0] == f"Ada , with {name} , added by {name}"


async def test_german_pages_tell_changes_in_german(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["2 l milk"])
    await assistant.call("update_items", items=[{"item": "i1", "quantity": 3, "store": "Market"}])
    await assistant.call("record_purchase", items=[{"item": "i1", "price": 3.49}], store="Market")
    await assistant.call("update_pantry", items=[{"name": "rice", "have": False}])
    anna.http.cookies.set("language", "de")
    page = await at(anna)
    details = [each.get_text() for each in page.soup.select("ul.changes ul small")]
    assert details == [
        "rice: ist aufgebraucht",
        "milk: 3 l gekauft bei Market für 3.49 EUR; Preis – → 3.49",
        "milk: Menge 2 l → 3 l; Laden – → Market",
        "milk: 2 l hinzugefügt",
    ]
    assert told(page)[0].startswith("Ada (mit Tests ) hat zum Vorrat notiert: rice")


async def test_every_kind_of_change_can_be_undone(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_recipe", name="Soup", items=["leeks"])
    await assistant.call("save_plan", entries=[{"date": "2026-12-24", "recipe": "Soup"}])
    await assistant.call("update_pantry", items=[{"name": "rice", "have": True}])
    await assistant.call("save_list", name="Party")
    await assistant.call("record_purchase", items=["bread 3 EUR"])
    for _ in range(5):
        page = await at(anna)
        button = page.soup.select("button[name=change]")
        fresh = [each for each in button if "undid" not in str(each.find_parent("li"))]
        page = await anna.press(page, "change", str(fresh[0]["value"]))
        assert alert(page) == ""
    assert len(told(await at(anna))) == 10
    activity = await assistant.call("get_activity")
    assert [each["kind"] for each in activity["events"][:5]] == ["undo"] * 5


async def test_what_is_undone_already_is_said_and_a_form_that_is_sent_twice_undoes_once(
    anna: ListBrowser, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    page = await at(anna)
    first = await anna.press(page, "change", "e1")
    again = await anna.press(page, "change", "e1")
    assert said(first) == said(again) == ["As it was before: milk"]
    assert len(told(again)) == 2
    other_form = await anna.press(page, "change", "e1", key="another")
    assert "undone already" in alert(other_form)
    assert (other_form.status, len(told(other_form))) == (400, 2)


async def test_a_change_that_is_not_on_record_is_not_undone(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk"])
    page = await at(anna)
    for ref in ("e99", "e1-e9", "nonsense", "", "e" + "9" * 400):
        refused = await anna.press(page, "change", "e1", change=ref)
        assert alert(refused) or said(refused)
        assert refused.status < 500
    assert lines(await anna.open_list()) == ["milk"]


async def test_the_history_is_narrowed_by_day_person_and_app(
    anna: ListBrowser, member: Member, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    async with member("editor") as ben:
        await ben.add(await ben.open_list(), "eggs")
    page = await at(anna)
    people = {each.get_text(): str(each["value"]) for each in page.soup.select("select[name=person] option")}
    assert told(await at(anna, person=people["Ben"])) == ["Ben added eggs"]
    assert told(await at(anna, person=people["Ada"])) == ["Ada , with Tests , added milk"]
    assert told(await at(anna, app="Tests")) == ["Ada , with Tests , added milk"]
    assert told(await at(anna, app=IN_BROWSER)) == ["Ben added eggs"]
    assert told(await at(anna, app="Nobody's")) == []
    assert told(await at(anna, day="2020-01-01")) == []
    today = datetime.now(UTC).date().isoformat()
    assert len(told(await at(anna, day=today, person=people["Ben"], app=IN_BROWSER))) == 1
    for wrong in ("yesterday", "9999-12-31", "0001-01-01", "-", "\0"):
        assert len(told(await at(anna, day=wrong, person=wrong, cursor=wrong))) == 2


async def test_what_one_connection_did_is_linked_from_the_page_of_access(
    anna: ListBrowser, assistant: McpClient, factory: Factory, ada: Connected, app: Starlette, settings: Settings
) -> None:
    second = await factory.connect(ada.person, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    async with http_to(app, settings) as http:
        await McpClient(http, second.token).call("add_items", items=["eggs"])
    access = await anna.open("/access")
    pages = [await anna.open(str(each["href"])) for each in access.soup.select("section.connected dd a")]
    assert sorted(told(each)[0] for each in pages) == ["Ada , with Tests , added eggs", "Ada , with Tests , added milk"]
    assert [len(told(each)) for each in pages] == [1, 1]
    assert all("Only what one connection of Tests did." in each.text for each in pages)
    page = await anna.submit(
        pages[0], "/activity/undo", change=str(pages[0].soup.select("button[name=change]")[0]["value"])
    )
    assert "Only what one connection of Tests did." in page.text, "it stays on the page"


async def test_long_histories_have_pages(anna: ListBrowser, assistant: McpClient) -> None:
    for number in range(CHANGES + 1):
        await assistant.call("add_items", items=[f"thing {number}"])
    page = await at(anna)
    assert len(told(page)) == CHANGES
    page = await anna.open(page.link("cursor="))
    assert told(page) == ["Ada , with Tests , added thing 0"]
    page = await anna.press(page, "change", "e1")
    assert told(page) == ["Ada , with Tests , added thing 0"], "it stays on the page"
    assert len(told(await anna.open(page.link(f"/activity?household={anna.household}")))) == CHANGES


async def test_times_are_those_of_the_household(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk"])
    zones = {"Pacific/Kiritimati", "Pacific/Pago_Pago"}
    days: set[str] = set()
    for zone in zones:
        await assistant.call("save_household", time_zone=zone)
        page = await at(anna)
        assert f"Times are those of {zone}." in page.text
        days.add(page.soup.select("h2 time")[0].get_text())
    assert len(days) == 2, "25 hours are between them"


async def test_viewers_see_everything_and_undo_nothing(anna: ListBrowser, member: Member, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk"])
    owners = await at(anna)
    stolen = {str(each["name"]): str(each["value"]) for each in owners.soup.select("main form[method=post] input")}
    async with member("viewer", "Vera") as vera:
        page = await at(vera)
        assert told(page) == told(owners)
        assert page.soup.select("main form[method=post]") == []
        assert (await vera.http.post("/activity/undo", data={**stolen, "change": "e1"})).status_code == 400
    async with member("editor") as ben:
        page = await at(ben)
        await assistant.call("update_member", person="Ben", role="viewer")
        assert (await ben.send(page, "change", "e1")).status_code == 403
    assert lines(await anna.open_list()) == ["milk"]


@pytest.mark.proves("li-strangers")
async def test_strangers_and_members_who_were_removed_see_and_undo_nothing(
    anna: ListBrowser, member: Member, assistant: McpClient, factory: Factory, sign_in: SignIn
) -> None:
    await assistant.call("add_items", items=["milk"])
    stranger, _ = await factory.person("Sam")
    async with sign_in(stranger) as sam:
        page = await sam.open(f"/activity?household={anna.household}")
        assert (page.status, "milk" in page.text) == (404, False)
        own = await at(sam)
        assert (own.status, told(own)) == (200, [])
    async with member("editor") as ben:
        page = await at(ben)
        await assistant.call("update_member", person="Ben", role="remove")
        refused = await ben.send(page, "change", "e1")
        assert (refused.status_code, "milk" in refused.text) == (404, False)
        assert (await at(ben)).status == 404
    assert lines(await anna.open_list()) == ["milk"]


async def test_who_is_signed_out_is_asked_to_sign_in_and_comes_back(
    app: Starlette, settings: Settings, engine: Engine
) -> None:
    async with http_to(app, settings) as http:
        response = await http.get("/activity?household=h1")
        assert response.headers["location"] == "/account/sign-in?next=%2Factivity%3Fhousehold%3Dh1"
        assert (await http.get("/activity/undo")).headers["location"] == "/activity"
        assert (await http.post("/activity/undo", data={"change": "e1"})).status_code == 400


@pytest.mark.parametrize("text", MARKUP)
async def test_stored_text_is_text(anna: ListBrowser, assistant: McpClient, text: str) -> None:
    await assistant.call("add_items", items=[{"name": text, "note": text}])
    await assistant.call("save_list", name=text)
    for each in (await at(anna, app=text), await at(anna)):
        html = each.response.text
        assert each.status == 200
        assert text not in html or text in ("{{ 7 * 7 }}", "%(who)s %s")
    assert text in " ".join(each.get_text() for each in (await at(anna)).soup.select("bdi"))


async def test_people_in_several_households_choose_one(
    anna: ListBrowser, assistant: McpClient, factory: Factory, ada: Connected
) -> None:
    await assistant.call("add_items", items=["milk"])
    _, other = await factory.person("Sam")
    await factory.join(ada.person, other, "viewer")
    page = await anna.open("/activity")
    assert told(page) == ["Ada , with Tests , added milk"]
    links = [str(each["href"]) for each in page.soup.select("nav.ways a") if not each.has_attr("aria-current")]
    page = await anna.open(links[0])
    assert (page.status, told(page)) == (200, [])
