"""The page of who has access: connected apps, and ending them."""

from datetime import date, timedelta

import httpx
import pytest
from babel.dates import format_date
from sqlalchemy import update

from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.oauth.credentials.api_keys import IssuedKey, NewKey, create_api_key
from app.oauth.credentials.repository import note_key_use
from app.oauth.tables import grants
from app.settings import Settings
from tests.db.looking import change
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, code_of, refresh, register, tokens_for
from tests.web.account.pages import connect, sign_in

pytestmark = pytest.mark.anyio


async def test_the_page_shows_what_a_person_has_connected(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    page = await Browser(http).open("/access")
    today = server.clock().date()
    for shown in ("A test client", "localhost:49152", "change the lists", "household"):
        assert shown in page.text
    assert f"Connected {format_date(today, locale='en')}" in page.text
    assert f"Last used {format_date(today, locale='en')} , from 127.0.0.1" in page.text
    assert f"Ends {format_date(today + timedelta(days=30), locale='en')}" in page.text


async def test_an_api_key_is_shown_as_one_with_its_last_use(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    household = (await Browser(http).open("/access")).soup.select("section.connected dd")[1].get_text()
    keys: list[IssuedKey] = []
    for name in ("Display", "API key"):
        new_key = NewKey(email, household, name=name)
        async with transaction(server.engine) as connection:
            keys.append(await create_api_key(connection, server.settings.resource, new_key, server.clock()))
    async with transaction(server.engine) as connection:
        await note_key_use(connection, hash_of(keys[0].secret), date(2026, 11, 1), "2001:db8::/64")
    page = await Browser(http).open("/access")
    _, *shown = [" ".join(each.get_text(" ").split()) for each in page.soup.select("section.connected")]
    assert shown[0].startswith(f"API key {keys[1].id} May")
    assert "Last used not on record" in shown[0]
    assert shown[1].startswith(f"Display API key {keys[0].id} May")
    assert "Last used Nov 1, 2026 , from 2001:db8::/64" in shown[1]


async def test_nobody_sees_the_apps_of_others(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    async with server.browser() as other:
        await connect(server, other, f"other.{email}")
        page = await Browser(other).open("/access")
    assert len(page.soup.select("section.connected")) == 1


async def test_apps_that_have_ended_are_not_shown(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await connect(server, http, email)
    server.clock.move(days=30)
    page = await sign_in(http, email)
    assert page.title == "Your account"
    assert not page.soup.select("section.connected")


async def test_the_name_of_an_app_is_shown_as_plain_text(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    await connect(server, http, email)
    name = {"name": "<script>x</script>", "redirect_host": '"><b>'}
    await change(database.owner, update(grants).values(client=name))
    page = await Browser(http).open("/access")
    assert "<script>x" not in page.response.text
    assert '"><b>' not in page.response.text


@pytest.mark.proves("""as-revoke-by-person SHOULD OAuth 2.1 §7.9 (consent phishing); RFC 9700 §4.14.2
    A person can see and end what they approved.
    Here: The page of access, for people of a provider too, lists connected apps, each with a button that ends its grant
    at once.""")
async def test_disconnecting_ends_the_grant_at_once_and_no_other(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email)
    kept = await connect(server, http, email)
    browser = Browser(http)
    page = await browser.open("/access")
    forms = page.soup.select("form[action$='/access/end']")
    assert len(forms) == 2
    data = {str(each["name"]): str(each["value"]) for each in forms[-1].select("input")}  # the newest is the first
    assert (await http.post("/access/end", data=data)).headers["location"] == "/access?done=end"
    assert await server.grant_of(tokens["access_token"]) is None
    assert await server.grant_of(kept) is not None
    assert [str(each) for each in server.revoked] == [data["grant"]]
    assert (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).status_code == 400
    again = await http.post("/access/end", data=data)
    assert again.status_code == 400
    assert len(server.revoked) == 1


async def test_nobody_disconnects_the_apps_of_others(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    async with server.browser() as other:
        await connect(server, other, f"other.{email}")
        theirs = (await Browser(http).open("/access")).fields("/access/end")
        mine = (await Browser(other).open("/access")).fields("/access/end")
        for data in (theirs, {**mine, "grant": theirs["grant"]}, {**theirs, "form_token": mine["form_token"]}):
            assert (await other.post("/access/end", data=data)).status_code == 400
    assert await server.grant_of(token) is not None


async def test_connections_of_one_app_stand_together_and_end_one_by_one(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    for _ in range(2):
        await connect(server, http, email)
    page = await Browser(http).open("/access")
    (group,) = page.soup.select("section.connected")
    assert len(group.select("form[action$='/access/end']")) == 2
    page = await Browser(http).submit(page, "/access/end")
    assert "Its access has ended." in page.text
    (group,) = page.soup.select("section.connected")
    assert len(group.select("form[action$='/access/end']")) == 1


async def test_an_app_that_was_ended_because_its_token_came_twice_is_named_for_a_month(
    settings: Settings, engine: Engine, email: str
) -> None:
    server = await start(settings.model_copy(update={"refresh_reuse": "revoke"}), engine)
    async with server.browser() as http, server.browser() as stranger:
        tokens = await tokens_for(http, server.url, email)
        for _ in range(2):
            server.clock.move(minutes=10)
            await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])
        assert await server.grant_of(tokens["access_token"]) is None
        page = await Browser(http).open("/access")
        assert "A test client was disconnected on" in page.text
        assert page.soup.select("section.connected") == []
        await connect(server, stranger, f"other.{email}")
        assert "was disconnected" not in (await Browser(stranger).open("/access")).text
        server.clock.move(days=31)
        assert "was disconnected" not in (await sign_in(http, email)).text
        assert "was disconnected" not in (await Browser(http).open("/access")).text


async def test_where_an_app_is_used_from_follows_its_refreshes(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email)
    elsewhere = httpx.ASGITransport(app=server.app, client=("2001:db8:1:2:3::4", 5))
    async with httpx.AsyncClient(transport=elsewhere, base_url=server.settings.public_origin) as client:
        refreshed = await refresh(client, server.url, tokens["client_id"], tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert "from 2001:db8:1:2::/64" in (await Browser(http).open("/access")).text


async def test_an_old_copy_of_a_token_is_told_with_time_and_network_until_the_app_is_connected_again(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email)
    newest = tokens["refresh_token"]
    for _ in range(2):
        newest = (await refresh(http, server.url, tokens["client_id"], newest)).json()["refresh_token"]
    assert "An old copy" not in (await Browser(http).open("/access")).text
    elsewhere = httpx.ASGITransport(app=server.app, client=("2001:db8:1:2:3::4", 5))
    async with httpx.AsyncClient(transport=elsewhere, base_url=server.settings.public_origin) as client:
        assert (await refresh(client, server.url, tokens["client_id"], tokens["refresh_token"])).status_code == 400
    assert "from 2001:db8:1:2::/64. Apps that keep several copies" in (await Browser(http).open("/access")).text
    assert await Browser(http).approve(await Browser(http).open(Attempt(tokens["client_id"], server.url).url()))
    page = await Browser(http).open("/access")
    assert "An old copy" not in page.text
    assert len(page.soup.select(".connection")) == 1


async def test_an_app_that_may_look_is_let_change_the_lists_and_its_next_refresh_has_it(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email, scope="lists:read")
    page = await Browser(http).open("/access")
    page = await Browser(http).submit(page, "/access/widen")
    assert "It may do that from now on." in page.text
    assert "change the lists" in page.soup.select_one(".connection dd").get_text()  # pyright: ignore[reportOptionalMemberAccess]
    answer = (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).json()
    assert answer["scope"] == "lists:read lists:write"
    page = await Browser(http).submit(page, "/access/widen")
    assert "manage the household" in page.soup.select_one(".connection dd").get_text()  # pyright: ignore[reportOptionalMemberAccess]
    assert page.soup.select("form[action$='/access/widen']") == []


async def test_nobody_lets_the_apps_of_others_do_more_or_one_do_more_than_its_endpoint(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email, scope="lists:read")
    theirs = (await Browser(http).open("/access")).fields("/access/widen")
    async with server.browser() as other:
        await tokens_for(other, server.url, f"other.{email}", scope="lists:read")
        mine = (await Browser(other).open("/access")).fields("/access/widen")
        more = {**mine, "what": [mine["what"][0].replace("lists:write", "household:manage")]}
        for data in (theirs, {**mine, "what": theirs["what"]}, {**theirs, "form_token": mine["form_token"]}, more):
            assert (await other.post("/access/widen", data=data)).status_code == 400
        resource = f"{server.url}/mcp/readonly"
        registered = await register(other, server.url)
        page = await Browser(other).open(Attempt(registered["client_id"], server.url).url(resource=resource))
        assert code_of(await Browser(other).approve(page))
        assert len((await Browser(other).open("/access")).soup.select("form[action$='/access/widen']")) == 1
    answer = (await refresh(http, server.url, tokens["client_id"], tokens["refresh_token"])).json()
    assert answer["scope"] == "lists:read"


async def test_a_wider_approval_replaces_the_narrower_one_of_the_same_app_and_household(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email, scope="lists:read")
    other = await register(http, server.url)
    for client_id in (other["client_id"], tokens["client_id"]):
        page = await Browser(http).open(Attempt(client_id, server.url).url(scope="lists:read lists:write"))
        assert code_of(await Browser(http).approve(page))
        is_other = client_id == other["client_id"]
        assert (await server.grant_of(tokens["access_token"]) is not None) == is_other
    assert len(server.revoked) == 1


@pytest.mark.parametrize("form", ["end", "session", "key"])
async def test_opening_the_address_of_a_form_leads_to_the_page(http: httpx.AsyncClient, form: str) -> None:
    response = await http.get(f"/access/{form}")
    assert (response.status_code, response.headers["location"]) == (303, "/access")


async def test_without_a_sign_in_there_is_nothing_to_see(http: httpx.AsyncClient) -> None:
    response = await http.get("/access")
    assert (response.status_code, response.headers["location"]) == (303, "/account/sign-in?next=/access")
