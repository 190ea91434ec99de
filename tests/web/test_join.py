"""An invitation, from its link to the shared list."""

from urllib.parse import urlencode, urljoin
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.households.invitations import NewInvitation, invite
from app.households.models import InvitedRole
from app.households.repository import members_of
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.tokens import Attempt, code_of, redeem, register

pytestmark = pytest.mark.anyio


async def invitation_of(engine: Engine, ada: Connected, role: InvitedRole = "editor") -> NewInvitation:
    """An invitation to Ada's household for one person."""
    async with transaction(engine) as connection:
        now = system_clock()
        return await invite(connection, ada.household_id, role, now, by=ada.person.id, hours=24, uses=1)


async def roles(engine: Engine, household_id: UUID) -> dict[str, str]:
    async with transaction(engine) as connection:
        return {each.name: each.role for each in await members_of(connection, household_id)}


@pytest.mark.proves("""tn-invited MUST own rule
    Nobody comes into a household without an invitation of one of its owners.
    Here: A code of 80 random bits, stored as a hash, that ends with its uses, its hours, and its owner's ownership.""")
async def test_an_invited_person_creates_an_account_joins_and_sees_the_list(
    http: httpx.AsyncClient, engine: Engine, settings: Settings, ada: Connected, app: Starlette
) -> None:
    await McpClient(http, ada.token).call("add_items", items=["oat milk"])
    code = (await invitation_of(engine, ada)).code
    browser = Browser(http)
    page = await browser.open(f"/join?code={code}")
    assert page.title == "Join Ada's household?"
    assert "Ada invites you to change" in page.text
    assert not page.has_form("/join")
    page = await browser.open(urljoin(str(page.response.url), page.link("/account/sign-up")))
    page = await browser.submit(page, "/account/sign-up", email="bob@example.org", password=PASSWORD, name="Bob")
    assert page.title == "Join Ada's household?"
    assert "of this household. You are signed in as Bob" in page.soup.get_text()
    page = await browser.submit(page, "/join")
    assert "You are a member now" in page.text
    (button,) = page.soup.select("main a.button")
    lists = await browser.open(str(button["href"]))
    assert "Ada's household" in lists.text
    assert await roles(engine, ada.household_id) == {"Ada": "owner", "Bob": "editor"}

    attempt = Attempt((await register(http, settings.public_url))["client_id"], settings.public_url)
    consent = await browser.open(attempt.url())
    assert consent.fields("/oauth/consent")["default_household"] == [str(ada.household_id)], "where others shop too"
    location = await browser.approve(consent)
    tokens = (await redeem(http, attempt, code_of(location))).json()
    seen = await McpClient(http, tokens["access_token"]).call("list_items")
    assert [item["name"] for item in seen["items"]] == ["oat milk"]


async def test_somebody_with_an_account_signs_in_and_joins(
    http: httpx.AsyncClient, engine: Engine, ada: Connected
) -> None:
    browser = Browser(http)
    page = await browser.open("/account/sign-up")
    await browser.submit(page, "/account/sign-up", email="carl@example.org", password=PASSWORD, name="Carl")
    await browser.submit(await browser.open("/account"), "/account/sign-out")
    page = await browser.open(f"/join?code={(await invitation_of(engine, ada, 'viewer')).code}")
    assert "look at" in page.text
    page = await browser.open(urljoin(str(page.response.url), page.link("/account/sign-in")))
    page = await browser.submit(page, "/account/sign-in", email="carl@example.org", password=PASSWORD)
    assert "You are a member already" not in page.text
    await browser.submit(page, "/join")
    assert (await roles(engine, ada.household_id))["Carl"] == "viewer"


async def test_a_code_that_was_typed_leads_back_to_its_invitation(
    http: httpx.AsyncClient, engine: Engine, ada: Connected
) -> None:
    code = (await invitation_of(engine, ada)).code
    browser = Browser(http)
    page = await browser.open(f"/join?{urlencode({'code': ' ' + code.lower().replace('-', ' ')})}")
    page = await browser.open(urljoin(str(page.response.url), page.link("/account/sign-up")))
    page = await browser.submit(page, "/account/sign-up", email="finn@example.org", password=PASSWORD, name="Finn")
    assert page.title == "Join Ada's household?"
    await browser.submit(page, "/join")
    assert "Finn" in await roles(engine, ada.household_id)


async def test_opening_an_invitation_does_not_use_it_and_a_code_works_once(
    http: httpx.AsyncClient, engine: Engine, ada: Connected, factory: Factory
) -> None:
    code = (await invitation_of(engine, ada)).code
    browser = Browser(http)
    page = await browser.open("/account/sign-up")
    await browser.submit(page, "/account/sign-up", email="dora@example.org", password=PASSWORD, name="Dora")
    for _ in range(3):
        page = await browser.open(f"/join?code={code.lower()}")
        assert page.has_form("/join")
    await browser.submit(page, "/join")
    again = await browser.submit(page, "/join")
    assert again.title == "Join a household"
    assert "used up" in again.text
    assert await roles(engine, ada.household_id) == {"Ada": "owner", "Dora": "editor"}


@pytest.mark.parametrize("code", ["", "NOPE", "0000-0000-0000-0000", "<script>", "%00", "%ff" * 300])
async def test_a_wrong_code_is_told_and_can_be_typed_again(http: httpx.AsyncClient, code: str) -> None:
    page = await Browser(http).open(f"/join?code={code}")
    assert page.status == (400 if code else 200)
    assert page.title == "Join a household"
    assert (page.soup.find(role="alert") is not None) == bool(code)
    assert "<script>" not in page.response.text


async def test_a_form_of_another_site_joins_nobody(http: httpx.AsyncClient, engine: Engine, ada: Connected) -> None:
    code = (await invitation_of(engine, ada)).code
    browser = Browser(http)
    page = await browser.open("/account/sign-up")
    await browser.submit(page, "/account/sign-up", email="eve@example.org", password=PASSWORD, name="Eve")
    page = await browser.open(f"/join?code={code}")
    for refused in (
        await browser.submit_from("https://evil.example", page, "/join"),
        await browser.submit(page, "/join", form_token="0" * 64),
        await browser.submit(page, "/join", code="0000-0000-0000-0000"),
    ):
        assert "out of date" in refused.text
    assert "Eve" not in await roles(engine, ada.household_id)
