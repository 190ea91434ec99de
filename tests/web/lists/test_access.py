"""Who sees a list and who changes it, and what stored text and foreign forms can do: nothing."""

from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.households.tenant import open_for_service
from app.limits.defaults import LIST_FORMS, LIST_PAGES
from app.people.session_repository import close_all_sessions, open_session
from app.settings import Settings
from app.ui.cookies import NAME
from app.web.lists.acts import FORMS
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.mcp.http.test_ended_while_waiting import until_a_writer_waits
from tests.oauth.browser import Page
from tests.oauth.conftest import start
from tests.web.lists.conftest import Member, SignIn
from tests.web.lists.pages import ListBrowser, lines

pytestmark = pytest.mark.anyio

PARTS = ("", "/shop", "/items", "/names", "/live", "/changes", "/settings", "/items/i1")
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7919 * 7919 }}{% raw %}",
    "javascript:alert(1)",
    "https://evil.example/?q=1",
    "%(who)s %s",
    "</textarea><b>bold",
]


def forms_on(page: Page) -> list[str]:
    """Where the forms of the content go, by the last part of their paths; not those for one's own notifications."""
    found = page.soup.select("main form:not([action*='/notifications/'])")
    return [str(each["action"]).partition("?")[0].rpartition("/")[2] for each in found]


