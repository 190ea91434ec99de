"""What a page's route does with the errors of its handler."""

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from app.db import Engine
from app.errors import Unavailable
from app.runtime.clock import system_clock
from app.runtime.request_log import RequestLog
from app.ui.cookies import BrowserCookie
from app.ui.forms import CsrfProtection
from app.ui.page_kit import PageKit
from app.ui.pages import Pages
from app.ui.routes import page_route

pytestmark = pytest.mark.anyio

URL = "http://localhost:8000"


async def page_after(error: Exception, engine: Engine) -> httpx.Response:
    async def fails(request: Request) -> Response:
        raise error

    csrf = CsrfProtection(SecretStr("k" * 32), URL)
    kit = PageKit(engine, system_clock, Pages("", "app.web"), csrf, BrowserCookie(URL), "")
    app = RequestLog(Starlette(routes=[page_route(kit, "/page", fails)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as browser:
        return await browser.get("/page", headers={"Accept": "text/html"})


async def test_a_fault_is_a_page_without_its_words_and_is_logged(engine: Engine) -> None:
    with capture_logs() as log:
        response = await page_after(RuntimeError("secret words"), engine)
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "secret words" not in response.text
    assert [entry["event"] for entry in log if entry["log_level"] == "error"] == ["page failed"]


async def test_a_refusal_is_a_page_that_says_when_to_come_back(engine: Engine) -> None:
    response = await page_after(Unavailable("The provider can't be reached.", retry_after=7), engine)
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert "The provider can&#39;t be reached." in response.text
