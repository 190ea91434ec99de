"""What people do at the account's pages."""

import httpx

from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import tokens_for

SIGN_IN = "/account/sign-in"
OTHER_PASSWORD = "another horse battery"


async def sign_in(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> Page:
    """Open the account page and sign in to it."""
    browser = Browser(http)
    page = await browser.open("/account")
    return await browser.submit(page, SIGN_IN, email=email, password=password)


async def is_signed_in(http: httpx.AsyncClient) -> bool:
    """Whether this browser sees the account without signing in."""
    return (await http.get("/account")).status_code == 200


async def can_sign_in(server: RunningServer, email: str, password: str) -> bool:
    """Whether a fresh browser gets in."""
    async with server.browser() as other:
        return (await sign_in(other, email, password)).title == "Your account"


async def connect(server: RunningServer, http: httpx.AsyncClient, email: str) -> str:
    """Connect an app as this person, who gets an account if they have none; the app's access token."""
    return (await tokens_for(http, server.url, email))["access_token"]
