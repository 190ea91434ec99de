"""Addresses where nothing is: people get a page that leads on, programs a line."""

import httpx
import pytest
from bs4 import BeautifulSoup

from app.settings import Settings
from app.ui.pages import page_headers

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/static/nothing.css", 404, "Page not found"),
        ("/oauth/token", 405, "Nothing to see here"),
    ],
)
async def test_people_get_a_page_that_leads_to_the_front_page(
    http: httpx.AsyncClient, path: str, status: int, title: str
) -> None:
    response = await http.get(path, headers=BROWSER)
    assert response.status_code == status
    page = BeautifulSoup(response.text, "html.parser")
    assert [each.get_text() for each in page.select("h1")] == [title]
    assert [each["href"] for each in page.select("main a")] == ["/"]
    assert page_headers().items() <= {name.title(): value for name, value in response.headers.items()}.items()
    assert ("Allow" in response.headers) == (status == 405)


async def test_programs_get_one_line_of_text(http: httpx.AsyncClient) -> None:
    for accept in ("application/json", "*/*", "application/json, text/event-stream"):
        response = await http.get("/nowhere", headers={"Accept": accept})
        assert (response.status_code, response.text) == (404, "Not Found")
    response = await http.get("/oauth/token", headers={"Accept": "application/json"})
    assert (response.status_code, response.text) == (405, "Method Not Allowed")
    assert "POST" in response.headers["Allow"]


async def test_a_form_that_is_too_large_gets_the_same(http: httpx.AsyncClient) -> None:
    form = {"form_token": "x" * 64 * 1024}
    response = await http.post("/account/sign-in", data=form, headers=BROWSER)
    assert response.status_code == 413
    assert "Go back and send less." in response.text
    response = await http.post("/account/sign-in", data=form)
    assert (response.status_code, response.text) == (413, "Content Too Large")


async def test_a_request_under_another_host_name_gets_a_link_to_the_right_one(
    http: httpx.AsyncClient, settings: Settings
) -> None:
    response = await http.get("/account", headers={**BROWSER, "Host": "192.168.1.2:8000"})
    assert response.status_code == 421
    page = BeautifulSoup(response.text, "html.parser")
    assert [each["href"] for each in page.select("main a")] == [f"{settings.public_url}/"]


async def test_the_page_does_not_repeat_the_requested_address(http: httpx.AsyncClient) -> None:
    response = await http.get("/%3Cscript%3Ealert(1)%3C/script%3E", headers=BROWSER)
    assert "alert" not in response.text
