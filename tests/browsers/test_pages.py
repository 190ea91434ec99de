"""The pages in a real browser, in both languages, with scripts and without."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.browsers.visitor import PASSWORD, Visitor, Visitors
from tests.journeys.product import Product
from tests.oauth.tokens import Attempt


@contextmanager
def waiting_app() -> Generator[tuple[str, list[str]]]:
    """A program on this machine that waits for its code, as MCP clients do: its callback, and what came there."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/callback"):
                came.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            # With an icon, or the browser would ask for one when the program is gone.
            self.wfile.write(b"<!doctype html><html lang='en'><title>Done</title><link rel='icon' href='data:,'>")
            self.wfile.write(b"<h1>You may close this</h1></html>")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/callback", came
        finally:
            server.shutdown()
            thread.join()


def register(product: Product, callback: str) -> Attempt:
    """The authorization request of an app that has just registered itself."""
    body = {"client_name": "A test app", "redirect_uris": [callback], "token_endpoint_auth_method": "none"}
    registered = httpx.post(f"{product.url}/oauth/register", json=body)
    assert registered.status_code == 201, registered.text
    return Attempt(registered.json()["client_id"], product.url, callback)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/connect", "/privacy", "/terms", "/support", "/docs/tools", "/nowhere"),
        *("/account/sign-in", "/account/sign-up", "/account/reset", "/join", "/join?code=ABCD-EFGH"),
    ],
)
def test_pages_that_everybody_sees_are_right(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    for summary in visitor.page.locator("summary").all():  # one drawer at a time is open
        summary.click()
        visitor.looks_right()
    visitor.faults = [each for each in visitor.faults if "status of 40" not in each]  # an unknown code or address
    visitor.looks_right()
    visitor.is_easy_to_hit()


def test_the_keyboard_gets_past_the_header_and_shows_where_it_is(visitors: Visitors) -> None:
    visitor = visitors.arrive()
    visitor.open("/connect")  # where no field is focused from the start
    visitor.page.keyboard.press("Tab")
    focused = visitor.page.locator(":focus")
    assert focused.get_attribute("href") == "#content"
    box = focused.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert visitor.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.url.endswith("#content")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_language_is_chosen_by_a_click_and_kept(visitors: Visitors, scripts: bool) -> None:
    visitor = visitors.arrive(language="en", scripts=scripts)
    visitor.open("/account/sign-in?next=/household")
    visitor.page.locator("footer button[value=de]").click()
    assert urlsplit(visitor.page.url).query == "next=/household"
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    visitor.open("/")
    assert visitor.page.locator("html").get_attribute("lang") == "de"


def test_a_button_copies_what_a_client_needs(visitors: Visitors) -> None:
    visitor = visitors.arrive(permissions=["clipboard-read", "clipboard-write"])
    visitor.open("/connect")
    visitor.page.locator("pre.address + button").click()
    visitor.page.locator("pre.address + button", has_text="Copied").wait_for()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == f"{visitor.url}/mcp"
    visitor.page.locator("pre.address + button", has_text="Copy").wait_for()
    visitor.page.locator("summary", has_text="Codex").click()
    visitor.page.locator("details[open] pre + button").click()
    copied: str = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"codex mcp add shopping-list --url {visitor.url}/mcp"


def test_without_scripts_the_steps_are_there_and_no_dead_button(visitors: Visitors) -> None:
    visitor = visitors.arrive(scripts=False)
    visitor.open("/connect")
    visitor.page.locator("summary", has_text="Claude Code").click()
    assert visitor.page.locator("details[open] pre").inner_text().startswith("claude mcp add")
    assert visitor.page.locator("main button").count() == 0


def people_come_and_go(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    assert visitor.page.locator("main").inner_text().count(visitor.email) == 1
    visitor.looks_right()
    visitor.page.locator("header nav a[href$='/household']").click()
    assert visitor.page.locator("header nav a[aria-current=page]").get_attribute("href") == "/household"
    visitor.looks_right()
    visitor.page.locator("header nav a[href$='/account']").click()
    visitor.send("/account/sign-out-everywhere")
    visitor.page.wait_for_url("**/account/sign-in*")
    assert visitor.page.locator("header nav").count() == 0
    visitor.send("/account/sign-in", email=visitor.email, password="wrong horse battery")
    assert visitor.page.get_by_role("alert").inner_text()
    visitor.faults = [each for each in visitor.faults if "status of 400" not in each]  # as it should be
    visitor.looks_right()
    visitor.send("/account/sign-in", email=visitor.email, password=PASSWORD)
    visitor.page.wait_for_url("**/account")


def test_somebody_signs_up_signs_out_and_signs_in(visitor: Visitor) -> None:
    people_come_and_go(visitor)


def test_they_need_no_scripts_for_it(plain_visitor: Visitor) -> None:
    people_come_and_go(plain_visitor)


def one_invites_another(host: Visitor, other: Visitor) -> None:
    host.sign_up()
    host.open("/household")
    host.form("/household/invite").locator("[name=role][value=viewer]").check()
    host.send("/household/invite")
    link = host.page.locator("section.done pre").inner_text()
    host.looks_right()
    other.open(link)
    other.looks_right()
    other.page.locator("main a.button").click()
    other.sign_up("/account/sign-up")
    other.page.wait_for_url("**/join*")
    other.looks_right()
    other.send("/join")
    other.page.wait_for_url("**/account?done=joined")
    other.open("/household")
    assert other.page.locator("h2 bdi").count() == 2
    host.open("/household")
    assert host.page.locator("section.app h3").count() == 2


def test_an_invitation_leads_from_a_link_to_a_shared_household(visitors: Visitors, visitor: Visitor) -> None:
    one_invites_another(visitor, visitors.arrive(language=visitor.language))


def test_an_invitation_needs_no_scripts(visitors: Visitors, plain_visitor: Visitor) -> None:
    one_invites_another(plain_visitor, visitors.arrive(language=plain_visitor.language, scripts=False))


def somebody_shares_a_list_with_a_guest(host: Visitor, guest: Visitor) -> None:
    host.sign_up()
    host.open("/household")
    host.form("/household/guest").locator("[name=may][value=tick]").check()
    host.send("/household/guest", name="Grandma")
    link = host.page.locator("section.done pre").inner_text()
    host.looks_right()
    guest.open(link)
    guest.looks_right()
    guest.send("/guest/key")
    assert re.fullmatch(r"slg_\S+", guest.page.locator("section.done pre").first.inner_text())
    guest.looks_right()


def test_a_guest_sees_a_list_and_gets_a_key(visitors: Visitors, visitor: Visitor) -> None:
    somebody_shares_a_list_with_a_guest(visitor, visitors.arrive(language=visitor.language))


def test_a_guest_needs_no_scripts(visitors: Visitors, plain_visitor: Visitor) -> None:
    somebody_shares_a_list_with_a_guest(plain_visitor, visitors.arrive(language=plain_visitor.language, scripts=False))


def somebody_connects_an_app(visitor: Visitor, product: Product) -> None:
    """By clicking, from the app's authorization address to its callback; and the code is good for a token."""
    with waiting_app() as (callback, came):
        attempt = register(product, callback)
        visitor.open(attempt.url())
        visitor.page.wait_for_url("**/oauth/sign-in*")
        visitor.looks_right()
        visitor.page.locator("main a[href*='/oauth/sign-up']").click()
        visitor.looks_right()
        visitor.sign_up("/oauth/sign-up")
        visitor.page.wait_for_url("**/oauth/consent*")
        visitor.looks_right()
        visitor.page.locator("button[value=approve]").click()
        visitor.page.wait_for_url("**/callback*")
        sent = {name: values[0] for name, values in parse_qs(urlsplit(came[0]).query).items()}
        assert sent["state"] == attempt.state
        assert sent["iss"] == product.url
        answer = httpx.post(f"{product.url}/oauth/token", data=attempt.redemption(sent["code"]))
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
    listing: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    assert httpx.post(product.mcp_url, json=listing, headers=headers).status_code == 200
    visitor.page.goto(f"{product.url}/account")
    visitor.page.locator("main a[href$='/access']").click()
    assert "A test app" in visitor.page.locator("section.connected").inner_text()
    visitor.looks_right()
    visitor.send("/access/end")
    visitor.page.wait_for_url("**/access?done=end")
    assert visitor.page.locator("section.connected").count() == 0
    visitor.looks_right()
    assert httpx.post(product.mcp_url, json=listing, headers=headers).status_code == 401


def test_an_app_is_connected_by_clicking_and_disconnected(visitor: Visitor, product: Product) -> None:
    somebody_connects_an_app(visitor, product)


def test_an_app_is_connected_without_scripts(plain_visitor: Visitor, product: Product) -> None:
    somebody_connects_an_app(plain_visitor, product)


def test_the_first_page_is_small_fast_and_stands_still(visitors: Visitors) -> None:
    visitor = visitors.arrive()
    sizes: list[int] = []
    visitor.page.on("response", lambda response: sizes.append(len(response.body())))
    visitor.open("/")
    visitor.page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes) < 100_000
    measured = json.loads(
        visitor.page.evaluate(
            """() => new Promise((resolve) => {
                let shifted = 0;
                new PerformanceObserver((list) => list.getEntries().forEach((each) => { shifted += each.value; }))
                    .observe({type: "layout-shift", buffered: true});
                const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
                requestAnimationFrame(() => resolve(JSON.stringify({shifted, paint})));
            })"""
        )
    )
    assert measured["shifted"] == 0
    assert measured["paint"] < 2_000


def test_what_a_page_loads_is_loaded_once(visitors: Visitors) -> None:
    """Browsers keep the files, whose addresses change with them."""
    visitor = visitors.arrive()
    visitor.open("/account/sign-in")
    visitor.open("/account/sign-up")
    visitor.page.wait_for_load_state("networkidle")
    loaded: dict[str, int] = visitor.page.evaluate(
        """() => Object.fromEntries(
            performance.getEntriesByType("resource").map((each) => [each.name, each.transferSize]))"""
    )
    assert any("/static/style.css" in url for url in loaded)
    assert set(loaded.values()) == {0}
