"""A real Chromium, one running service for all tests of a process, and visitors with browsers of their own."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browsers.visitor import Visitor, Visitors
from tests.journeys.product import Product
from tests.npm import install

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's sandbox needs a user that isn't root, as CI is. Only pages of this service are opened.
OPTIONS = ("--no-sandbox", "--disable-dev-shm-usage")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They have a lane of their own, `make browsers`."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browsers)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def playwright() -> Generator[Playwright]:
    """The library that drives the browser."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of this machine. Without one the tests are skipped, and say so; in CI they fail."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium here (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, chromium_path: str) -> Generator[Browser]:
    """That browser, running."""
    browser = playwright.chromium.launch(executable_path=chromium_path, args=list(OPTIONS))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core. Where npm can't install it, this fails with its words."""
    directory = tmp_path_factory.mktemp("axe")
    install(HERE, directory)
    return (directory / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def product(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Generator[Product]:
    """The service with a database of its own; many people sign up from one address, hence no limits."""
    with Product(tmp_path_factory.mktemp("product") / "data", environment={"LIMITS": "off"}) as product:
        product.start()
        yield product


@pytest.fixture
def visitors(chromium: Browser, product: Product, axe: str) -> Generator[Visitors]:
    """Opens browsers for visitors; what one sees must hold no error when the test ends."""
    with Visitors(chromium, product.url, axe) as visitors:
        yield visitors


@pytest.fixture(params=["en", "de"])
def visitor(visitors: Visitors, request: pytest.FixtureRequest) -> Visitor:
    """A visitor with a desktop browser, in one language after the other."""
    return visitors.arrive(language=request.param)


@pytest.fixture(params=["en", "de"])
def plain_visitor(visitors: Visitors, request: pytest.FixtureRequest) -> Visitor:
    """The same without scripts."""
    return visitors.arrive(language=request.param, scripts=False)
