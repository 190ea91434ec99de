"""API keys that people make for themselves."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.limits.defaults import ACCESS_FORMS
from app.oauth.credentials.repository import find_key_grant
from app.oauth.grants.models import Grant
from app.oauth.grants.repository import find_live_grant
from app.scopes import ALL_SCOPES, LISTS_READ
from app.settings import Settings
from tests.audit.looking import stored
from tests.oauth.browser import Browser, Page
from tests.oauth.conftest import Mailing, RunningServer, start
from tests.web.account.pages import connect, sign_in
from tests.web.account.test_reset import make_account

pytestmark = pytest.mark.anyio


async def grant_of(server: RunningServer, key: str) -> Grant | None:
    """The live grant of a key."""
    async with transaction(server.engine) as connection:
        grant_id = await find_key_grant(connection, hash_of(key))
        assert grant_id is not None
        return await find_live_grant(connection, grant_id, server.clock())


async def make(http: httpx.AsyncClient, page: Page | None = None, **fields: Any) -> Page:
    """Fill in the form and send it."""
    page = page or await Browser(http).open("/access")
    (household,) = [str(each["value"]) for each in page.soup.select("select[name=household] option")]
    values = {"name": "Display", "household": household, **fields}
    return await Browser(http).submit(page, "/access/key", **values)


def secrets_on(page: Page) -> list[str]:
    """The keys that a page shows."""
    return [each.get_text() for each in page.soup.select("pre code") if each.get_text().startswith("slk_")]


async def test_a_key_is_shown_once_and_works_as_its_person_chose(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await make(http, level="look", days="7")
    (key,) = secrets_on(page)
    grant = await grant_of(server, key)
    assert grant is not None
    assert grant.expires_at == grant.created_at + timedelta(days=7)
    assert grant.scopes == frozenset({LISTS_READ})
    assert secrets_on(await Browser(http).open("/access")) == []
    entry = next(row for row in await stored(server.engine) if row["action"] == "grant_made")
    assert (entry["person_id"], entry["other_person_id"]) == (grant.person_id, None)
    assert (entry["detail"], entry["address"]) == ("key lists:read", "127.0.0.1")
    page = await Browser(http).open("/access")
    keys = [each for each in page.soup.select("section.connected") if "Display" in each.get_text()]
    data = {str(each["name"]): str(each["value"]) for each in keys[0].select("input")}
    assert (await http.post("/access/end", data=data)).headers["location"] == "/access?done=end"
    assert await grant_of(server, key) is None


async def test_a_form_that_is_sent_twice_makes_one_key(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open("/access")
    assert len(secrets_on(await make(http, page))) == 1
    again = await make(http, page)
    assert (again.status, secrets_on(again)) == (400, [])
    assert "You have a key with this name already." in again.text
    assert len(again.soup.select("section.connected")) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "name is empty"),
        ({"name": "x" * 101}, "100 is the limit"),
        ({"household": "h999"}, "Choose one of your own households."),
        ({"level": "all"}, "Choose what the key may do."),
        ({"level": None}, "Choose what the key may do."),
        ({"days": "8"}, "Choose how long the key is valid."),
        ({"days": "-7"}, "Choose how long the key is valid."),
        ({"days": "٧"}, "Choose how long the key is valid."),
        ({"days": "9" * 5000}, "Choose how long the key is valid."),
    ],
)
async def test_what_the_form_does_not_offer_makes_no_key(
    server: RunningServer, http: httpx.AsyncClient, email: str, fields: dict[str, Any], said: str
) -> None:
    await connect(server, http, email)
    page = await make(http, **fields)
    assert (page.status, secrets_on(page)) == (400, [])
    assert said in page.text
    assert len(page.soup.select("section.connected")) == 1


async def test_a_key_for_the_household_of_others_is_not_made(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    async with server.browser() as other:
        await connect(server, other, f"other.{email}")
        page = await Browser(other).open("/access")
        theirs = str(page.soup.select("select[name=household] option")[0]["value"])
    assert "Choose one of your own households." in (await make(http, household=theirs)).text


async def test_the_name_of_a_key_is_text(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    name = '"><script>x</script>{{ 7 * 7 }}%(name)s'
    for page in (await make(http, name=name), await make(http, name=name), await Browser(http).open("/access")):
        assert "<script>x" not in page.response.text
        assert "{{ 7 * 7 }}%(name)s" in page.response.text


async def test_without_a_confirmed_address_no_key_may_manage(mailing: Mailing, email: str) -> None:
    server = mailing.server
    await make_account(server, email)
    async with server.browser() as http:
        await sign_in(http, email)
        page = await Browser(http).open("/access")
        assert 'value="manage"' not in page.response.text
        assert "Choose what the key may do." in (await make(http, level="manage")).text


async def test_where_no_email_is_sent_a_key_may_manage(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    (key,) = secrets_on(await make(http, level="manage"))
    grant = await grant_of(server, key)
    assert grant is not None
    assert grant.scopes == frozenset(ALL_SCOPES)


async def test_forms_are_counted(settings: Settings, engine: Engine, email: str) -> None:
    server = await start(settings, engine, rates={ACCESS_FORMS: 2})
    async with server.browser() as http:
        await connect(server, http, email)
        statuses = [(await make(http, name=f"Key {number}")).status for number in range(3)]
        assert statuses == [200, 200, 429]
        page = await Browser(http).open("/access")
        refused = [await Browser(http).submit(page, path) for path in ("/access/end", "/access/session")]
        assert [each.status for each in refused] == [429, 429]
