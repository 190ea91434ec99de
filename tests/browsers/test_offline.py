"""The pages of lists as an app, and without a signal: what is there, what waits to be sent, and whose it is."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, Route, expect

from tests.browsers.conftest import OPTIONS
from tests.browsers.test_lists import Tool, connect, open_list, type_in, wait_for_names
from tests.browsers.visitor import PASSWORD, SECONDS, Visitor, Visitors
from tests.journeys.product import Product

expect.set_options(timeout=SECONDS * 1000)

UNTIL = """async ([arg, milliseconds]) => {
    const end = performance.now() + milliseconds;
    while (!(await (HOLDS)(arg))) {
        if (performance.now() > end) throw new Error(`it did not come about: ${arg}`);
        await new Promise(requestAnimationFrame);
    }
}"""
KEPT = """async (path) => {
    for (const name of await caches.keys()) {
        if (!name.startsWith("pages ")) continue;
        for (const { url } of await (await caches.open(name)).keys()) if (new URL(url).pathname === path) return true;
    }
    return false;
}"""
SHOWN = "async (text) => (await (await caches.match(location.href)).text()).includes(text)"
WHOSE = "async () => (await caches.keys()).filter((name) => name.startsWith('pages ')).length"


def wait_until(page: Page, holds: str, arg: object = None) -> None:
    """Wait until an asynchronous function holds in the page: playwright's own would take the promise for true."""
    page.evaluate(UNTIL.replace("HOLDS", holds), [arg, SECONDS * 1000])


def wait_until_kept(page: Page, *paths: str) -> None:
    """Wait until the service worker has these pages."""
    for path in paths:
        wait_until(page, KEPT, path)


def cut(page: Page) -> None:
    """Leave the reach of the network."""
    page.context.set_offline(True)


def mend(visitor: Visitor) -> None:
    """Come back; what the browser said of the cut is no fault."""
    visitor.page.context.set_offline(False)
    forgive(visitor)


def forgive(visitor: Visitor, *statuses: str) -> None:
    """Forget what the browser says of a network that is cut, and of answers with these statuses."""
    cuts = ("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_RESET", *(f"status of {each}" for each in statuses))
    visitor.faults[:] = [each for each in visitor.faults if not any(word in each for word in cuts)]


NO_SYNC = "delete ServiceWorkerRegistration.prototype.sync"
"""A browser without Background Sync, as most are: its pages alone send what waits."""


def shopper(visitors: Visitors, product: Product, *items: str, syncs: bool = True) -> tuple[Visitor, Tool, Page]:
    """A visitor with a phone whose list is kept, and their assistant."""
    visitor = visitors.arrive(width=360, has_touch=True, is_mobile=True)
    if not syncs:
        visitor.page.add_init_script(NO_SYNC)
    visitor.sign_up()
    assistant = connect(visitor, product)
    if items:
        assistant("add_items", items=list(items))
    page = open_list(visitor)
    wait_until_kept(page, "/lists", "/lists/L1", "/lists/L1/shop")
    return visitor, assistant, page


def ticked(assistant: Tool) -> list[str]:
    """What was bought, by the history."""
    events = assistant("get_activity", kind="check_items")["events"]
    return [change["name"] for event in events for change in event["changes"]]


def test_the_last_lists_are_there_without_a_signal(visitors: Visitors, product: Product) -> None:
    visitor, _, page = shopper(visitors, product, "milk", "eggs")
    type_in(page, "bread")
    wait_until(page, SHOWN, "<bdi>bread</bdi>")
    address = page.url
    cut(page)
    for path in ("/lists", address, address.replace("/L1?", "/L1/shop?")):
        visitor.open(path)
        expect(page.locator("#no-signal")).to_contain_text("No signal – as of")
    assert page.evaluate("getComputedStyle(document.querySelector('.items li')).display") == "flex"
    visitor.open(address)
    wait_for_names(page, "milk", "eggs", "bread")
    visitor.open("/household")
    assert visitor.heading() == "No signal"
    page.locator("main a.button").first.click()
    assert visitor.heading() == "Your lists"
    expect(page.locator("#no-signal")).to_be_visible()
    mend(visitor)
    expect(page.locator("#no-signal")).to_be_hidden()
    visitor.open(address)
    expect(page.locator("#no-signal")).to_be_hidden()
    forgive(visitor)


def unreachable(route: Route) -> None:
    """Have a request fail as it does without a network."""
    route.abort("internetdisconnected")


def waiting(page: Page, *lines: str) -> None:
    """Wait until exactly this is said to wait."""
    expect(page.locator("#waiting li")).to_have_text(list(lines))


