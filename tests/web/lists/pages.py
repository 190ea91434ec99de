"""The pages of lists in a browser without scripts, and what stands on them."""

from typing import Any

import httpx
from bs4 import BeautifulSoup, Tag

from tests.oauth.browser import Browser, Page


class ListBrowser(Browser):
    """A browser at the pages of lists of one household, whatever others its person has."""

    def __init__(self, http: httpx.AsyncClient, household: str) -> None:
        super().__init__(http)
        self.household = household

    async def open_list(self, name: str = "Groceries") -> Page:
        """Open the page of all lists, and follow the link to one."""
        page = await self.open("/lists")
        links = [each for each in page.soup.find_all("a") if f"household={self.household}" in str(each["href"])]
        return await self.open(next(str(each["href"]) for each in links if each.get_text(strip=True) == name))

    async def press(self, page: Page, name: str, value: str, **changed: str) -> Page:
        """Press the button with this name and value."""
        return await self.shown(await self.send(page, name, value, **changed))

    async def send(self, page: Page, name: str, value: str, **changed: str) -> httpx.Response:
        """Send the form of the button with this name and value."""
        button = page.soup.find("button", attrs={"name": name, "value": value})
        assert isinstance(button, Tag), f"no button {name}={value} on: {page.text}"
        form = button.find_parent("form")
        assert isinstance(form, Tag)
        fields = {str(each["name"]): str(each["value"]) for each in form.find_all("input", type="hidden")}
        target = str(button.get("formaction") or form["action"])
        return await self.http.post(target, data={**fields, name: value, **changed})

    async def add(self, page: Page, text: str, **changed: Any) -> Page:
        """Add what is typed into the field."""
        return await self.submit(page, "/add", text=text, **changed)

    async def shown(self, response: httpx.Response) -> Page:
        """What the browser shows for a response, redirects followed."""
        while response.is_redirect:
            response = await self.http.get(response.headers["location"])
        return Page(response, BeautifulSoup(response.text, "html.parser"))


def lines(page: Page, which: str = ".items:not(.bought)") -> list[str]:
    """The items on a page, each in one line, without where they come from."""
    found = [each.find("a") for each in page.soup.select(f"ul{which} > li")]
    return [_text(each) for each in found if isinstance(each, Tag)]


def bought(page: Page) -> list[str]:
    """What is shown as bought."""
    return lines(page, ".bought")


def said(page: Page) -> list[str]:
    """What the page says that a form did."""
    return [" ".join(each.get_text(" ").split()) for each in page.soup.select("ul.said > li")]


def alert(page: Page) -> str:
    """What the page says went wrong."""
    found = [each for each in page.soup.find_all(role="alert") if each.find_parent("template") is None]
    return found[0].get_text(strip=True) if found else ""


def _text(link: Tag) -> str:
    parts = [each if isinstance(each, str) else each.get_text() for each in link.children if _is_plain(each)]
    return " ".join("".join(parts).split())


def _is_plain(child: object) -> bool:
    return not (isinstance(child, Tag) and child.name == "small")
