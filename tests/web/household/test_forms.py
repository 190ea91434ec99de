"""The page of a person's households."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine
from app.limits.defaults import HOUSEHOLD_FORMS
from app.settings import Settings
from app.web.household.forms import FORMS
from app.web.household.guests import END, SHARE
from tests.guests import Guest, code_in
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import start
from tests.oauth.tokens import Attempt, code_of, redeem, register

pytestmark = pytest.mark.anyio

Visit = Callable[[str], AbstractAsyncContextManager[Browser]]


@pytest.fixture
def visit(app: Starlette, settings: Settings) -> Visit:
    """Opens a browser in which a new person of that name is signed in."""

    @asynccontextmanager
    async def visit(name: str) -> AsyncGenerator[Browser]:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http:
            browser = Browser(http)
            page = await browser.open("/account/sign-up")
            sent = {"email": f"{name.lower()}@example.org", "password": PASSWORD, "name": name}
            assert (await browser.submit(page, "/account/sign-up", **sent)).title == "Your account"
            yield browser

    return visit


def form_beside(page: Page, path: str, text: str) -> dict[str, str]:
    """The hidden fields of the form for `path` in the section that holds `text`."""
    for section in page.soup.find_all("section"):
        form = section.find("form", action=path)
        if form is not None and text in section.get_text(" "):
            return {str(field["name"]): str(field["value"]) for field in form.find_all("input", type="hidden")}
    raise AssertionError(f"no form for {path} beside {text}: {page.text}")


def link_on(page: Page) -> str:
    """The link of the invitation that was just made."""
    found = page.soup.select_one("pre.address")
    assert found is not None, page.text
    return found.get_text()


async def test_inviting_comes_before_what_is_rarely_needed(visit: Visit) -> None:
    async with visit("Ada") as browser:
        page = await browser.open("/household")
    assert [each.get_text() for each in page.soup.select("main > h3")] == [
        *("Invite somebody", "Guests", "Name", "Time zone", "Export", "Delete the household")
    ]
    assert [each["href"] for each in page.soup.select("a.brand")] == ["/lists"]


async def test_an_owner_invites_promotes_and_removes(visit: Visit) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        page = await anna.submit(await anna.open("/household"), "/household/invite")
        assert "The invitation is ready" in page.text
        assert page.soup.find("svg", class_="qr") is not None
        assert "Open invitation of Anna" in page.text
        await ben.submit(await ben.open(link_on(page)), "/join")
        page = await anna.open("/household")
        assert "Open invitation" not in page.text
        page = await anna.submit(page, "/household/role", **form_beside(page, "/household/role", "Ben"), role="owner")
        page = await anna.submit(page, "/household/role", **form_beside(page, "/household/role", "Anna"), role="viewer")
        page = await ben.open("/household")
        page = await ben.submit(page, "/household/remove", **form_beside(page, "/household/remove", "Remove Anna"))
        assert "Remove Anna" not in page.text
        assert "You are in no household" in (await anna.open("/household")).text


async def test_the_last_owner_is_told_why_they_stay(visit: Visit) -> None:
    async with visit("Anna") as anna:
        page = await anna.open("/household")
        page = await anna.submit(page, "/household/remove", **form_beside(page, "/household/remove", "Anna"))
        assert page.status == 400
        assert "needs an owner" in page.text
        assert "Anna's household" in page.text


async def test_a_member_who_is_no_owner_can_only_leave(visit: Visit) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        page = await anna.open("/household")
        page = await anna.submit(page, "/household/invite", role="viewer", hours="24")
        await ben.submit(await ben.open(link_on(page)), "/join")
        page = await ben.open("/household")
        leaving = form_that_leaves(page, "Anna's household")
        shared = leaving["which"].partition(" ")[0]
        offered = [str(form["action"]) for form in page.soup.find_all("form") if shared in str(form)]
        assert offered == ["/household/remove", "/household/export"]
        left = await ben.submit(page, "/household/remove", **leaving)
        assert "Anna's household" not in left.text


def form_that_leaves(page: Page, household: str) -> dict[str, str]:
    """The hidden fields of the form that leaves a household."""
    heading = next(each for each in page.soup.find_all("h2") if household in each.get_text())
    button = next(each for each in heading.find_all_next("button") if "Leave" in each.get_text())
    form = button.find_parent("form")
    assert form is not None
    return {str(field["name"]): str(field["value"]) for field in form.find_all("input", type="hidden")}


async def test_an_invitation_can_be_withdrawn(visit: Visit) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        made = await anna.submit(await anna.open("/household"), "/household/invite")
        page = await anna.submit(
            made, "/household/withdraw", **form_beside(made, "/household/withdraw", "Open invitation")
        )
        assert "Open invitation" not in page.text
        again = await anna.submit(
            made, "/household/withdraw", **form_beside(made, "/household/withdraw", "Open invitation")
        )
        assert "already ended" in again.text
        assert "withdrawn" in (await ben.open(link_on(made))).text


async def test_households_are_made_and_renamed_and_names_are_shown_as_text(visit: Visit) -> None:
    async with visit("Anna") as anna:
        page = await anna.submit(await anna.open("/household"), "/household/new", name="<b>Cabin</b>")
        assert "<b>Cabin</b>" in page.text
        assert "<b>Cabin" not in page.response.text
        page = await anna.submit(page, "/household/rename", name="Home")
        assert [each.get_text() for each in page.soup.find_all("h2")][:2] == ["Home", "<b>Cabin</b>"]
        for name in ("", "  ", "x" * 101, "a\x00b"):
            refused = await anna.submit(page, "/household/new", name=name)
            assert refused.status == 400, name
            assert refused.soup.find(role="alert") is not None


@pytest.mark.parametrize("path", [*FORMS, SHARE, END])
async def test_no_form_works_for_another_household(visit: Visit, path: str) -> None:
    """Eve has her own valid form, and puts Anna's household, or Anna, into it."""
    async with visit("Anna") as anna, visit("Eve") as eve:
        shared = await anna.submit(await anna.open("/household"), SHARE, name="Grandma", list="L1")
        made = await anna.submit(shared, "/household/invite")
        target = next(
            str(field["value"])
            for form in made.soup.find_all("form", action=path)
            for field in form.find_all("input", attrs={"name": "which"})
        )
        mine = await eve.submit(await eve.open("/household"), "/household/invite")
        sent = {"role": "owner", "hours": "24", "name": "Mine"}
        if path == END:
            mine = await eve.submit(mine, SHARE, name="Eve's guest", list="L1")
        if path == SHARE:
            sent = {"name": "Mine", "list": "L1"}
        if path != "/household/new":
            stolen = await eve.submit(mine, path, which=target, **sent)
            assert "out of date" in stolen.text
        page = await anna.open("/household")
        assert "Anna's household" in page.text
        assert "Eve" not in page.text
        assert "Open invitation of Anna" in page.text
        assert "End the link of Grandma" in page.text
        assert "Mine" not in page.text