def nothing_waits(page: Page) -> None:
    """Wait until everything is sent."""
    wait_until(page, "async () => (await outbox.all()).length === 0")
    expect(page.locator("#waiting")).to_be_hidden()


def test_what_is_done_without_a_signal_waits_and_is_sent_in_order_and_once(
    visitors: Visitors, product: Product
) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", "eggs", "2 kg flour", "salt")
    cut(page)
    page.locator("#i1 button.tick").click()
    page.locator("#i3 button.tick").click()
    page.locator("#text").fill("bread\n3 lemons")
    page.locator("form[data-form=add] button[type=submit]").click()
    waiting(page, "Got it: milk", "Got it: 2 kg flour", "Add: bread 3 lemons")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator(".going")).to_have_count(2)
    page.reload()
    waiting(page, "Got it: milk", "Got it: 2 kg flour", "Add: bread 3 lemons")
    expect(page.locator(".going")).to_have_count(2)
    visitor.open("/lists")
    waiting(page, "Got it: milkGroceries", "Got it: 2 kg flourGroceries", "Add: bread 3 lemonsGroceries")
    page.go_back()
    waiting(page, "Got it: milk", "Got it: 2 kg flour", "Add: bread 3 lemons")
    mend(visitor)
    wait_for_names(page, "eggs", "salt", "bread", "lemons")
    nothing_waits(page)
    expect(page.locator("#no-signal")).to_be_hidden()
    events = assistant("get_activity")["events"]
    assert [event["kind"] for event in events] == ["add_items", "check_items", "check_items", "add_items"]
    assert ticked(assistant) == ["flour", "milk"]
    forgive(visitor)


def test_a_tick_that_is_taken_back_without_a_signal_is_never_sent(visitors: Visitors, product: Product) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", "eggs")
    cut(page)
    page.locator("#i1 button.tick").click()
    waiting(page, "Got it: milk")
    wait_until(page, "async () => (await outbox.all()).every((each) => Date.now() - each.at > 600)")
    page.locator("#i1 button.tick").click()
    expect(page.locator("#waiting")).to_be_hidden()
    expect(page.locator(".going")).to_have_count(0)
    mend(visitor)
    type_in(page, "bread")
    wait_for_names(page, "milk", "eggs", "bread")
    assert ticked(assistant) == []
    forgive(visitor)


def test_nothing_is_lost_when_the_phone_is_closed(
    playwright: Playwright, chromium_path: str, visitors: Visitors, product: Product, tmp_path: Path
) -> None:
    with phone(playwright, chromium_path, visitors, tmp_path) as visitor:
        visitor.sign_up()
        assistant = connect(visitor, product)
        assistant("add_items", items=["milk", "eggs"])
        page = open_list(visitor)
        address = page.url
        wait_until_kept(page, "/lists", "/lists/L1")
        cut(page)
        page.locator("#i1 button.tick").click()
        page.locator("#text").fill("bread")
        page.locator("#text").press("Enter")
        waiting(page, "Got it: milk", "Add: bread")
        forgive(visitor)
    with phone(playwright, chromium_path, visitors, tmp_path) as visitor:
        page = visitor.page
        visitor.open(address)
        wait_for_names(page, "eggs", "bread")
        nothing_waits(page)
    assert ticked(assistant) == ["milk"]
    assert [event["changes"][0]["name"] for event in assistant("get_activity", kind="add_items")["events"]] == [
        "bread",
        "milk",
    ]


@contextmanager
def phone(playwright: Playwright, executable: str, visitors: Visitors, directory: Path) -> Generator[Visitor]:
    """A browser whose storage is in a directory, as that of a phone stays when it is closed."""
    context = playwright.chromium.launch_persistent_context(
        directory,
        executable_path=executable,
        args=list(OPTIONS),
        locale="en-GB",
        viewport={"width": 360, "height": 800},
    )
    try:
        yield visitors.welcome(context)
    finally:
        context.close()


@pytest.mark.parametrize("what", ["check", "add"])
def test_an_answer_that_is_lost_doubles_nothing(visitors: Visitors, product: Product, what: str) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", "2 eggs", syncs=False)
    applied: list[int] = []

    def lose(route: Route) -> None:
        applied.append(route.fetch().status)
        route.abort("connectionreset")

    page.context.route(f"**/{what}?*", lose, times=1)
    if what == "check":
        page.locator("#i1 button.tick").click()
    else:
        page.locator("#text").fill("2 eggs")
        page.locator("#text").press("Enter")
    waiting(page, "Got it: milk" if what == "check" else "Add: 2 eggs")
    assert applied == [200]
    if what == "check":
        assistant("check_items", items=["milk"], checked=False)  # sent again, it takes nothing back
    page.reload()
    nothing_waits(page)
    wait_for_names(page, "milk", "eggs")
    expect(page.locator("#i2")).to_contain_text("2 eggs" if what == "check" else "4 eggs")
    added = assistant("get_activity", kind="add_items")["events"]
    assert len(added) == (1 if what == "check" else 2)
    forgive(visitor)


