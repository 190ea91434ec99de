"""Exporting, bringing back and deleting a household on its page."""

import io
from collections.abc import AsyncGenerator
from urllib.parse import urljoin
from zipfile import ZipFile

import httpx
import pytest
from bs4 import Tag

from app.audit.models import Action
from app.db import Engine
from app.db.embedded import DatabaseUrls
from app.limits.defaults import HOUSEHOLD_ARCHIVES
from app.lists.transfer.archive import LONGEST_ARCHIVE
from app.lists.transfer.repository import TABLES
from app.scopes import ALL_SCOPES
from app.settings import Settings
from tests.db.looking import rows
from tests.mcp.client import McpClient
from tests.mcp.test_tenancy import write_everywhere
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import start
from tests.oauth.tokens import Attempt, code_of, redeem, register
from tests.web.household.test_forms import Visit, form_beside, link_on, visit

__all__ = ["visit"]

pytestmark = pytest.mark.anyio

OWN = "Anna's household"


def form_after(page: Page, heading: str, path: str) -> dict[str, str]:
    """The hidden fields of the first form for `path` behind a heading."""
    found = next(each for each in page.soup.find_all("h2") if heading in each.get_text())
    form = found.find_next("form", action=path)
    assert isinstance(form, Tag), page.text
    return {str(field["name"]): str(field["value"]) for field in form.find_all("input", type="hidden")}


async def exported(browser: Browser, household: str = OWN) -> httpx.Response:
    page = await browser.open("/household")
    return await browser.http.post("/household/export", data=form_after(page, household, "/household/export"))


async def brought_back(browser: Browser, archive: bytes, **changed: str) -> Page:
    page = await browser.open("/household")
    fields = {name: values[0] for name, values in page.fields("/household/import").items() if name != "archive"}
    url = urljoin(str(page.response.url), "/household/import")
    response = await browser.http.post(
        url, data={**fields, **changed}, files={"archive": ("home.zip", archive, "application/zip")}
    )
    if response.is_redirect:
        return await browser.open(response.headers["location"])
    return Page(response, page.soup.__class__(response.text, "html.parser"))


async def deleted(browser: Browser, name: str, household: str = OWN) -> Page:
    page = await browser.open("/household")
    fields = form_after(page, household, "/household/delete")
    return await browser.submit(page, "/household/delete", **fields, name=name)


@pytest.fixture
async def connected(visit: Visit, settings: Settings) -> AsyncGenerator[tuple[Browser, McpClient]]:
    """Anna, whose app has left something everywhere in her household."""
    async with visit("Anna") as anna:
        attempt = Attempt((await register(anna.http, settings.public_url))["client_id"], settings.public_url)
        asked = attempt.url(scope=" ".join(ALL_SCOPES))
        code = code_of(await anna.approve(await anna.open(asked)))
        client = McpClient(anna.http, (await redeem(anna.http, attempt, code)).json()["access_token"])
        await write_everywhere(client)
        yield anna, client


async def test_a_member_exports_the_household_and_brings_it_back(
    connected: tuple[Browser, McpClient], visit: Visit
) -> None:
    anna, _ = connected
    answer = await exported(anna)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="h')
    assert answer.headers["cache-control"] == "no-store"
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert "tea" in archive.read("items.jsonl").decode()
        assert archive.read("lists/L1.csv").decode().startswith('"name",')
    page = await brought_back(anna, answer.content)
    assert [each.get_text() for each in page.soup.find_all("h2")].count(OWN) == 2
    async with visit("Ben") as ben:
        page = await brought_back(ben, answer.content)
        assert OWN in page.text
        assert "Anna" not in [each.get_text() for each in page.soup.find_all("h3")], "nobody comes with it"


async def test_a_viewer_exports_too_and_a_stranger_does_not(visit: Visit) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        page = await anna.submit(await anna.open("/household"), "/household/invite", role="viewer", hours="24")
        await ben.submit(await ben.open(link_on(page)), "/join")
        shown = await ben.open("/household")
        fields = form_after(shown, OWN, "/household/export")
        assert (await exported(ben)).headers["content-type"] == "application/zip"
        page = await anna.open("/household")
        await anna.submit(page, "/household/remove", **form_beside(page, "/household/remove", "Remove Ben"))
        refused = await ben.http.post("/household/export", data=fields)
        assert refused.status_code == 400
        assert "no longer a member" in refused.text