async def test_the_forms_of_a_person_are_limited(settings: Settings, engine: Engine) -> None:
    server = await start(settings, engine, rates={HOUSEHOLD_FORMS: 2})
    async with server.browser() as http:
        browser = Browser(http)
        page = await browser.open("/account/sign-up")
        await browser.submit(page, "/account/sign-up", email="anna@example.org", password=PASSWORD, name="Anna")
        page = await browser.open("/household")
        for name in ("Home", "Cabin"):
            assert (await browser.submit(page, "/household/rename", name=name)).status == 200
        refused = await browser.submit(page, "/household/rename", name="Boat")
        assert refused.status == 429
        assert 1 <= int(refused.response.headers["retry-after"]) <= 60
        page = await browser.open("/household")
        assert page.soup.find_all("h2")[0].get_text() == "Cabin"


async def test_a_new_name_is_seen_by_connected_apps_at_once(
    visit: Visit, http: httpx.AsyncClient, settings: Settings
) -> None:
    async with visit("Anna") as anna:
        attempt = Attempt((await register(http, settings.public_url))["client_id"], settings.public_url)
        location = await anna.approve(await anna.open(attempt.url()))
        client = McpClient(http, (await redeem(http, attempt, code_of(location))).json()["access_token"])
        assert (await client.call("get_overview"))["household"]["name"] == "Anna's household"
        page = await anna.submit(await anna.open("/household"), "/household/rename", name="Home")
        await anna.submit(page, "/household/time-zone", time_zone="Asia/Tokyo")
        shown = (await client.call("get_overview"))["household"]
        assert (shown["name"], shown["time_zone"]) == ("Home", "Asia/Tokyo")


