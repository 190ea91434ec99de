"""`make screenshots`: pictures of every page for docs/screenshots, light and dark, on a phone and on a desktop."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browsers.conftest import NAMES
from tests.browsers.test_lists import Tool, connect, open_list, type_in
from tests.browsers.test_pages import register
from tests.browsers.visitor import SCHEMES, Visitor, Visitors
from tests.documents import ROOT
from tests.journeys.product import Product

DIRECTORY: Final = ROOT / "docs" / "screenshots"
SIZES: Final[dict[str, ViewportSize]] = {
    "desktop": {"width": 1100, "height": 760},
    "phone": {"width": 390, "height": 760},
}
QUALITY: Final = 50

PUBLIC: Final = {
    "front": "/",
    "connect": "/connect",
    "sign-in": "/account/sign-in",
    "sign-up": "/account/sign-up",
    "help": "/support",
    "privacy": "/privacy",
    "terms": "/terms",
    "tools": "/docs/tools",
}
SIGNED_IN: Final = {
    "lists": "/lists",
    "recipes": "/recipes",
    "recipe": "/recipes/R1",
    "plan": "/plan",
    "pantry": "/pantry",
    "household": "/household",
    "activity": "/activity",
    "spending": "/spending",
    "access": "/access",
    "notifications": "/notifications",
    "account": "/account",
    "passkeys": "/account/passkeys",
    "delete-account": "/account/delete",
}


def shown(visitor: Visitor, product: Product, guest: Visitor) -> Iterator[tuple[str, Page]]:
    """Walk through the pages, and give each with its name while it is open."""
    for name, path in PUBLIC.items():
        visitor.open(path)
        yield name, visitor.page
    visitor.sign_up()
    visitor.open(register(product, "http://localhost:9/callback").url())
    yield "consent", visitor.page
    assistant = connect(visitor, product)
    page = open_list(visitor)
    type_in(page, "2 kg flour", "milk", "6 eggs", "bread", "500 g tomatoes", "olive oil")
    assistant("add_items", items=["3 lemons", "coffee beans"])
    assistant("check_items", items=["bread"])
    fill_kitchen(assistant)
    page.reload()
    page.evaluate("document.activeElement.blur()")
    yield "list", page
    page.locator("a[href*='at=shop'], a[href*='/shop']").first.click()
    yield "shop", page
    for name, path in SIGNED_IN.items():
        visitor.open(path)
        yield name, page
    visitor.open("/household")
    visitor.send("/household/invite")
    section = page.locator("section.done")
    section.scroll_into_view_if_needed()
    yield "invitation", page
    invited = section.locator("pre").inner_text()
    visitor.open("/household")
    visitor.form("/household/guest").locator("[name=may][value=tick]").check()
    visitor.send("/household/guest", name="Grandma")
    guest.open(page.locator("section.done pre").inner_text())
    yield "guest", guest.page
    guest.open(invited)
    yield "join", guest.page


def fill_kitchen(assistant: Tool) -> None:
    """Have a recipe, a plan for today, something at home, and purchases with prices."""
    assistant("save_recipe", name="Pancakes", servings=4, items=["200 g flour", "3 eggs", "500 ml milk"])
    today = assistant("get_recipes", plan_from="2026-01-01")["today"]
    assistant("save_plan", entries=[{"date": today, "recipe": "Pancakes", "meal": "dinner"}])
    assistant(
        "record_purchase", items=[{"item": "1 kg rice", "price": 2.49}, {"item": "tea", "price": 3.9}], store="Market"
    )


def take(page: Page, name: str) -> None:
    """Take the pictures of the page that is open."""
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=DIRECTORY / f"{name}-{size}-{scheme}.jpg", type="jpeg", quality=QUALITY)


def take_all(browser: Browser, product: Product) -> None:
    """Take the pictures of every page, in place of the earlier ones."""
    DIRECTORY.mkdir(exist_ok=True)
    for old in DIRECTORY.glob("*.jpg"):
        old.unlink()
    with Visitors(browser, product.url, "") as visitors:
        for name, page in shown(visitors.arrive(), product, visitors.arrive()):
            take(page, name)


if __name__ == "__main__":
    chromium = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert chromium is not None, "no Chromium here (Debian: apt-get install chromium)"
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with Product(Path(data) / "data", environment={"LIMITS": "off"}) as product:
            product.start()
            take_all(browser, product)
        browser.close()
