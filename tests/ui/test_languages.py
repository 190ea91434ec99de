"""The language of a page: the browser's, or the one that was chosen in it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
from bs4 import BeautifulSoup
from starlette.requests import Request

from app.settings import Settings
from app.ui.dates import date_element, time_element
from app.ui.languages import gettext, language_of, visiting

pytestmark = pytest.mark.anyio


def request(accept_language: str = "", cookie: str = "") -> Request:
    headers = {"accept-language": accept_language, "cookie": cookie}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value]
    return Request({"type": "http", "path": "/", "headers": encoded})


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9", "de"),
        ("DE-at", "de"),
        ("fr-CH, fr;q=0.9, de;q=0.7, en;q=0.8", "en"),
        ("en;q=0.5, de;q=0.6", "de"),
        ("en;q=0.5,de;q=0", "en"),
        ("de;q=0", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("x" * 5_000 + ",de", "en"),
        (";;q=,,de;q=9;q=é", "de"),
    ],
)
def test_the_language_is_the_first_that_the_browser_accepts_and_we_have(accepted: str, language: str) -> None:
    assert language_of(request(accepted)) == language


@pytest.mark.parametrize(("cookie", "language"), [("language=de", "de"), ("language=en", "en"), ("language=xx", "en")])
def test_what_was_chosen_in_the_browser_comes_first(cookie: str, language: str) -> None:
    assert language_of(request("en" if language == "de" else "xx", cookie)) == language


def test_the_language_belongs_to_the_request_alone() -> None:
    with visiting(request("de")):
        assert gettext("Household") == "Haushalt"
        with visiting(request("en")):
            assert gettext("Household") == "Household"
        assert gettext("Household") == "Haushalt"
    assert gettext("Household") == "Household"


def test_dates_are_in_the_language_and_the_time_zone() -> None:
    moment, zone = datetime(2026, 11, 29, 23, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    assert ">Nov 29, 2026, 11:30\u202fPM<" in time_element(moment)
    with visiting(request("de")):
        assert date_element(moment, zone) == '<time datetime="2026-11-29T23:30:00+00:00">30.11.2026</time>'
        assert ">30.11.2026, 00:30 CET<" in time_element(moment, zone, zone_named=True)
        assert date_element(moment.date()) == '<time datetime="2026-11-29">29.11.2026</time>'


async def test_a_page_names_its_language_and_offers_the_others(http: httpx.AsyncClient) -> None:
    page = BeautifulSoup((await http.get("/", headers={"Accept-Language": "de"})).text, "html.parser")
    assert page.html is not None
    assert page.html["lang"] == "de"
    buttons = {str(each["value"]): each.get("aria-current") for each in page.select("footer button")}
    assert buttons == {"en": None, "de": "true"}


async def test_choosing_a_language_needs_no_script_and_leads_back(http: httpx.AsyncClient, settings: Settings) -> None:
    here = f"{settings.public_url}/account/sign-in?next=/household"
    headers = {"Referer": here, "Origin": settings.public_origin}
    chosen = await http.post("/language", data={"language": "de"}, headers=headers)
    assert (chosen.status_code, chosen.headers["location"]) == (303, here)
    assert "HttpOnly" in chosen.headers["set-cookie"]
    assert '<html lang="de">' in (await http.get("/account/sign-in")).text
    assert '<html lang="de">' in (await http.get("/nowhere", headers={"Accept": "text/html"})).text


@pytest.mark.parametrize("referer", ["https://evil.example/", "http://localhost:8000.evil.example/x", ""])
async def test_choosing_a_language_leads_to_no_other_site(
    http: httpx.AsyncClient, settings: Settings, referer: str
) -> None:
    chosen = await http.post("/language", data={"language": "de"}, headers={"Referer": referer} if referer else {})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    ("language", "origin"), [("xx", None), ("", None), ("de", "https://evil.example"), ("de", "null")]
)
async def test_other_sites_choose_no_language_and_only_ours_exist(
    http: httpx.AsyncClient, language: str, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    refused = await http.post("/language", data={"language": language}, headers=headers)
    assert refused.status_code == 400
    assert "set-cookie" not in refused.headers
