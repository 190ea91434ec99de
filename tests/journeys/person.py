"""A person with a browser: signs up at the first authorization request, and approves what a client asks for."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

from tests.oauth.browser import sign_up_and_approve

SECONDS: Final = 60
CONNECTING_ATTEMPTS: Final = 6


@dataclass
class Person:
    """Someone at one browser, whose cookies last as long as it."""

    email: str
    browser: httpx.AsyncClient
    asked: list[str] = field(default_factory=list[str])
    """The authorization requests that were opened."""

    async def approve(self, authorize_url: str) -> str:
        """Sign up or in where that is asked, and consent; the redirect to the client."""
        self.asked.append(authorize_url)
        return await sign_up_and_approve(self.browser, authorize_url, self.email)

    async def visit(self, authorize_url: str) -> None:
        """The same, and follow the redirect to the client, which may just be starting to listen for it."""
        redirect = await self.approve(authorize_url)
        response = await self.browser.get(redirect)
        assert response.status_code == 200, response.text

    @property
    def scope_asked(self) -> str:
        """The scope of the last authorization request."""
        return parse_qs(urlsplit(self.asked[-1]).query)["scope"][0]


@asynccontextmanager
async def browsing(email: str | None = None) -> AsyncGenerator[Person]:
    """A person at a fresh browser; a new one unless `email` is known already."""
    transport = httpx.AsyncHTTPTransport(retries=CONNECTING_ATTEMPTS)
    async with httpx.AsyncClient(transport=transport, timeout=SECONDS) as browser:
        yield Person(email or f"{uuid4().hex}@example.org", browser)
