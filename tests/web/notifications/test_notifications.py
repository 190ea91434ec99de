"""The page of notifications: what is chosen there, by whom, and what others can't do with it."""

import re
from typing import Any

import pytest
from bs4 import Tag
from starlette.applications import Starlette

from app.alerts.unsubscribing import unsubscribe_token
from app.db import Engine, transaction
from app.households.repository import delete_membership
from app.settings import Settings
from tests.alerts.receiver import PushedBrowser
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.mcp.looking import rows
from tests.oauth.browser import Page
from tests.site import Site
from tests.web.lists.conftest import Member, SignIn
from tests.web.lists.pages import ListBrowser, alert

pytestmark = pytest.mark.anyio

PAGE = "/notifications"


async def stored(engine: Engine, ada: Connected, table: str) -> list[dict[str, Any]]:
    return await rows(engine, ada.household_id, f"SELECT * FROM {table}")


def done(page: Page) -> str:
    """What the page says was done."""
    found = page.soup.find("p", class_="done")
    return found.get_text(strip=True) if found else ""


def chosen(page: Page, name: str) -> str:
    """What is selected."""
    option = page.soup.select_one(f"select[name={name}] option[selected]")
    return str(option.get("value", option.get_text())) if option else ""


async def test_a_stranger_is_sent_to_sign_in(app: Starlette, settings: Settings) -> None:
    async with http_to(app, settings) as http:
        answer = await http.get(PAGE)
        assert answer.headers["location"] == "/account/sign-in?next=/notifications"
        assert (await http.get(f"{PAGE}/renewal")).status_code == 404


async def test_what_to_hear_of_a_list_is_chosen_there_and_shown_again(
    anna: ListBrowser, engine: Engine, ada: Connected, assistant: McpClient
) -> None:
    await assistant.call("add_items", items=["milk"])
    page = await anna.open(PAGE)
    assert chosen(page, "push") == ""
    page = await anna.submit(page, "/notifications/lists/L1", push="additions")
    assert done(page) == "Saved."
    assert chosen(page, "push") == "additions"
    (row,) = await stored(engine, ada, "list_alerts")
    (clock,) = await stored(engine, ada, "clocks")
    assert (row["push"], row["in_letter"], row["told_up_to"]) == ("additions", False, clock["next_event"] - 1)
    await assistant.call("add_items", items=["bread"])
    page = await anna.submit(page, "/notifications/lists/L1", push="changes")
    assert (await stored(engine, ada, "list_alerts"))[0]["told_up_to"] == row["told_up_to"], "bread is still to be told"
    page = await anna.submit(page, "/notifications/lists/L1", push="")
    assert await stored(engine, ada, "list_alerts") == []
    page = await anna.submit(page, "/notifications/lists/L1", push="everything")
    assert await stored(engine, ada, "list_alerts") == []


async def test_the_settings_of_a_list_have_the_same_choice(anna: ListBrowser, engine: Engine, ada: Connected) -> None:
    path = f"/lists/L1/settings?household={anna.household}"
    page = await anna.open(path)
    page = await anna.submit(page, "/notifications/lists/L1", push="changes")
    assert page.response.url.path == "/lists/L1/settings"
    assert chosen(page, "push") == "changes"


async def test_a_viewer_may_choose_too(member: Member, engine: Engine, ada: Connected) -> None:
    async with member("viewer") as ben:
        page = await ben.open(PAGE)
        form = page.soup.find("input", attrs={"name": "household", "value": ben.household})
        assert isinstance(form, Tag)
        parent = form.find_parent("form")
        assert isinstance(parent, Tag)
        fields = {str(each["name"]): str(each["value"]) for each in parent.find_all("input", type="hidden")}
        answer = await ben.http.post("/notifications/lists/L1", data={**fields, "push": "additions"})
        assert answer.headers["location"] == "/notifications?done=list"
        (row,) = await stored(engine, ada, "list_alerts")
        assert row["household_id"] == ada.household_id
        async with transaction(engine) as connection:
            await delete_membership(connection, ada.household_id, row["person_id"])
        answer = await ben.http.post("/notifications/lists/L1", data={**fields, "push": "additions"})
        assert answer.status_code == 404
    assert await stored(engine, ada, "list_alerts") == []