async def test_without_a_sign_in_the_page_asks_for_one(http: httpx.AsyncClient) -> None:
    page = await Browser(http).open("/household")
    assert page.has_form("/account/sign-in")
    assert page.fields("/account/sign-in")["next"] == ["/household"]


async def test_the_time_zone_comes_from_the_browser_at_sign_up_and_an_owner_changes_it(
    app: Starlette, settings: Settings
) -> None:
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        http.headers["Accept-Language"] = "de-DE,de;q=0.9"
        browser = Browser(http)
        page = await browser.open("/account/sign-up")
        assert chosen_zone(page, "/account/sign-up") == "Europe/Berlin"
        sent = {"email": "zoe@example.org", "password": PASSWORD, "name": "Zoe", "time_zone": "Europe/Berlin"}
        await browser.submit(page, "/account/sign-up", **sent)
        page = await browser.open("/household")
        assert chosen_zone(page, "/household/time-zone") == "Europe/Berlin"
        page = await browser.submit(page, "/household/time-zone", time_zone="America/New_York")
        page = await browser.open("/household")
        assert chosen_zone(page, "/household/time-zone") == "America/New_York"
        refused = await browser.submit(page, "/household/time-zone", time_zone="Mars/Olympus")
        assert refused.status == 400
        assert chosen_zone(await browser.open("/household"), "/household/time-zone") == "America/New_York"


def chosen_zone(page: Page, path: str) -> str:
    """The time zone that is selected in a form."""
    option = page.form(path).select_one("select[name=time_zone] option[selected]")
    assert option is not None
    return option.get_text()


async def test_an_owner_or_editor_shares_a_list_with_a_guest_and_ends_the_link(
    visit: Visit, app: Starlette, settings: Settings
) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        page = await anna.submit(await anna.open("/household"), "/household/invite")
        await ben.submit(await ben.open(link_on(page)), "/join")
        page = await ben.open("/household")
        shared_id = form_that_leaves(page, "Anna's household")["which"].partition(" ")[0]
        own = next(form for form in page.soup.find_all("form", action=SHARE) if shared_id in str(form))
        sent = {str(field["name"]): str(field["value"]) for field in own.find_all("input", type="hidden")}
        made = await ben.submit(page, SHARE, **sent, name="<i>Oma", list="L1", may="tick", days="365")
        assert "The link for <i>Oma is ready" in made.text
        assert "<i>Oma" not in made.response.text
        assert made.soup.find("svg", class_="qr") is not None
        link = link_on(made)
        page = await anna.open("/household")
        assert "Ticks off what is on Groceries" in " ".join(page.text.split())
        assert "Not used yet" in page.text
        assert link not in page.response.text
        async with http_to(app, settings) as nobody:
            assert "Groceries" in (await nobody.get(link)).text
            assert "First used" in (await anna.open("/household")).text
            ending = form_beside(page, END, "Oma")
            page = await anna.submit(page, END, **ending)
            assert "Oma" not in page.text
            assert (await nobody.get(link)).status_code == 404
        again = await anna.submit(page, SHARE, name="Oma", list="L1", days="2")
        assert again.status == 400


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 61}, 400),
        ({"may": "change"}, 400),
        ({"days": "366"}, 400),
        ({"list": "L9"}, 400),
    ],
)
async def test_a_link_that_can_not_be_is_refused(visit: Visit, sent: dict[str, str], status: int) -> None:
    async with visit("Anna") as anna:
        page = await anna.submit(await anna.open("/household"), SHARE, **{"name": "Oma", "list": "L1", **sent})
        assert page.status == status
        assert page.soup.find(role="alert") is not None
        assert "End the link" not in page.text


@pytest.mark.proves("gu-ends")
async def test_with_the_household_its_guests_links_and_keys_end(
    visit: Visit, app: Starlette, settings: Settings
) -> None:
    async with visit("Anna") as anna, http_to(app, settings) as nobody:
        made = await anna.submit(await anna.open("/household"), SHARE, name="Oma", list="L1")
        guest = Guest(nobody, code_in(link_on(made)))
        theirs = await guest.client()
        assert (await theirs.call("list_items"))["items"] == []
        page = await anna.submit(await anna.open("/household"), "/household/delete", name="Anna's household")
        assert "You are in no household" in page.text
        assert (await guest.open()).status_code == 404
        assert (await theirs.send("tools/call", {"name": "list_items", "arguments": {}})).status_code == 401
