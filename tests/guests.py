"""Guests' links, as a member makes them, and what a guest sends: pages without a cookie, and calls with a key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from bs4 import BeautifulSoup

from app.db import Engine, transaction
from app.households import guest_repository, guests
from app.households.models import GuestLink
from app.runtime.clock import system_clock
from tests.factory import Connected
from tests.mcp.client import MODERN, Era, McpClient

DOOR = "/mcp/guest"


async def share(client: McpClient, name: str = "Grandma", **arguments: Any) -> str:
    """Make a link through an assistant, and return the code in it."""
    made = await client.call("invite_member", role="guest", name=name, **arguments)
    return code_in(made["link"])


def code_in(link: str) -> str:
    """The code in a link."""
    return parse_qs(urlsplit(link).query)["code"][0]


@dataclass
class Guest:
    """Somebody with the code of a link, at a browser that never keeps a cookie."""

    http: httpx.AsyncClient
    code: str

    async def open(self, cursor: str = "") -> httpx.Response:
        """The page of the link."""
        return await self.http.get("/guest", params={"code": self.code, **({"cursor": cursor} if cursor else {})})

    def tokens(self, page: httpx.Response) -> dict[str, str]:
        """The CSRF token of each form on a page, by where the form goes."""
        soup = BeautifulSoup(page.text, "html.parser")
        return {
            str(form["action"]): str(field["value"])
            for form in soup.find_all("form")
            for field in form.find_all("input", attrs={"name": "form_token"})
        }

    async def tick(self, ref: str, *, untick: bool = False, **changed: str) -> httpx.Response:
        """Press the button beside an item."""
        token = self.tokens(await self.open()).get("/guest/tick", "")
        action = "untick" if untick else "tick"
        sent = {"code": self.code, "form_token": token, action: ref, **changed}
        return await self.http.post("/guest/tick", data=sent)

    async def make_key(self) -> httpx.Response:
        """Press the button for a key."""
        token = self.tokens(await self.open()).get("/guest/key", "")
        return await self.http.post("/guest/key", data={"code": self.code, "form_token": token})

    async def client(self, era: Era = MODERN, path: str = DOOR) -> McpClient:
        """An assistant of the guest, with a new key."""
        return McpClient(self.http, key_on(await self.make_key()), era, path)


def key_on(page: httpx.Response) -> str:
    """The key that a page shows."""
    shown = BeautifulSoup(page.text, "html.parser").select_one("section.done pre.address")
    assert shown is not None, page.text
    return shown.get_text()


async def links(engine: Engine, of: Connected, now: datetime | None = None) -> list[GuestLink]:
    """The live links of a household."""
    async with transaction(engine) as connection:
        return await guest_repository.links_of(connection, of.household_id, now or system_clock())


async def link_that_ends(engine: Engine, of: Connected, list_id: UUID, left: timedelta) -> str:
    """The code of a link with so much time left."""
    now = system_clock() - timedelta(hours=1) + left
    async with transaction(engine) as connection:
        made = await guests.make_link(
            connection, of.household_id, list_id, "Grandma", "tick", now, by=of.person.id, hours=1
        )
    return made.code