async def test_nobody_hears_of_the_lists_of_others(
    anna: ListBrowser, factory: Factory, sign_in: SignIn, engine: Engine, ada: Connected
) -> None:
    eve, _ = await factory.person("Eve")
    page = await anna.open(PAGE)
    fields = {name: values[0] for name, values in page.fields("/notifications/lists/L1").items()}
    async with sign_in(eve) as browser:
        own = await browser.open(PAGE)
        mine = {name: values[0] for name, values in own.fields("/notifications/lists/L1").items()}
        for data in (fields, {**mine, "household": fields["household"]}, {**fields, "form_token": mine["form_token"]}):
            answer = await browser.http.post("/notifications/lists/L1", data={**data, "push": "changes"})
            assert answer.status_code in (400, 404)
        for ref in ("L2", "L999999999999", "x", "%00"):
            answer = await browser.http.post(f"/notifications/lists/{ref}", data={**mine, "push": "changes"})
            assert answer.status_code in (400, 404), ref
    assert await stored(engine, ada, "list_alerts") == []


async def test_a_browser_gets_notifications_until_it_is_removed_or_signs_out(
    anna: ListBrowser, engine: Engine, ada: Connected, site: Site
) -> None:
    pushed = PushedBrowser(site)
    page = await anna.open(PAGE)
    page = await anna.submit(page, "/notifications/browser", **pushed.fields)
    assert done(page) == "This browser gets notifications from now on."
    assert "this browser" in page.text
    assert not page.has_form("/notifications/browser")
    assert pushed.endpoint not in page.text
    page = await anna.submit(page, "/notifications/browser/end")
    assert done(page) == "That browser gets no more notifications."
    assert await stored(engine, ada, "push_subscriptions") == []
    page = await anna.submit(page, "/notifications/browser", **pushed.fields)
    await anna.submit(await anna.open("/account"), "/account/sign-out")
    assert await stored(engine, ada, "push_subscriptions") == []
    assert pushed.requests == []


async def test_a_worker_sends_a_new_address_in_place_of_the_old_one(
    anna: ListBrowser, engine: Engine, ada: Connected, site: Site
) -> None:
    await anna.submit(await anna.open(PAGE), "/notifications/browser", **PushedBrowser(site).fields)
    (before,) = await stored(engine, ada, "push_subscriptions")
    known = (await anna.http.get(f"{PAGE}/renewal")).json()
    assert len(known["key"]) == 87
    data = {"form_token": known["form_token"], **PushedBrowser(site).fields}
    assert (await anna.http.post(f"{PAGE}/browser", data=data)).status_code == 303
    (after,) = await stored(engine, ada, "push_subscriptions")
    assert after["endpoint_hash"] != before["endpoint_hash"]
    assert after["session_hash"] == before["session_hash"]


async def test_a_browser_that_two_people_use_gets_the_notifications_of_one(
    anna: ListBrowser, factory: Factory, sign_in: SignIn, engine: Engine, ada: Connected, site: Site
) -> None:
    pushed = PushedBrowser(site)
    await anna.submit(await anna.open(PAGE), "/notifications/browser", **pushed.fields)
    eve, _ = await factory.person("Eve")
    async with sign_in(eve) as browser:
        await browser.submit(await browser.open(PAGE), "/notifications/browser", **pushed.fields)
    (row,) = await stored(engine, ada, "push_subscriptions")
    assert row["person_id"] == eve.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/x"},
        {"endpoint": "https://user@push.example/x"},
        {"endpoint": "https:///x"},
        {"endpoint": "https://[::1/x"},
        {"endpoint": "https://push.example:65536/x"},
        {"endpoint": "javascript:alert(1)"},
        {"endpoint": "https://push.example/" + "x" * 1000},
        {"endpoint": "https://push.example/x y"},
        {"endpoint": ""},
        {"p256dh": "AAAA"},
        {"p256dh": "x" * 87},
        {"p256dh": "é"},
        {"p256dh": ""},
        {"auth": "AAAA"},
        {"auth": "*" * 22},
        {"auth": "A" * 5000},
    ],
)
async def test_what_can_be_no_address_is_refused(
    anna: ListBrowser, engine: Engine, ada: Connected, site: Site, wrong: dict[str, str]
) -> None:
    page = await anna.open(PAGE)
    page = await anna.submit(page, "/notifications/browser", **{**PushedBrowser(site).fields, **wrong})
    assert page.response.status_code == 400
    assert "This browser gave no usable address" in page.text
    assert await stored(engine, ada, "push_subscriptions") == []


async def test_nobody_removes_the_browsers_of_others(
    anna: ListBrowser, factory: Factory, sign_in: SignIn, engine: Engine, ada: Connected, site: Site
) -> None:
    page = await anna.submit(await anna.open(PAGE), "/notifications/browser", **PushedBrowser(site).fields)
    theirs = {name: values[0] for name, values in page.fields("/notifications/browser/end").items()}
    eve, _ = await factory.person("Eve")
    async with sign_in(eve) as browser:
        own = await browser.submit(await browser.open(PAGE), "/notifications/browser", **PushedBrowser(site).fields)
        mine = {name: values[0] for name, values in own.fields("/notifications/browser/end").items()}
        for data in (theirs, {**mine, "browser": theirs["browser"]}, {**theirs, "form_token": mine["form_token"]}):
            assert (await browser.http.post("/notifications/browser/end", data=data)).status_code == 400
    assert len(await stored(engine, ada, "push_subscriptions")) == 2


