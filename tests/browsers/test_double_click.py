"""Double clicks in a real browser, and the page that asks for consent on a small screen and with large text."""

import secrets
from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Page

from tests.browsers.test_pages import register, waiting_app
from tests.browsers.visitor import PASSWORD, PHONE, Visitor, Visitors
from tests.journeys.product import Product

MILLISECONDS = (20, 100, 250)


def click_twice(page: Page, form: str, apart: int) -> None:
    """Two clicks of the mouse on the form's button; the second is complete so many milliseconds after the first."""
    button = page.locator(f"form[action^='{form}'] button").first
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.mouse.click(x, y, delay=apart)


def sent(page: Page, form: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of a form that was filled in."""
    shown = page.locator(f"form[action^='{form}']").first
    fields = {str(each.get_attribute("name")): each.input_value() for each in shown.locator("input, select").all()}
    return urljoin(page.url, str(shown.get_attribute("action"))), fields


def click_after_a_lost_answer(page: Page, form: str) -> None:
    """The service has answered the first click, and the browser has dropped that answer with its cookie."""
    url, fields = sent(page, form)
    cookies = {str(each.get("name")): str(each.get("value")) for each in page.context.cookies()}
    assert httpx.post(url, data=fields, cookies=cookies).status_code == 303
    page.locator(f"form[action^='{form}'] button").first.click()


def click_before_the_next_page(page: Page, form: str) -> None:
    """The browser has the cookie of the first answer, and not yet the page that it leads to."""
    url, fields = sent(page, form)
    form_fields: dict[str, str | float | bool] = {**fields}
    assert page.context.request.post(url, form=form_fields, max_redirects=0).status == 303
    page.locator(f"form[action^='{form}'] button").first.click()


CLICKS: dict[str, Callable[[Page, str], None]] = {
    **{f"{apart} ms": (lambda page, form, apart=apart: click_twice(page, form, apart)) for apart in MILLISECONDS},
    "lost answer": click_after_a_lost_answer,
    "before the next page": click_before_the_next_page,
}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("clicks", CLICKS)
@pytest.mark.parametrize("base", ["/oauth", "/account"])
def test_a_double_click_signs_up_and_in(
    visitors: Visitors, product: Product, base: str, clicks: str, scripts: bool
) -> None:
    visitor = visitors.arrive(scripts=scripts)
    app = waiting_app() if base == "/oauth" else nullcontext(("", list[str]()))
    with app as (callback, came):
        start = register(product, callback).url() if base == "/oauth" else "/account"
        page = visitor.page
        # Waited for by what it shows: the browser gives up the first way there, which waiting for an address reports.
        arrived = "form#consent" if base == "/oauth" else "form[action='/account/sign-out']"
        for form in (f"{base}/sign-up", f"{base}/sign-in"):
            visitor.open(start)
            if form.endswith("sign-up"):
                page.locator(f"main a[href*='{form}']").click()
                visitor.email = f"double{secrets.token_hex(8)}@example.org"
            visitor.form(form).locator("[name=email]").fill(visitor.email)
            visitor.form(form).locator("[name=password]").fill(PASSWORD)
            CLICKS[clicks](page, form)
            page.locator(arrived).wait_for()
            assert page.locator("[role=alert]:visible").count() == 0
            assert visitor.heading().startswith("Connect" if base == "/oauth" else "Your account")
            if form.endswith("sign-up"):
                visitor.open("/account")
                visitor.send("/account/sign-out")
                page.wait_for_url("**/account/sign-in*")
        if base == "/oauth":
            page.locator("button[value=approve]").click()
            page.wait_for_url("**/callback*")
            assert "code=" in came[0]


def at_consent(visitor: Visitor, product: Product, callback: str) -> None:
    visitor.open(register(product, callback).url())
    visitor.page.locator("main a[href*='/oauth/sign-up']").click()
    visitor.sign_up("/oauth/sign-up")
    visitor.page.wait_for_url("**/oauth/consent*")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("size", ["100%", "200%"])
def test_on_a_phone_approving_is_within_reach(visitors: Visitors, product: Product, language: str, size: str) -> None:
    visitor = visitors.arrive(language=language, width=PHONE, reduced_motion="reduce")
    visitor.page.set_viewport_size({"width": PHONE, "height": 640})
    with waiting_app() as (callback, came):
        at_consent(visitor, product, callback)
        page = visitor.page
        page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
        if size == "200%":  # the header fills a small screen then
            page.locator("h1").evaluate("(each) => each.scrollIntoView()")
        for decision in ("approve", "deny"):
            box = page.locator(f"button[value={decision}]").bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 640
            assert box["x"] + box["width"] <= PHONE
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
        # What the keyboard reaches isn't behind the buttons.
        for field in page.locator("input[name=duration], input[name=level]").all():
            field.focus()
            hidden = field.evaluate(
                """(each) => each.getBoundingClientRect().bottom
                    > document.querySelector('.within-reach').getBoundingClientRect().top"""
            )
            assert not hidden
        assert page.locator("main").inner_text().count("A test app") == 1
        page.locator("button[value=approve]").click()
        page.wait_for_url("**/callback*")
        assert came


def test_back_and_a_second_tab_say_which_answer_counted(visitors: Visitors, product: Product) -> None:
    visitor = visitors.arrive()
    with waiting_app() as (callback, _):
        at_consent(visitor, product, callback)
        second = visitor.page.context.new_page()
        second.goto(visitor.page.url)
        asked = visitor.page.url
        visitor.page.locator("button[value=approve]").click()
        visitor.page.wait_for_url("**/callback*")
        second.locator("button[value=deny]").click()
        second.locator("h1", has_text="You have answered already").wait_for()
        assert "You approved A test app" in second.locator("main").inner_text()
        visitor.page.goto(asked)
        assert visitor.heading() == "You have answered already"
        visitor.faults = [each for each in visitor.faults if "status of 400" not in each]  # as it should be
        visitor.looks_right()


def test_the_page_after_approving_looks_like_the_others(visitors: Visitors, product: Product) -> None:
    """It stays when a browser does not go on by itself."""
    visitor = visitors.arrive(width=PHONE)
    visitor.page.context.route("**/callback*", lambda route: route.abort("aborted"))
    with waiting_app() as (callback, _):
        at_consent(visitor, product, callback)
        visitor.page.locator("button[value=approve]").click()
        visitor.page.locator("h1", has_text="Back to the app").wait_for()
        link = visitor.page.locator("main a.button")
        assert str(link.get_attribute("href")).startswith(callback)
        assert visitor.page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") == "16px"
        visitor.faults.clear()  # the app's address was refused on purpose
        visitor.looks_right()


@pytest.mark.parametrize(
    ("path", "focused"), [("/account/sign-in", "email"), ("/account/sign-up", "email"), ("/join", "code")]
)
def test_the_first_field_is_ready_to_type_into(visitors: Visitors, path: str, focused: str) -> None:
    visitor = visitors.arrive()
    visitor.open(path)
    assert visitor.page.locator(":focus").get_attribute("name") == focused
