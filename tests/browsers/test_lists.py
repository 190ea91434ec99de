"""The pages of lists in a real browser: with an assistant and with others at the same list, by hand and by key."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.browsers.test_pages import register, waiting_app
from tests.browsers.visitor import PASSWORD, SECONDS, Visitor, Visitors
from tests.journeys.product import Product

_ids = count(1)
expect.set_options(timeout=SECONDS * 1000)

Tool = Callable[..., dict[str, Any]]


def connect(visitor: Visitor, product: Product) -> Tool:
    """An assistant that the visitor connects by clicking; it calls tools over HTTP."""
    with waiting_app() as (callback, came):
        attempt = register(product, callback)
        visitor.open(attempt.url())
        visitor.page.locator("button[value=approve]").click()
        visitor.page.wait_for_url("**/callback*")
        code = httpx.URL(came[0]).params["code"]
        token = httpx.post(f"{product.url}/oauth/token", data=attempt.redemption(code)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}

    def call(tool: str, **arguments: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": next(_ids), "method": "tools/call"}
        sent = body | {"params": {"name": tool, "arguments": arguments}}
        answer = httpx.post(product.mcp_url, json=sent, headers=headers, timeout=60)
        data = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
        result = json.loads(data[-1]) if data else answer.json()
        assert not result["result"].get("isError"), result
        return result["result"]["structuredContent"]

    return call


def open_list(visitor: Visitor) -> Page:
    """Follow the links to the first list."""
    visitor.open("/lists")
    visitor.page.locator("main ul.lines a").first.click()
    visitor.page.wait_for_url("**/lists/L1?*", wait_until="load")  # its scripts run by then
    return visitor.page


def wait_for_names(page: Page, *names: str, bought: bool = False) -> None:
    """Wait until exactly these items are to buy, or bought."""
    rows = page.locator("ul.items.bought > li" if bought else "ul.items:not(.bought) > li")
    expect(rows.locator("a > bdi")).to_have_text(list(names))


def type_in(page: Page, *lines: str) -> None:
    """Add lines, one after the other, by the Enter key."""
    for line in lines:
        page.locator("#text").fill(line)
        page.locator("#text").press("Enter")
        expect(page.locator("#text")).to_have_value("")


def test_what_an_assistant_adds_appears_without_reloading(visitors: Visitors, product: Product) -> None:
    visitor = visitors.arrive()
    visitor.sign_up()
    assistant = connect(visitor, product)
    page = open_list(visitor)
    page.evaluate("window.stayed = true")
    page.locator("#text").fill("half a wo")
    assistant("add_items", items=["2 kg flour", "milk"])
    wait_for_names(page, "flour", "milk")
    expect(page.locator("#i1 .more")).to_contain_text("Ada with A test app")
    expect(page.locator(".latest")).to_contain_text("with A test app, added flour and 1 more")
    assistant("check_items", items=["milk"])
    wait_for_names(page, "flour")
    wait_for_names(page, "milk", bought=True)
    assistant("update_items", items=[{"item": "flour", "note": "wholemeal"}])
    expect(page.locator("#i1 .more")).to_contain_text("wholemeal")
    assert page.locator("#text").input_value() == "half a wo"
    assert page.evaluate("window.stayed")
    page.locator(".latest button").click()
    expect(page.locator("#i1")).not_to_contain_text("wholemeal")
    assert page.evaluate("window.stayed")


def test_two_phones_tick_at_once_and_nothing_is_bought_twice(visitors: Visitors, product: Product) -> None:
    phones = [visitors.arrive(width=360, has_touch=True, is_mobile=True) for _ in range(2)]
    one, other = phones
    one.sign_up()
    other.open("/account/sign-in")
    other.send("/account/sign-in", email=one.email, password=PASSWORD)
    assistant = connect(one, product)
    assistant("add_items", items=["milk", "eggs", "bread", "salt"])
    pages = [open_list(phone) for phone in phones]
    for page in pages:
        wait_for_names(page, "milk", "eggs", "bread", "salt")
    for ref, page in (("i1", pages[0]), ("i2", pages[1]), ("i3", pages[0]), ("i3", pages[1])):
        # Both are clicked before either page has heard of the other.
        page.locator(f"#{ref} button.tick").click(no_wait_after=True)
    for page in pages:
        wait_for_names(page, "salt")
        expect(page.locator("ul.bought > li")).to_have_count(3)
        expect(page.locator(".going")).to_have_count(0)
    events = assistant("get_activity", kind="check_items")["events"]
    assert sorted(change["name"] for event in events for change in event["changes"]) == ["bread", "eggs", "milk"]


LONG_TASKS = """() => {  // of 50 ms and more (W3C Long Tasks)
    window.longTasks = [];
    new PerformanceObserver((found) => window.longTasks.push(...found.getEntries().map((each) => each.duration)))
        .observe({type: "longtask"});
}"""


def test_five_hundred_items_scroll_and_tick_without_a_pause(visitors: Visitors, product: Product) -> None:
    visitor = visitors.arrive(width=360, has_touch=True, is_mobile=True)
    visitor.sign_up()
    assistant = connect(visitor, product)
    for start in range(0, 500, 100):
        numbers = range(start, start + 100)
        assistant("add_items", items=[{"name": f"thing {number}", "category": "Things"} for number in numbers])
    page = open_list(visitor)
    expect(page.locator("ul.items > li")).to_have_count(500)
    page.evaluate(LONG_TASKS)
    rounds = [tick_all(page, range(first, 500, 50)) for first in (1, 11, 21)]
    expect(page.locator("ul.items:not(.bought) > li")).to_have_count(470)
    # Whatever else this machine does can make a task long, but not one that is too long by itself short.
    assert [] in rounds


def tick_all(page: Page, numbers: range) -> list[float]:
    """Scroll to items and tick them, one after the other, until the page has read everything again; the milliseconds of
    each long task meanwhile."""
    before = page.locator("ul.bought > li").count()
    page.evaluate("window.longTasks.length = 0")
    for number in numbers:
        page.locator(f"#i{number}").scroll_into_view_if_needed()
        page.locator(f"#i{number} button.tick").click(no_wait_after=True)
    expect(page.locator("ul.bought > li")).to_have_count(before + len(numbers))
    tasks: list[float] = page.evaluate("window.longTasks")
    return tasks


def test_everything_is_done_by_hand(visitors: Visitors) -> None:
    visitor = visitors.arrive(width=360, has_touch=True)
    visitor.sign_up()
    page = open_list(visitor)
    page.evaluate("window.stayed = true")
    type_in(page, "2 kg flour", "milk", "eggs")
    expect(page.locator("ul.said")).to_have_text("Added: eggs")
    wait_for_names(page, "flour", "milk", "eggs")
    assert page.locator("#text").evaluate("(each) => each === document.activeElement")
    page.locator("#text").fill("bread\nsalt")
    page.locator("#text").press("Enter")  # a list is being typed
    expect(page.locator("#text")).to_have_value("bread\nsalt\n")
    page.locator("form[data-form=add] button[type=submit]").click()
    wait_for_names(page, "flour", "milk", "eggs", "bread", "salt")
    expect(page.locator("#text")).to_have_value("")
    swipe(page, "#i2")
    wait_for_names(page, "flour", "eggs", "bread", "salt")
    page.locator("#i3 button.tick").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wait_for_names(page, "flour", "eggs", "salt")
    focused = page.locator(":focus")
    assert (focused.get_attribute("name"), focused.get_attribute("value")) == ("check", "i5")
    page.locator(".latest button").click()
    wait_for_names(page, "flour", "eggs", "bread", "salt")
    assert page.evaluate("window.stayed")


def swipe(page: Page, row: str) -> None:
    """Draw a finger across a row, from its link."""
    page.locator(row).scroll_into_view_if_needed()
    box = page.locator(f"{row} a").bounding_box()
    assert box is not None
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    session: Any = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    touch("touchMove", {"x": x + 60, "y": y})
    touch("touchMove", {"x": x + 150, "y": y})
    touch("touchEnd")


def test_items_are_dragged_into_order(visitors: Visitors) -> None:
    visitor = visitors.arrive()
    visitor.sign_up()
    page = open_list(visitor)
    type_in(page, "one", "two", "three", "four")
    wait_for_names(page, "one", "two", "three", "four")
    page.locator("a[href*='at=order']").click()
    page.wait_for_url("**at=order*", wait_until="load")
    wait_for_names(page, "one", "two", "three", "four")
    drag(page, "#i4", "#i2")
    wait_for_names(page, "one", "four", "two", "three")
    drag(page, "#i1", "#i3")
    page.reload()
    wait_for_names(page, "four", "two", "three", "one")
    page.locator("#i1 button[value='i1 i3']").click()
    wait_for_names(page, "four", "two", "one", "three")
    page.locator("#i2 button[name=remove]").click()
    wait_for_names(page, "four", "one", "three")


def drag(page: Page, row: str, to: str) -> None:
    """Drag a row by its handle past another one."""
    page.locator(to).scroll_into_view_if_needed()
    page.locator(f"{row} .handle").scroll_into_view_if_needed()
    handle, target = page.locator(f"{row} .handle").bounding_box(), page.locator(to).bounding_box()
    assert handle is not None
    assert target is not None
    goes_up = target["y"] < handle["y"]
    page.mouse.move(handle["x"] + 5, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    with page.expect_response("**/move?*"):
        page.mouse.move(handle["x"] + 5, target["y"] + (3 if goes_up else target["height"] - 3), steps=8)
        page.mouse.up()
    expect(page.locator(".going")).to_have_count(0)


def test_usual_names_are_suggested_while_typing(visitors: Visitors) -> None:
    visitor = visitors.arrive()
    visitor.sign_up()
    page = open_list(visitor)
    type_in(page, "1 kg flour", "milk")
    page.locator("#text").press_sequentially("eggs")
    page.locator("#text").press("Shift+Enter")
    page.locator("#text").press_sequentially("2 kg fl")
    suggestion = page.locator("#names button")
    expect(suggestion).to_have_text("flour kg")
    assert visitor_is_fine(visitor)
    suggestion.click()
    expect(page.locator("#text")).to_have_value("eggs\n2 kg flour")
    page.locator("#text").press("Control+Enter")
    wait_for_names(page, "flour", "milk", "eggs")
    expect(page.locator("#i1")).to_contain_text("3 kg")


def visitor_is_fine(visitor: Visitor) -> bool:
    visitor.looks_right()
    return True


def test_the_screen_stays_awake_in_the_shop(visitors: Visitors) -> None:
    visitor = visitors.arrive(width=360)
    visitor.page.add_init_script(
        """const request = WakeLock.prototype.request;
        WakeLock.prototype.request = function (kind) { window.awake = kind; return request.call(this, kind); }"""
    )
    visitor.sign_up()
    page = open_list(visitor)
    assert page.evaluate("window.awake") is None
    type_in(page, "milk", "eggs")
    page.locator("a[href*='/shop']").click()
    page.wait_for_url("**/shop?*", wait_until="load")
    wait_for_names(page, "milk", "eggs")
    page.wait_for_function("window.awake === 'screen'")
    page.locator("#i1 button.tick").click()
    wait_for_names(page, "eggs")
    expect(page.locator(".counts")).to_contain_text("1 to buy, 1 bought")


def test_without_a_connection_what_cannot_wait_is_told_and_the_page_catches_up(
    visitors: Visitors, product: Product
) -> None:
    visitor = visitors.arrive()
    visitor.sign_up()
    assistant = connect(visitor, product)
    page = open_list(visitor)
    type_in(page, "milk", "eggs")
    wait_for_names(page, "milk", "eggs")
    page.context.set_offline(True)
    page.locator(".latest button").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no connection")
    assistant("add_items", items=["bread"])
    page.context.set_offline(False)
    wait_for_names(page, "milk", "eggs", "bread")
    visitor.faults = [each for each in visitor.faults if "ERR_INTERNET_DISCONNECTED" not in each]


def lists_are_kept(visitor: Visitor) -> None:
    """What a person does with lists, on pages that are right in every language, with scripts and without."""
    visitor.sign_up()
    visitor.open("/lists")
    visitor.looks_right()
    visitor.send("/lists/new", name="Party")
    page = visitor.page
    page.wait_for_url("**/lists/L2?*")
    for text in ("2 kg flour\nmilk", "eggs"):
        page.locator("#text").fill(text)
        page.locator("form[data-form=add] button[type=submit]").click()
        expect(page.locator("ul.said > li").first).to_be_visible()
    wait_for_names(page, "flour", "milk", "eggs")
    visitor.looks_right()
    page.locator("#i2 button.tick").click()
    wait_for_names(page, "flour", "eggs")
    visitor.looks_right()
    page.locator(".latest button").click()
    wait_for_names(page, "flour", "milk", "eggs")
    parts = ("at=order", "/shop", "by=category", "/changes", "/settings", "/items/i1")
    for address in [page.locator(f"main a[href*='{part}']").first.get_attribute("href") for part in parts]:
        visitor.open(address or "")
        visitor.looks_right()
    visitor.open("/lists/L2")
    page.locator("main a[href*='/items/i1']").click()
    page.locator("[name=note]").fill("wholemeal")
    page.locator("form[data-form='items/i1'] button[type=submit]").click()
    expect(page.locator("#i1")).to_contain_text("wholemeal")
    page.locator("a[href*='at=order']").click()
    page.wait_for_url("**at=order*")
    page.locator("#i3 button[value='i3 i2']").click()
    wait_for_names(page, "flour", "eggs", "milk")


def test_lists_are_kept_in_both_languages(visitor: Visitor) -> None:
    lists_are_kept(visitor)


def test_lists_are_kept_without_scripts(plain_visitor: Visitor) -> None:
    lists_are_kept(plain_visitor)