def test_two_people_in_two_shops_agree_in_the_end(visitors: Visitors, product: Product) -> None:
    one, assistant, page = shopper(visitors, product, "milk", "eggs", "flour", "salt", "rice")
    other = visitors.arrive(width=360)
    other.open("/account/sign-in")
    other.send("/account/sign-in", email=one.email, password=PASSWORD)
    theirs = open_list(other)
    wait_until_kept(theirs, "/lists", "/lists/L1")
    cut(page)
    cut(theirs)
    for each in (page, theirs):
        each.locator("#i1 button.tick").click()
        waiting(each, "Got it: milk")
    for ref in ("i2", "i3", "i5"):
        page.locator(f"#{ref} button.tick").click()
    page.locator("#text").fill("2 lemons")
    page.locator("#text").press("Enter")
    waiting(page, "Got it: milk", "Got it: eggs", "Got it: flour", "Got it: rice", "Add: 2 lemons")
    assistant("remove_items", items=["eggs"])
    assistant("update_items", items=[{"item": "flour", "quantity": 3, "unit": "kg"}])
    assistant("add_items", items=["3 lemons"])
    mend(other)
    wait_for_names(theirs, "flour", "salt", "rice", "lemons")
    mend(one)
    wait_for_names(page, "salt", "lemons")
    expect(page.locator("#i6")).to_contain_text("5 lemons")
    expect(page.locator("ul.bought")).to_contain_text("3 kg flour")
    expect(page.locator("#not-done li")).to_have_text(["Got it: eggsThat is no longer on this list."])
    expect(page.get_by_role("alert")).to_have_count(0)
    assert sorted(ticked(assistant)) == ["flour", "milk", "rice"]
    page.locator("#not-done button").click()
    expect(page.locator("#not-done")).to_be_hidden()
    page.reload()
    wait_for_names(page, "salt", "lemons")
    expect(page.locator("#not-done")).to_be_hidden()
    forgive(one, "404")
    forgive(other)


def test_what_was_for_a_list_that_is_gone_is_told(visitors: Visitors, product: Product) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk")
    assistant("save_list", name="Party")
    cut(page)
    page.locator("#i1 button.tick").click()
    waiting(page, "Got it: milk")
    assistant("delete_list", list="L1", confirm_name="Groceries")
    mend(visitor)
    expect(page.locator("#list")).to_have_count(0)  # it is gone from this page too
    visitor.open("/lists")
    expect(page.locator("#not-done li")).to_contain_text("There is no such list.")
    expect(page.locator("#waiting")).to_be_hidden()
    forgive(visitor, "404")


def test_nothing_is_kept_of_who_has_signed_out_and_their_changes_wait_for_them(
    visitors: Visitors, product: Product
) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", "eggs", syncs=False)
    address, email = page.url, visitor.email
    cut(page)
    page.locator("#i1 button.tick").click()
    waiting(page, "Got it: milk")
    page.context.route("**/check?*", unreachable)
    page.context.set_offline(False)
    visitor.open("/account")
    visitor.send("/account/sign-out")
    expect(page.locator("form[action^='/account/sign-in']")).to_be_visible()
    wait_until(page, f"async () => await ({WHOSE})() === 0")
    cut(page)
    visitor.open(address)
    assert visitor.heading() == "No signal"
    assert "milk" not in page.content()
    page.context.set_offline(False)
    page.context.unroute("**/check?*", unreachable)
    # Somebody else at the same browser is shown neither what was kept nor what waits, and sends none of it.
    visitor.sign_up()
    visitor.open("/lists")
    expect(page.locator("#held-by-others")).to_contain_text("wait until they sign in again: 1")
    assert "milk" not in page.content()
    wait_until_kept(page, "/lists")
    assert page.evaluate(WHOSE) == 1
    cut(page)
    visitor.open(address)
    assert "milk" not in page.content()
    page.context.set_offline(False)
    assert ticked(assistant) == []
    visitor.open("/account")
    visitor.send("/account/sign-out")
    visitor.send("/account/sign-in", email=email, password=PASSWORD)
    visitor.open(address)
    wait_for_names(page, "eggs")
    nothing_waits(page)
    assert ticked(assistant) == ["milk"]
    forgive(visitor)


