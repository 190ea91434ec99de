"""Somebody with a browser: what they do on the pages, and what every page must be for them."""

import itertools
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from playwright.sync_api import Browser, BrowserContext, Locator, Page

PASSWORD: Final = "correct horse battery"
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
PHONE: Final = 360
"""The narrowest screen that the pages are made for, in CSS pixels."""

DESKTOP: Final = 1280
SECONDS: Final = 15

_numbers = itertools.count(1)

_OVERFLOW: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SMALL_TARGETS: Final = """() =>
    [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a, a.button")]
    .filter((each) => each.checkVisibility() && each.closest(".skip") === null)
    .map((each) => [each.closest("label") ?? each, each])
    .filter(([target]) => target.getBoundingClientRect().height < 43.5)
    .map(([, each]) => each.outerHTML.slice(0, 120))"""


_TINY_TARGETS: Final = """() => {
    // Links in a sentence are as high as its lines (WCAG 2.2, 2.5.8: Inline); everything else is 24 pixels each way.
    const inSentence = (each) => {
        const block = each.closest("p, li, dd, dt, td, th, small, span, label, figcaption");
        return each.matches("a") && block !== null && getComputedStyle(each).display === "inline"
            && block.textContent.trim() !== each.textContent.trim();
    };
    return [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex='0']")]
        .filter((each) => each.checkVisibility({visibilityProperty: true}) && !inSentence(each))
        .map((each) => [each, (each.closest("label") ?? each).getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24)
        .map(([each, box]) => `${each.outerHTML.slice(0, 160)} is ${box.width} x ${box.height}`);
}"""


@dataclass
class Visitor:
    """A browser with one page, at the service `url`. `faults` are what its console and network complained of."""

    page: Page
    url: str
    axe: str
    language: str
    scripts: bool
    faults: list[str] = field(default_factory=list[str])
    email: str = ""
    authenticator: str = ""

    def complain(self, fault: str) -> None:
        """Note what the browser complained of."""
        self.faults.append(fault)

    def open(self, path: str) -> None:
        """Type in a path of the service, or an address."""
        self.page.goto(path if "://" in path else f"{self.url}{path}")

    def form(self, path: str) -> Locator:
        """The first form that goes to a path."""
        return self.page.locator(f"form[action^='{path}']").first

    def send(self, path: str, **fields: str) -> None:
        """Fill in the form that goes to a path, and press its first button."""
        form = self.form(path)
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button").first.click()

    def sign_up(self, at: str = "/account/sign-up") -> None:
        """Make an account; `at` is the path of the form, which must be open or is opened."""
        self.email = f"visitor{next(_numbers)}@example.org"
        if self.form(at).count() == 0:
            self.open(at)
        self.send(at, email=self.email, password=PASSWORD, name="Ada")

    def heading(self) -> str:
        """The text of the page's first heading."""
        return self.page.locator("h1").first.inner_text()

    def looks_right(self) -> None:
        """Check what every page promises: in both colour schemes axe-core finds nothing wrong, and neither on a small
        screen nor with text twice as large is there anything to scroll sideways."""
        __tracebackhide__ = True
        assert self.page.locator("html").get_attribute("lang") == self.language
        size = self.page.viewport_size
        assert size is not None
        if self.scripts:
            for scheme in SCHEMES:
                self.page.emulate_media(color_scheme=scheme)
                found = violations(self.page, self.axe)
                assert not found, "\n".join([f"{self.page.url} in {scheme} colours:", *found])
            small = self.page.evaluate(_SMALL_TARGETS)
            assert not small, f"{self.page.url}: {small}"
            self.page.set_viewport_size({"width": PHONE, "height": 740})
            assert self.page.evaluate(_OVERFLOW) <= 0, f"{self.page.url} at {PHONE} pixels"
            self.page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert self.page.evaluate(_OVERFLOW) <= 0, f"{self.page.url} at {PHONE} pixels with large text"
            self.page.evaluate("document.documentElement.style.fontSize = ''")
            self.page.set_viewport_size(size)

    def is_easy_to_hit(self) -> None:
        """Check that everything to press is 24 pixels high and wide at least, on a desktop and on a phone."""
        size = self.page.viewport_size
        assert size is not None
        for width in (DESKTOP, PHONE):
            self.page.set_viewport_size({"width": width, "height": 740})
            tiny = self.page.evaluate(_TINY_TARGETS)
            assert not tiny, f"{self.page.url} at {width} pixels: {tiny}"
        self.page.set_viewport_size(size)


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong on a page, one line each.

    Its script is evaluated by the debugger, so the page keeps its policy.
    """
    page.evaluate(f"() => {{ {axe} }}")
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']}: {node['html']} ({node['failureSummary']})"
        for violation in cast("list[dict[str, Any]]", found["violations"])
        for node in violation["nodes"]
    ]


@dataclass
class Visitors:
    """Those of one test."""

    browser: Browser
    url: str
    axe: str
    arrived: list[tuple[BrowserContext, Visitor]] = field(default_factory=list[tuple[BrowserContext, Visitor]])

    def arrive(self, *, language: str = "en", scripts: bool = True, width: int = DESKTOP, **options: Any) -> Visitor:
        """Return a visitor with a browser of their own."""
        context = self.browser.new_context(
            locale={"en": "en-GB", "de": "de-DE"}[language],
            java_script_enabled=scripts,
            viewport={"width": width, "height": 800},
            **options,
        )
        visitor = self.welcome(context, language=language, scripts=scripts)
        self.arrived.append((context, visitor))
        return visitor

    def welcome(self, context: BrowserContext, *, language: str = "en", scripts: bool = True) -> Visitor:
        """Return a visitor with a page of a browser; who opened it closes it, and looks at the faults."""
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        visitor = Visitor(page, self.url, self.axe, language, scripts)
        page.on("console", lambda message: visitor.complain(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: visitor.complain(str(error)))
        page.on("request", lambda request: self._note(visitor, request.url))
        return visitor

    def _note(self, visitor: Visitor, url: str) -> None:
        """Pages load nothing from elsewhere."""
        if url.startswith(("http:", "https:")) and not url.startswith((f"{self.url}/", "http://localhost:")):
            visitor.faults.append(f"asked for {url}")

    def __enter__(self) -> "Visitors":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for context, _visitor in self.arrived:
            context.close()
        if kind is None:
            assert [fault for _, visitor in self.arrived for fault in visitor.faults] == []
