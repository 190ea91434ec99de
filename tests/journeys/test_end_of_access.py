"""Ending access by a button on /access where several workers serve: the next call is refused, whoever answers it."""

import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.journeys.product import Product, processes_of
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser, Page
from tests.oauth.tokens import tokens_for
from tests.service import Service

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECONDS: Final = 60


@pytest.fixture
def product(tmp_path: Path) -> Generator[Product]:
    """The service with two workers."""
    with Product(tmp_path / "data", environment={"WORKERS": "2"}) as product:
        yield product


def workers_of(service: Service, port: int) -> list[psutil.Process]:
    """The processes that accept connections, but for their parent, which only holds the socket."""
    parent = service.process.pid
    listening = [
        each
        for each in processes_of(service)
        if each.pid != parent and any(of.laddr.port == port for of in each.net_connections("tcp") if of.laddr)
    ]
    assert len(listening) == 2
    return listening


@asynccontextmanager
async def connected_to(
    worker: psutil.Process, others: list[psutil.Process], url: str
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client whose one connection leads to a worker: no other one can accept it while it is stopped."""
    limits = httpx.Limits(max_connections=1, keepalive_expiry=None)
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS, limits=limits) as http:
        for each in others:
            each.send_signal(signal.SIGSTOP)
        try:
            await http.get("/healthz")
        finally:
            for each in others:
                each.send_signal(signal.SIGCONT)
        yield http


async def status_of_call(http: httpx.AsyncClient, token: str) -> int:
    """What a call with a token is answered with."""
    return (await McpClient(http, token).send("tools/call", {"name": "list_items", "arguments": {}})).status_code


async def make_key(browser: Browser) -> str:
    """Make an API key on the page."""
    page = await browser.open("/access")
    fields = {"name": uuid4().hex, "household": str(page.soup.select("select[name=household] option")[0]["value"])}
    page = await browser.submit(page, "/access/key", **fields)
    return page.soup.select(".done pre code")[0].get_text()


async def press_every_button(browser: Browser, page: Page) -> None:
    """End everything on the page, one after the other, until the page says so."""
    for form in page.soup.select("form[action$='/access/end']"):
        data = {str(each["name"]): str(each["value"]) for each in form.select("input")}
        answer = await browser.http.post("/access/end", data=data)
        assert "Its next call is refused." in (await browser.open(answer.headers["location"])).text


@pytest.mark.proves("as-revoke-by-person")
async def test_after_the_button_the_next_call_is_refused_by_every_worker(product: Product) -> None:
    service = product.start()
    one, two = workers_of(service, product.port)
    async with (
        httpx.AsyncClient(base_url=product.url, timeout=SECONDS) as http,
        connected_to(one, [two], product.url) as at_one,
        connected_to(two, [one], product.url) as at_two,
    ):
        browser = Browser(http)
        token = (await tokens_for(http, product.url, f"{uuid4().hex}@example.org"))["access_token"]
        key = await make_key(browser)
        page = await browser.open("/access")
        for _ in range(2):  # the second time from the memory of each worker
            for at in (at_one, at_two):
                for each in (token, key):
                    assert await status_of_call(at, each) == 200
        await press_every_button(browser, page)
        for at in (at_one, at_two):
            for each in (token, key):
                assert await status_of_call(at, each) == 401
    assert service.stop() == 0