async def test_one_to_try_it_waits_for_each_browser(
    anna: ListBrowser, engine: Engine, ada: Connected, site: Site
) -> None:
    page = await anna.open(PAGE)
    assert not page.has_form("/notifications/trial")
    page = await anna.submit(page, "/notifications/browser", **PushedBrowser(site).fields)
    data = {name: values[0] for name, values in page.fields("/notifications/trial").items()}
    for _ in range(2):
        answer = await anna.http.post("/notifications/trial", data=data)
        assert answer.headers["location"] == "/notifications?done=trial"


async def test_quiet_hours_zone_language_and_words_are_kept(anna: ListBrowser, engine: Engine, ada: Connected) -> None:
    page = await anna.open(PAGE)
    page = await anna.submit(
        page,
        "/notifications/settings",
        quiet="yes",
        quiet_from="21:30",
        quiet_until="06:15",
        time_zone="Europe/Berlin",
        language="de",
        letter_hour="18",
        without_text="yes",
    )
    assert done(page) == "Saved."
    (row,) = await stored(engine, ada, "alert_settings")
    assert (row["quiet_from"], row["quiet_until"], row["letter_hour"]) == (21 * 60 + 30, 6 * 60 + 15, 18)
    assert (row["time_zone"], row["language"], row["without_text"]) == ("Europe/Berlin", "de", True)
    assert chosen(page, "time_zone") == "Europe/Berlin"
    assert page.soup.select_one("input[name=quiet_from]")["value"] == "21:30"  # pyright: ignore[reportOptionalSubscript]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "25:00"},
        {"quiet_from": "22"},
        {"quiet_from": "07:00"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": ""},
        {"language": "xx"},
        {"letter_hour": "24"},
        {"letter_hour": "-1"},
    ],
)
async def test_settings_that_make_no_sense_are_refused(
    anna: ListBrowser, engine: Engine, ada: Connected, wrong: dict[str, str]
) -> None:
    page = await anna.open(PAGE)
    right = {"quiet": "yes", "quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "UTC", "language": "en"}
    page = await anna.submit(page, "/notifications/settings", **{**right, "letter_hour": "7", **wrong})
    assert page.response.status_code == 400
    assert alert(page)
    assert await stored(engine, ada, "alert_settings") == []


async def test_without_a_mail_server_the_page_says_that_there_is_no_letter(anna: ListBrowser) -> None:
    page = await anna.open(PAGE)
    assert "this service has no mail server" in page.text
    assert page.soup.select("input[name=letter]") == []


async def test_a_letter_is_ended_by_its_own_address_without_a_sign_in(
    app: Starlette, settings: Settings, engine: Engine, ada: Connected, anna: ListBrowser
) -> None:
    page = await anna.open(PAGE)
    await anna.submit(page, "/notifications/lists/L1", push="additions", letter="yes")
    address = f"{PAGE}/unsubscribe?token={unsubscribe_token(ada.person.id, settings.secret_keys[0])}"
    async with http_to(app, settings) as http:
        assert "Send me no more letters" in (await http.get(address)).text
        assert (await stored(engine, ada, "list_alerts"))[0]["in_letter"], "opening it ends nothing"
        for _ in range(2):
            answer = await http.post(address, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
            assert "The daily letter has ended" in answer.text
            assert "set-cookie" not in answer.headers
        (row,) = await stored(engine, ada, "list_alerts")
        assert (row["push"], row["in_letter"]) == ("additions", False)
        for forged in ("", "?token=", f"?token={ada.person.id.hex}.{'0' * 64}", "?token=%00", "?token=é.é"):
            for method in ("GET", "POST"):
                answer = await http.request(method, f"{PAGE}/unsubscribe{forged}")
                assert (answer.status_code, "does not work" in answer.text) == (400, True)


async def test_names_of_lists_are_text(anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_list", list="L1", name="<script>alert(1)</script>{{ 7 * 191 }}")
    page = await anna.open(PAGE)
    assert page.soup.find("script", string=re.compile("alert")) is None
    assert "<script>alert(1)</script>{{ 7 * 191 }}" in page.soup.get_text()


async def test_it_speaks_german(anna: ListBrowser) -> None:
    anna.http.headers["Accept-Language"] = "de"
    page = await anna.open(PAGE)
    assert page.soup.h1 is not None
    assert page.soup.h1.get_text() == "Benachrichtigungen"
    assert chosen(page, "language") == "de"
