"""A person at a browser without scripts: follows links, fills in forms, obeys the meta refresh of the code page."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from bs4 import BeautifulSoup, Tag

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows. `elsewhere` is the address of another site that it was sent to, not opened."""

    response: httpx.Response
    soup: BeautifulSoup
    elsewhere: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def title(self) -> str:
        """The first heading."""
        heading = self.soup.find("h1")
        return heading.get_text(strip=True) if heading else ""

    @property
    def text(self) -> str:
        """All the text, in one line."""
        return " ".join(self.soup.get_text(" ").split())

    def has_form(self, path: str) -> bool:
        """Whether there is a form that goes to an address ending in `path`."""
        return self._form_or_none(path) is not None

    def form(self, path: str) -> Tag:
        """The form that goes to an address ending in `path`."""
        found = self._form_or_none(path)
        assert found is not None, f"no form for {path} on: {self.text}"
        return found

    def fields(self, path: str) -> dict[str, list[str]]:
        """What the form would send as it was filled in beforehand, without any button."""
        sent: dict[str, list[str]] = {}
        for field in self.form(path).find_all("input"):
            if field.get("type") not in ("checkbox", "radio") or field.has_attr("checked"):
                sent.setdefault(str(field["name"]), []).append(str(field.get("value", "")))
        return sent

    def link(self, path: str) -> str:
        """The address of the first link that contains `path`."""
        for link in self.soup.find_all("a"):
            if path in str(link.get("href", "")):
                return str(link["href"])
        raise AssertionError(f"no link to {path} on: {self.text}")

    def _form_or_none(self, path: str) -> Tag | None:
        return next(
            (form for form in self.soup.find_all("form") if urlsplit(str(form["action"])).path.endswith(path)), None
        )


class Browser:
    """One browser: its cookies are those of the given HTTP client."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def open(self, url: str) -> Page:
        """Type in an address."""
        return await self._shown(await self.http.get(url))

    async def submit(self, page: Page, path: str, **values: Any) -> Page:
        """Send the form for `path`, with `values` over what was filled in; None leaves a field out."""
        return await self.submit_from(None, page, path, **values)

    async def submit_from(self, origin: str | None, page: Page, path: str, **values: Any) -> Page:
        """The same with an Origin header, as browsers send one."""
        fields: dict[str, Any] = {**page.fields(path), **values}
        data = {name: value for name, value in fields.items() if value is not None}
        url = urljoin(str(page.response.url), str(page.form(path)["action"]))
        return await self._shown(await self.http.post(url, data=data, headers={"Origin": origin} if origin else {}))

    async def sign_up(self, authorize_url: str, email: str, password: str = PASSWORD) -> Page:
        """Open an authorization request and make an account; the consent page."""
        page = await self.open(authorize_url)
        page = await self.open(urljoin(str(page.response.url), page.link("/oauth/sign-up")))
        return await self.submit(page, "/oauth/sign-up", email=email, password=password)

    async def sign_in(self, authorize_url: str, email: str, password: str = PASSWORD) -> Page:
        """Open an authorization request and sign in; the consent page."""
        page = await self.open(authorize_url)
        return await self.submit(page, "/oauth/sign-in", email=email, password=password)

    async def approve(self, page: Page, **choices: Any) -> str:
        """Approve on the consent page; the address that the code page sends the browser to."""
        return refresh_target(await self.submit(page, "/oauth/consent", decision="approve", **choices))

    async def _shown(self, response: httpx.Response) -> Page:
        ours = urlsplit(str(response.url)).netloc
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if urlsplit(target).netloc != ours:
                return Page(response, BeautifulSoup("", "html.parser"), elsewhere=target)
            response = await self.http.get(target)
        return Page(response, BeautifulSoup(response.text, "html.parser"))


def refresh_target(page: Page) -> str:
    """Where the page's meta refresh leads."""
    refresh = page.soup.find("meta", attrs={"http-equiv": "refresh"})
    assert refresh is not None, f"no meta refresh on: {page.text}"
    _, _, target = str(refresh["content"]).partition("url=")
    return target


async def sign_up_and_approve(http: httpx.AsyncClient, authorize_url: str, email: str, password: str = PASSWORD) -> str:
    """Walk an authorization request to its end, as a person with a browser would; the redirect with the code.

    Makes an account, or signs in when `email` has one; goes straight to consent when this browser is signed in.
    """
    browser = Browser(http)
    page = await browser.open(authorize_url)
    if page.has_form("/oauth/sign-in"):
        sign_in = page
        page = await browser.open(urljoin(str(page.response.url), page.link("/oauth/sign-up")))
        page = await browser.submit(page, "/oauth/sign-up", email=email, password=password)
        if page.has_form("/oauth/sign-up"):
            page = await browser.submit(sign_in, "/oauth/sign-in", email=email, password=password)
    return await browser.approve(page)