def test_a_page_that_is_slow_to_come_is_not_replaced_by_one_of_who_has_signed_out_meanwhile(
    visitors: Visitors, product: Product
) -> None:
    visitor, _, page = shopper(visitors, product, "milk")
    address, held = page.url, list[Route]()
    late = page.context.new_page()
    late.goto(f"{product.url}/no-signal")
    visitor.open("/account")
    page.context.route("**/lists/L1?*", lambda route: held.append(route))  # it has to take attributes
    late.evaluate("(address) => { location.href = address; }", address)
    while not held:
        page.evaluate("new Promise(requestAnimationFrame)")
    visitor.send("/account/sign-out")
    wait_until(page, f"async () => await ({WHOSE})() === 0")
    held[0].abort("internetdisconnected")
    late.wait_for_url(address)
    expect(late.locator("h1")).to_have_text("No signal")
    assert "milk" not in late.content()
    forgive(visitor)


def test_what_somebody_else_left_behind_can_be_thrown_away(visitors: Visitors, product: Product) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", syncs=False)
    cut(page)
    page.locator("#i1 button.tick").click()
    waiting(page, "Got it: milk")
    page.context.route("**/check?*", unreachable)
    page.context.set_offline(False)
    visitor.open("/account")
    visitor.send("/account/sign-out")
    page.context.unroute("**/check?*", unreachable)
    visitor.sign_up()
    visitor.open("/lists")
    page.locator("#held-by-others button").click()
    expect(page.locator("#held-by-others")).to_be_hidden()
    nothing_waits(page)
    assert ticked(assistant) == []
    forgive(visitor)


def test_the_app_can_be_installed(
    playwright: Playwright, chromium_path: str, visitors: Visitors, product: Product, tmp_path: Path
) -> None:
    with phone(playwright, chromium_path, visitors, tmp_path) as visitor:
        visitor.sign_up()
        page = visitor.page
        visitor.open("/lists")
        wait_until_kept(page, "/lists")
        session: Any = page.context.new_cdp_session(page)
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"] == f"{visitor.url}/manifest.webmanifest?language=en"


def test_the_browser_sends_what_waits_though_every_page_is_closed(visitors: Visitors, product: Product) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", "eggs")
    worker = page.context.service_workers[0]
    cut(page)
    page.locator("#i1 button.tick").click()
    waiting(page, "Got it: milk")
    page.goto("about:blank")
    mend(visitor)
    # What the browser does by itself once there is a network again: this one's was never gone.
    worker.evaluate("() => outbox.send()")
    assert ticked(assistant) == ["milk"]


def test_a_double_tap_ticks_once(visitors: Visitors, product: Product) -> None:
    _, assistant, page = shopper(visitors, product, "milk", "eggs")
    page.locator("#i1 button.tick").dblclick()
    wait_for_names(page, "eggs")
    nothing_waits(page)
    assert ticked(assistant) == ["milk"]


def test_what_the_service_cannot_take_now_is_sent_later_and_at_last_given_up(
    visitors: Visitors, product: Product
) -> None:
    visitor, assistant, page = shopper(visitors, product, "milk", "eggs", "salt", syncs=False)
    answers = iter([503, 429])

    def busy(route: Route) -> None:
        route.fulfill(status=next(answers), headers={"Retry-After": "1"}, body="later")

    page.context.route("**/check?*", busy, times=2)
    page.locator("#i1 button.tick").click()
    page.locator("#i2 button.tick").click()
    waiting(page, "Got it: milk", "Got it: eggs")
    wait_for_names(page, "salt")
    assert next(answers, None) is None
    assert ticked(assistant) == ["eggs", "milk"]
    cut(page)
    page.locator("#i3 button.tick").click()
    waiting(page, "Got it: salt")
    page.evaluate(
        """async () => {
            const store = (await idb.openDB("outbox", 1)).transaction("changes", "readwrite").store;
            await store.put({...(await store.getAll())[0], tries: 200});
        }"""
    )
    mend(visitor)
    expect(page.locator("#not-done li")).to_have_text(["Got it: saltThe service could not take it."])
    wait_for_names(page, "salt")
    forgive(visitor, "503", "429")


def test_the_pages_without_a_signal_are_right_in_both_languages(visitor: Visitor) -> None:
    visitor.sign_up()
    page = open_list(visitor)
    wait_until_kept(page, "/lists", "/lists/L1", "/lists/L1/shop")
    type_in(page, "milk")
    wait_for_names(page, "milk")
    cut(page)
    page.locator("#i1 button.tick").click()
    expect(page.locator("#waiting")).to_be_visible()
    visitor.looks_right()
    visitor.open("/lists")
    expect(page.locator("#waiting")).to_be_visible()
    visitor.looks_right()
    visitor.open("/household")
    expect(page.locator("h1")).to_have_text({"en": "No signal", "de": "Kein Netz"}[visitor.language])
    visitor.looks_right()
    mend(visitor)