async def test_a_bad_archive_says_why_and_a_large_one_is_not_read(visit: Visit) -> None:
    async with visit("Anna") as anna:
        page = await brought_back(anna, b"hello")
        assert page.status == 400
        assert "no ZIP archive" in page.text
        page = await anna.open("/household")
        fields = {name: values[0] for name, values in page.fields("/household/import").items() if name != "archive"}
        nothing = await anna.http.post("/household/import", data=fields, files={"archive": ("", b"")})
        assert "Choose the file" in nothing.text
        plain = await anna.http.post("/household/import", data=fields)
        assert plain.status_code == 400
        body = b'--x\r\nContent-Disposition: form-data; name="archive"; filename="a"\r\n\r\n' + bytes(LONGEST_ARCHIVE)
        headers = {"content-type": "multipart/form-data; boundary=x"}
        large = await anna.http.post("/household/import", content=body + bytes(100_000), headers=headers)
        assert large.status_code == 413
        cut = await anna.http.post("/household/import", content=body[:5_000], headers=headers)
        assert cut.status_code == 400
        lone = await anna.http.post("/household/import", content=b"", headers={"content-type": "multipart/form-data"})
        assert lone.status_code == 400
        assert (await brought_back(anna, b"hello", form_token="0" * 64)).status == 400


async def test_exports_and_imports_are_limited(settings: Settings, engine: Engine) -> None:
    server = await start(settings, engine, rates={HOUSEHOLD_ARCHIVES: 1})
    async with server.browser() as http:
        browser = Browser(http)
        page = await browser.open("/account/sign-up")
        await browser.submit(page, "/account/sign-up", email="anna@example.org", password=PASSWORD, name="Anna")
        assert (await exported(browser)).status_code == 200
        assert (await exported(browser)).status_code == 429


async def test_an_owner_deletes_the_household_and_everything_of_it(
    connected: tuple[Browser, McpClient], visit: Visit, database: DatabaseUrls
) -> None:
    anna, client = connected
    page = await anna.submit(await anna.open("/household"), "/household/invite", role="editor", hours="24")
    link = link_on(page)
    (household,) = await rows(database.superuser, "SELECT id FROM households WHERE name LIKE 'Anna%'")
    gone = household["id"]
    refused = await deleted(anna, "another name")
    assert refused.status == 400
    assert "Type the name" in refused.text
    assert (await client.call("get_overview"))["household"]["name"] == OWN
    page = await deleted(anna, OWN.upper())
    assert "You are in no household" in page.text
    async with visit("Ben") as ben:
        assert "used up, has ended" in (await ben.open(link)).text
    assert (await client.send("tools/list")).status_code == 401
    for table in (*TABLES, "memberships", "invitations", "guest_links", "grant_households"):
        assert await rows(database.superuser, f"SELECT FROM {table} WHERE household_id = '{gone}'") == [], table
    assert await rows(database.superuser, f"SELECT FROM households WHERE id = '{gone}'") == []
    recorded = "SELECT action FROM audit_events WHERE household_id = '{}' ORDER BY at"
    found = await rows(database.superuser, recorded.format(gone))
    actions = [each["action"] for each in found]
    assert actions[-1] == Action.HOUSEHOLD_DELETED
    assert Action.INVITATION_MADE in actions


async def test_only_an_owner_deletes_and_a_form_of_before_deletes_nothing_twice(visit: Visit) -> None:
    async with visit("Anna") as anna, visit("Ben") as ben:
        page = await anna.submit(await anna.open("/household"), "/household/invite", role="editor", hours="24")
        await ben.submit(await ben.open(link_on(page)), "/join")
        page = await anna.open("/household")
        page = await anna.submit(page, "/household/role", **form_beside(page, "/household/role", "Ben"), role="owner")
        before = await ben.open("/household")
        fields = form_after(before, OWN, "/household/delete")
        page = await anna.open("/household")
        await anna.submit(page, "/household/role", **form_beside(page, "/household/role", "Ben"), role="viewer")
        refused = await ben.submit(before, "/household/delete", **fields, name=OWN)
        assert "Only an owner" in refused.text
        assert "You are in no household" in (await deleted(anna, OWN)).text
        again = await ben.submit(before, "/household/delete", **fields, name=OWN)
        assert again.status == 400
        assert "it was deleted" in again.text


async def test_an_app_with_another_household_keeps_that_one(visit: Visit, settings: Settings) -> None:
    async with visit("Anna") as anna:
        await anna.submit(await anna.open("/household"), "/household/new", name="Cabin")
        attempt = Attempt((await register(anna.http, settings.public_url))["client_id"], settings.public_url)
        page = await anna.open(attempt.url())
        both = [str(box["value"]) for box in page.soup.find_all("input", attrs={"name": "household"})]
        code = code_of(await anna.approve(page, household=both))
        client = McpClient(anna.http, (await redeem(anna.http, attempt, code)).json()["access_token"])
        overview = await client.call("get_overview")
        (other,) = overview["other_households"]
        await deleted(anna, other["name"], other["name"])
        left = await client.call("get_overview")
        assert left["household"] == overview["household"]
        assert "other_households" not in left
