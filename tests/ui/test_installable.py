"""The manifest and the service worker, which make the pages an app on a phone."""

import re
import struct
from pathlib import Path

import httpx
import pytest

from app.ui.installable import KEPT_FILES
from app.ui.pages import COLOURS
from app.ui.static_files import STATIC_FILES

pytestmark = pytest.mark.anyio

TEMPLATES = Path(__file__).parents[2] / "app/web/templates/lists"
ADDRESS = re.compile(r'"(/static/[^"]+)"')


async def test_the_manifest_names_the_app_in_the_language_of_its_page(http: httpx.AsyncClient) -> None:
    page = (await http.get("/", headers={"Accept-Language": "de"})).text
    linked = re.search(r'<link rel="manifest" href="([^"]+)">', page)
    assert linked is not None
    response = await http.get(linked[1])
    manifest = response.json()
    assert response.headers["content-type"] == "application/manifest+json"
    assert (manifest["name"], manifest["lang"]) == ("Einkaufsliste", "de")
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/lists", "/", "standalone")
    assert [each["url"] for each in manifest["shortcuts"]] == ["/lists", "/activity", "/household"]


@pytest.mark.parametrize("asked", ["", "?language=", "?language=xx", "?language=%00", "?language=en&language=de"])
async def test_another_language_in_its_address_is_that_of_the_browser(http: httpx.AsyncClient, asked: str) -> None:
    manifest = (await http.get(f"/manifest.webmanifest{asked}", headers={"Accept-Language": "de"})).json()
    assert manifest["lang"] == "de"


async def test_its_icons_have_the_sizes_that_it_says(http: httpx.AsyncClient) -> None:
    manifest = (await http.get("/manifest.webmanifest")).json()
    icons = [*manifest["icons"], *(icon for each in manifest["shortcuts"] for icon in each["icons"])]
    assert {(each["sizes"], each["purpose"]) for each in icons} >= {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in icons:
        content = (await http.get(icon["src"])).content
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", content[16:24])  # of the header chunk (PNG specification, 11.2.1)
            assert f"{width}x{height}" == icon["sizes"], icon


async def test_browsers_ask_for_the_worker_again_and_its_parts_are_there(http: httpx.AsyncClient) -> None:
    response = await http.get("/service-worker.js")
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert policy == "default-src 'none'; script-src 'self'; connect-src 'self'"
    addresses = ADDRESS.findall(response.text)
    assert addresses
    for address in addresses:
        assert "immutable" in (await http.get(address)).headers["cache-control"], address


async def test_pages_may_load_the_manifest_and_the_worker(http: httpx.AsyncClient) -> None:
    policy = (await http.get("/")).headers["content-security-policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy


def test_the_colours_of_the_app_are_those_of_the_sheet() -> None:
    css = (STATIC_FILES / "style.css").read_text()
    assert re.findall(r"--page: (#[0-9a-f]{6});", css) == list(COLOURS.values())


def test_the_kept_files_are_the_scripts_and_sheets_of_the_pages_of_lists() -> None:
    templates = TEMPLATES
    used = {name for each in templates.glob("*.html") for name in re.findall(r'static\("([^"]+)"\)', each.read_text())}
    assert used <= set(KEPT_FILES)