async def test_an_editor_changes_what_an_owner_changes(anna: ListBrowser, member: Member, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk"])
    async with member("editor") as ben:
        page = await ben.add(await ben.open_list(), "eggs")
        assert lines(page) == ["milk", "eggs"]
        await ben.press(page, "check", "i1")
        assert forms_on(await ben.open_list()) == forms_on(await anna.open_list())
    assert "Ben ticked milk" in (await anna.open_list()).text


async def test_a_viewer_sees_everything_and_no_form(anna: ListBrowser, member: Member, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk", {"name": "eggs", "note": "brown"}])
    await assistant.call("check_items", items=["milk"])
    stolen = {str(each["name"]): str(each["value"]) for each in (await anna.open_list()).soup.select("form input")}
    async with member("viewer") as vera:
        page = await vera.open_list()
        assert lines(page) == ["eggs"]
        for part in PARTS:
            if part in ("/live", "/names"):
                continue
            shown = await vera.open(f"/lists/L1{part}?household={vera.household}")
            assert (shown.status, forms_on(shown)) == (200, []), part
            # Others than those for what is theirs alone: what this browser keeps, and their notifications.
            own = shown.soup.select(".held button, form[action*='/notifications/'] button")
            assert [each for each in shown.soup.select("main button") if each not in own] == []
        assert "order" not in str((await vera.open(f"/lists/L1?household={vera.household}&at=order")).soup.select("h1"))
        for form in (*FORMS, "settings", "items/i1"):
            refused = await vera.http.post(f"/lists/L1/{form}", data=stolen)
            assert refused.status_code == 400, form
        overview = await vera.open("/lists")
        section = overview.soup.select_one(f'[aria-labelledby="of-{vera.household}"]')
        assert section is not None
        assert section.find("form") is None
    assert lines(await anna.open_list()) == ["eggs"]


@pytest.mark.proves("""li-role MUST own rule
    A page of lists changes nothing for who has become a viewer, has left, or has signed out, however old the page.
    Here: Session and membership are read again under the household's lock, before anything is changed.""")
@pytest.mark.parametrize(("change", "status"), [("viewer", 403), ("remove", 404)])
async def test_a_form_of_somebody_who_lost_the_right_meanwhile_changes_nothing(
    anna: ListBrowser, member: Member, assistant: McpClient, change: str, status: int
) -> None:
    await assistant.call("add_items", items=["milk"])
    async with member("editor") as ben:
        page = await ben.open_list()
        await assistant.call("update_member", person="Ben", role=change)
        assert (await ben.send(page, "check", "i1")).status_code == status
        added = await ben.add(page, "eggs")
        assert (added.status, "milk" in added.text) == (status, False)
        assert (await ben.open(str(page.response.url))).status == (200 if change == "viewer" else 404)
    assert lines(await anna.open_list()) == ["milk"]


@pytest.mark.proves("li-role")
async def test_a_form_that_waited_while_its_sender_signed_out_changes_nothing(
    anna: ListBrowser, assistant: McpClient, engine: Engine, ada: Connected
) -> None:
    await assistant.call("add_items", items=["milk"])
    page, answers = await anna.open_list(), list[httpx.Response]()

    async def tick() -> None:
        answers.append(await anna.send(page, "check", "i1"))

    async with anyio.create_task_group() as tasks, open_for_service(engine, ada.household_id, write=True):
        tasks.start_soon(tick)
        with anyio.fail_after(20):
            await until_a_writer_waits()
        async with transaction(engine) as connection:
            await close_all_sessions(connection, ada.person.id)
    assert answers[0].status_code == 404
    assert len((await assistant.call("list_items"))["items"]) == 1


@pytest.mark.proves("""li-strangers MUST own rule
    A list of others is as a list that there isn't.
    Here: The household is looked for among those of the person, and the list in it.""")
async def test_a_stranger_gets_the_answer_of_a_list_that_does_not_exist(
    anna: ListBrowser, sign_in: SignIn, factory: Factory, assistant: McpClient
) -> None:
    await assistant.call("save_list", name="Secrets")
    page = await anna.add(await anna.open_list("Secrets"), "milk")
    stranger, _ = await factory.person("Eve")
    async with sign_in(stranger) as eve:
        answers = set[tuple[int, str]]()
        for ref in ("L2", "L99", "l2", "L2%00", "secrets", "%F0%9F", "L" + "9" * 50):
            for household in (anna.household, "zzzzzz", quote("x" * 3000)):
                for part in PARTS:
                    answer = await eve.open(f"/lists/{ref}{part}?household={household}")
                    answers.add((answer.status, answer.text))
        assert {status for status, _ in answers} == {404}
        assert len(answers) == 1
        own = await eve.open_list()
        for form in FORMS:
            sent = {**{name: each[0] for name, each in own.fields("/add").items()}, "check": "i1", "change": "e2"}
            for household in (anna.household, own.fields("/add")["household"][0]):
                refused = await eve.http.post(f"/lists/L2/{form}", data={**sent, "household": household})
                assert refused.status_code in (400, 404), form
                assert "milk" not in refused.text
    assert lines(await anna.open(str(page.response.url))) == ["milk"]


async def test_who_is_signed_out_signs_in_and_comes_back(app: Starlette, settings: Settings) -> None:
    async with http_to(app, settings) as http:
        for part in PARTS:
            answer = await http.get(f"/lists/L1{part}?household=abc")
            assert answer.status_code == 303, part
            assert "next=%2Flists%2FL1" in answer.headers["location"]
        assert (await http.get("/lists")).headers["location"] == "/account/sign-in?next=/lists"
        for form in FORMS:
            refused = await http.post(f"/lists/L1/{form}", data={"household": "abc"})
            assert (refused.status_code, "out of date" in refused.text) == (400, True)


async def test_several_households_are_told_apart_by_their_links(
    factory: Factory, sign_in: SignIn, ada: Connected
) -> None:
    ben, own = await factory.person("Ben")
    await factory.join(ben, ada.household_id, "editor")
    theirs = await factory.connect(ben, own)
    async with sign_in(ben) as browser:
        page = await browser.add(await browser.open_list(), "for both")
        links = [str(each["href"]) for each in (await browser.open("/lists")).soup.select("main li a")]
        assert len(links) == 2
        shown = [lines(await browser.open(link)) for link in links]
        assert sorted(shown) == [[], ["for both"]]
        assert (await browser.open("/lists/L1")).title == "Your lists"
        assert lines(page) == ["for both"]
        assert theirs.household_id == own


@pytest.mark.proves("""li-text MUST own rule
    Stored text is text on the pages of lists.
    Here: Jinja escapes everything; the scripts put parsed parts of our own pages into the page, never text.""")
@pytest.mark.parametrize("text", MARKUP)
async def test_stored_text_is_shown_as_text(anna: ListBrowser, assistant: McpClient, text: str) -> None:
    await assistant.call("save_list", list="L1", name=text, store=text)
    await assistant.call(
        "add_items", items=[{"name": text, "note": text, "category": text, "unit": text, "quantity": 2}], list="L1"
    )
    pages = [await anna.open("/lists")]
    pages += [await anna.open(f"/lists/L1{part}?household={anna.household}") for part in PARTS if part != "/live"]
    pages.append(await anna.add(await anna.open(f"/lists/L1?household={anna.household}"), text))
    for by in ("category", "store"):
        pages.append(await anna.open(f"/lists/L1?household={anna.household}&by={by}"))
    for page in pages:
        assert page.status == 200
        assert all(str(each.get("src", "")).startswith("/static/") for each in page.soup.find_all("script"))
        assert page.soup.find("img", src="x") is None
        assert page.soup.find("b") is None
        assert not any("evil" in str(each["href"]) or "javascript:" in str(each["href"]) for each in page.soup("a"))
        assert "62710561" not in page.text  # 7919 times 7919
    shown = " ".join(BeautifulSoup(pages[2].response.text, "html.parser").get_text(" ").split())
    assert " ".join(text.split()) in shown


async def test_pages_and_forms_are_limited_for_each_person(
    settings: Settings, engine: Engine, factory: Factory
) -> None:
    server = await start(settings, engine, rates={LIST_PAGES: 3, LIST_FORMS: 1})
    await server.keys.load()
    for name in ("Anna", "Ben"):
        person, _ = await factory.person(name)
        async with transaction(engine) as connection:
            cookie = await open_session(connection, person.id, server.clock())
        async with server.browser() as http:
            http.cookies.set(NAME, cookie)
            page = await http.get("/lists/L1")
            fields = {
                str(each["name"]): str(each["value"])
                for each in BeautifulSoup(page.text, "html.parser").select("form[data-form=add] input")
            }
            first, second = [await http.post("/lists/L1/add", data={**fields, "text": "milk"}) for _ in range(2)]
            assert (first.status_code, second.status_code) == (200, 429)
            assert int(second.headers["retry-after"]) >= 1
            statuses = [(await http.get("/lists/L1")).status_code for _ in range(3)]
            assert statuses == [200, 200, 429]


async def test_scripts_get_parts_with_the_status_of_a_refusal(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("add_items", items=["milk"])
    page = await anna.open_list()
    scripted: dict[str, Any] = {"headers": {"X-List-Part": "1"}}
    fields = {name: each[0] for name, each in page.fields("/check").items()}
    done = await anna.http.post("/lists/L1/check", data={**fields, "check": "i1"}, **scripted)
    assert (done.status_code, "<html" in done.text) == (200, False)
    gone = await anna.http.post("/lists/L1/check", data={**fields, "check": "i9"}, **scripted)
    assert (gone.status_code, "<html" in gone.text) == (404, False)
    assert "That is no longer on this list." in gone.text
    foreign = await anna.http.post("/lists/L1/check", data={**fields, "household": "zzz"}, **scripted)
    assert foreign.status_code == 400
    part = await anna.http.get(f"/lists/L1/items?household={anna.household}", **scripted)
    assert part.text.lstrip().startswith('<div id="items"')


async def test_what_the_pages_do_is_in_the_audit_record(
    anna: ListBrowser, app: Starlette, engine: Engine, ada: Connected
) -> None:
    page = await anna.add(await anna.open_list(), "milk")
    await anna.send(page, "check", "i1", check="i9")
    await app.state.audit.write()
    async with transaction(engine) as connection:
        rows = await connection.exec_driver_sql(
            "SELECT outcome, detail, person_id, client_id, touched FROM audit_events WHERE action = 'list_changed' "
            f"AND household_id = '{ada.household_id}' ORDER BY at"
        )
        found = [tuple(row) for row in rows]
    assert found == [
        ("ok", "add_items", ada.person.id, "page", 1),
        ("not_found", "check_items", ada.person.id, "page", None),
    ]
